package legacy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)$`)

// syntax gives an error of the YAML parser its place. The parser tells a line only,
// sometimes one off and sometimes none; the usual damage (a tab, a line that is
// indented like no other) is found again in the text, so that the column is that of
// the culprit.
func syntax(source string, text []byte, err error) error {
	m := yamlLine.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	line, what := 1, err.Error()
	if m != nil {
		what = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	line = min(max(line, 1), len(lines))
	if at, column := tab(lines, line); at > 0 {
		return fmt.Errorf("%s:%d:%d: is no YAML: a tab in the indentation: YAML takes blanks only", source, at, column)
	}
	at, column := misfit(lines, line)
	if at == 0 {
		at, column = culprit(lines, line, what)
	}
	return fmt.Errorf("%s:%d:%d: is no YAML: %s: compare the indentation of this line with those around it", source, at, column, what)
}

// tab finds the tab in the indentation nearest before what the parser complains of.
func tab(lines []string, near int) (line, column int) {
	for at := min(near+1, len(lines)); at >= max(1, near-2); at-- {
		text := lines[at-1]
		indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
		if i := strings.IndexByte(indent, '\t'); i >= 0 && strings.TrimSpace(text) != "" {
			return at, i + 1
		}
	}
	return 0, 0
}

// misfit finds the first line, from the one named on, whose indentation is that of no
// line above that it could belong to.
func misfit(lines []string, from int) (at, column int) {
	var open []int
	for i, text := range lines {
		rest := strings.TrimLeft(text, " ")
		indent := len(text) - len(rest)
		switch {
		case rest == "" || strings.HasPrefix(rest, "#"):
			continue
		case strings.HasPrefix(text, "---"):
			open = nil
			continue
		}
		for len(open) > 0 && open[len(open)-1] > indent {
			open = open[:len(open)-1]
			if (len(open) == 0 || open[len(open)-1] < indent) && i+1 >= from {
				return i + 1, indent + 1
			}
		}
		open = append(open, indent)
		for strings.HasPrefix(rest, "- ") { // what stands behind the dash is deeper
			rest = strings.TrimLeft(rest[2:], " ")
			open = append(open, len(text)-len(rest))
		}
	}
	return 0, 0
}

// culprit is the place in the line named, or in the next one that has text.
func culprit(lines []string, line int, what string) (at, column int) {
	for at = line; at < len(lines) && strings.TrimSpace(lines[at-1]) == ""; {
		at++
	}
	text := lines[at-1]
	indent := len(text) - len(strings.TrimLeft(text, " "))
	if strings.Contains(what, "mapping values are not allowed") {
		for i := strings.LastIndex(text, ": "); i >= 0; {
			return at, i + 1
		}
		if strings.HasSuffix(text, ":") {
			return at, len(text)
		}
	}
	return at, indent + 1
}
