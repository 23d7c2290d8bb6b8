package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is one line of `go test -json` (go doc test2json; build-output comes from go build -json).
type event struct {
	Action, Package, Test, Output string
}

// testName is a test with the package that it is in.
type testName struct{ pkg, test string }

// summary shows the tests' output as it comes and counts. Only leaves count: a test with subtests is the
// sum of them.
type summary struct {
	out            io.Writer
	verbose        bool
	text           map[testName][]string // what each unfinished test has printed
	parents        map[testName]bool
	passed, failed int
	skipped        []string
}

func newSummary(out io.Writer, verbose bool) *summary {
	return &summary{out: out, verbose: verbose, text: map[testName][]string{}, parents: map[testName]bool{}}
}

func (s *summary) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			s.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) line(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil {
		fmt.Fprint(s.out, line) // not JSON: a tool of the go command speaks
		return
	}
	name := testName{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "output":
		if e.Test == "" || s.verbose {
			s.show(e)
		}
		s.text[name] = append(s.text[name], e.Output)
	case "run":
		if i := strings.LastIndex(e.Test, "/"); i > 0 {
			s.parents[testName{e.Package, e.Test[:i]}] = true
		}
	case "pass", "fail", "skip":
		if e.Test != "" {
			s.ended(e, name)
		}
	}
}

// show leaves out the lines that say only that nothing happened.
func (s *summary) show(e event) {
	if e.Test == "" && !s.verbose && (e.Output == "PASS\n" || strings.Contains(e.Output, "[no test files]")) {
		return
	}
	fmt.Fprint(s.out, e.Output)
}

func (s *summary) ended(e event, name testName) {
	text := s.text[name]
	delete(s.text, name)
	if e.Action == "fail" && !s.verbose {
		fmt.Fprint(s.out, strings.Join(text, ""))
	}
	if s.parents[name] && e.Action != "fail" {
		return
	}
	switch e.Action {
	case "pass":
		s.passed++
	case "fail":
		s.failed++
	case "skip":
		s.skipped = append(s.skipped, fmt.Sprintf("%s: %s", e.Test, reason(text)))
	}
}

// reason is what the test said when it was skipped, without go test's own lines.
func reason(text []string) string {
	var said []string
	for _, t := range text {
		t = strings.TrimSpace(t)
		if t != "" && !strings.HasPrefix(t, "===") && !strings.HasPrefix(t, "--- ") {
			said = append(said, t)
		}
	}
	if len(said) == 0 {
		return "it gave no reason"
	}
	return strings.Join(said, " ")
}

func (s *summary) print(label string) {
	for _, line := range s.skipped {
		fmt.Fprintf(s.out, "skipped %s\n", line)
	}
	fmt.Fprintf(s.out, "%s: %d passed, %d failed, %d skipped\n", label, s.passed, s.failed, len(s.skipped))
}
