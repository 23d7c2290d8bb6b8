package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/fatih/color"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// diffContext is how many lines around a change are shown.
const diffContext = 2

// Diff prints what a change makes of one text (an object as YAML; "" is none): lines
// that go with "-", lines that come with "+", and a few around them. A text that
// stays as it is prints nothing. What came from outside is made harmless to a
// terminal, and key material is masked.
func Diff(w io.Writer, before, after string, o Options) error {
	before, after = redact.Keys(before), redact.Keys(after)
	edits := udiff.Lines(before, after) // by characters, lines that stay would show as changed
	if len(edits) == 0 {
		return nil
	}
	text, err := udiff.ToUnified("before", "after", before, edits, diffContext)
	if err != nil {
		return fmt.Errorf("compare before and after: %w", err)
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, len(text)+1<<16)
	for header := 2; lines.Scan(); header-- {
		line := safe(lines.Text())
		if header > 0 || strings.HasPrefix(line, `\ No newline`) {
			continue // one object, named above
		}
		if _, err := fmt.Fprintf(w, "    %s\n", paintLine(line, o.Color)); err != nil {
			return err
		}
	}
	return lines.Err()
}

func paintLine(line string, on bool) string {
	if !on || line == "" {
		return line
	}
	of := map[byte]color.Attribute{'+': color.FgGreen, '-': color.FgRed, '@': color.FgCyan}
	attribute, colored := of[line[0]]
	if !colored {
		return line
	}
	c := color.New(attribute)
	c.EnableColor()
	return c.Sprint(line)
}
