package main

import (
	"context"
	"encoding/json"
	"fmt"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// score is what came of one package.
type score struct{ killed, tried, all int }

// binary is a compiled test of one package, where it runs, and which of its tests come last because they take long.
type binary struct{ file, dir, slow string }

// try makes the mutants of a package and runs the tests for each.
func try(ctx context.Context, t target, o options, out io.Writer) (score, error) {
	work, err := os.MkdirTemp("", "mutation-")
	if err != nil {
		return score{}, err
	}
	defer os.RemoveAll(work)
	mutants, overlay, err := prepare(t.dir, work)
	if err != nil {
		return score{}, err
	}
	tests, err := compile(ctx, t, work, overlay)
	if err != nil {
		return score{}, err
	}
	start := time.Now()
	for i := range tests {
		if tests[i].slow, err = slow(ctx, tests[i]); err != nil {
			return score{}, err
		}
	}
	patience := 5*time.Second + 10*time.Since(start) // a mutant may loop for ever
	s := score{all: len(mutants)}
	for _, m := range chosen(mutants, o) {
		if ctx.Err() != nil {
			fmt.Fprintf(out, "%s: stopped by -time\n", t.dir)
			break
		}
		killed := noticed(ctx, tests, m.id, patience)
		if ctx.Err() != nil {
			break // it was not the mutant that ended the run
		}
		s.tried++
		if killed {
			s.killed++
		}
		if !killed || o.verbose {
			fmt.Fprintf(out, "%s %s/%s: %s\n", map[bool]string{true: "noticed ", false: "SURVIVES"}[killed], t.dir, m.place, m.what)
		}
	}
	fmt.Fprintf(out, "%s: %d of %d mutants noticed, %.1f %% (%d there are)\n", t.dir, s.killed, s.tried, percent(s.killed, s.tried), s.all)
	return s, nil
}

// prepare writes the package's files anew, elsewhere, and the overlay that puts them in their places.
func prepare(dir, work string) ([]mutant, string, error) {
	whole, err := filepath.Abs(dir)
	if err != nil {
		return nil, "", err
	}
	files, err := filepath.Glob(filepath.Join(whole, "*.go"))
	if err != nil || len(files) == 0 {
		return nil, "", fmt.Errorf("no Go files (%v)", err)
	}
	m := &mutator{fset: token.NewFileSet()}
	replace := map[string]string{}
	put := func(at, name string, text []byte) error {
		replace[at] = filepath.Join(work, name)
		return os.WriteFile(replace[at], text, 0o600)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := m.rewrite(f)
		if err != nil {
			return nil, "", err
		}
		if err := put(f, filepath.Base(f), text); err != nil {
			return nil, "", err
		}
	}
	if err := put(filepath.Join(whole, "mutant_support.go"), "mutant_support.go", fmt.Appendf(nil, support, filepath.Base(whole))); err != nil {
		return nil, "", err
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, "", err
	}
	overlay := filepath.Join(work, "overlay.json")
	return m.mutants, overlay, os.WriteFile(overlay, text, 0o600)
}

func compile(ctx context.Context, t target, work, overlay string) ([]binary, error) {
	var out []binary
	for i, dir := range t.tests {
		file := filepath.Join(work, fmt.Sprintf("%d.test", i))
		cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", file, dir)
		if text, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("compile the tests of %s: %w\n%s", dir, err, text)
		}
		out = append(out, binary{file: file, dir: dir})
	}
	return out, nil
}

var timed = regexp.MustCompile(`(?m)^--- PASS: (\w+) \(([\d.]+)s\)$`)

// slow runs the tests without any mutant, and names those that took more than a twentieth of the time: "A|B", or "".
func slow(ctx context.Context, b binary) (string, error) {
	text, failed := b.run(ctx, 0, 2*time.Minute, "-test.v")
	if failed {
		return "", fmt.Errorf("the tests of %s fail without any mutant: repair them first", b.dir)
	}
	took, all := map[string]float64{}, 0.0
	for _, m := range timed.FindAllStringSubmatch(text, -1) {
		took[m[1]], _ = strconv.ParseFloat(m[2], 64)
		all += took[m[1]]
	}
	maps.DeleteFunc(took, func(_ string, t float64) bool { return t <= all/20 })
	return strings.Join(slices.Sorted(maps.Keys(took)), "|"), nil
}

// noticed runs the tests until one fails, those that take long last.
func noticed(ctx context.Context, tests []binary, id int, patience time.Duration) bool {
	for _, b := range tests {
		which := [][]string{nil}
		if b.slow != "" {
			which = [][]string{{"-test.skip=^(" + b.slow + ")$"}, {"-test.run=^(" + b.slow + ")$"}}
		}
		for _, args := range which {
			if _, failed := b.run(ctx, id, patience, args...); failed {
				return true
			}
		}
	}
	return false
}

// run runs tests with a mutant on; 0 is none.
func (b binary) run(ctx context.Context, id int, patience time.Duration, args ...string) (string, bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.file, append([]string{"-test.failfast", "-test.short"}, args...)...)
	cmd.Dir, cmd.Env = b.dir, append(os.Environ(), fmt.Sprintf("MUTANT=%d", id))
	text, err := cmd.CombinedOutput()
	return string(text), err != nil
}

// chosen picks what to try, evenly spread.
func chosen(all []mutant, o options) []mutant {
	var fit []mutant
	for _, m := range all {
		if o.only.MatchString(m.place) {
			fit = append(fit, m)
		}
	}
	if o.sample <= 0 || o.sample >= len(fit) {
		return fit
	}
	out := make([]mutant, 0, o.sample)
	for i := range o.sample {
		out = append(out, fit[i*len(fit)/o.sample])
	}
	return out
}
