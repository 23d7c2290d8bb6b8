package runbook

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRender(t *testing.T) {
	p := Page{Text: "# MT900: a title\n\n## Symptom\n\n- one `two` three\n  four\n- **five** [x/y#1](https://example.com/1): six\n\n## Fix\n\nA paragraph of\ntwo lines.\n\n```sh\n# comment\nkubectl mesh-tls verify deploy/a-very-long-name-indeed | grep `x`\n\nb\n```\n"}
	want := `MT900: a title

Symptom

  - one two three four
  - five x/y#1
    (https://example.com/1):
    six

Fix

  A paragraph of two
  lines.

      # comment
      kubectl mesh-tls verify deploy/a-very-long-name-indeed | grep ` + "`x`" + `

      b
`
	if diff := cmp.Diff(want, Render(p, 24)); diff != "" {
		t.Errorf("rendered (-want +got):\n%s", diff)
	}
}

// TestRenderKeepsCommandsWhole on every page and for every width, and leaves no
// sign of Markdown in the text.
func TestRenderKeepsCommandsWhole(t *testing.T) {
	for _, p := range All() {
		for _, width := range []int{-1, 0, 1, 20, 40, 80, 100, 1000} {
			out := Render(p, width)
			limit := width
			if width < 20 || width > 100 {
				limit = 100
			}
			lines := strings.Split(out, "\n")
			for _, l := range lines {
				isCode := strings.HasPrefix(l, "      ")
				if !isCode && len(l) > limit && strings.Contains(strings.TrimLeft(l, " -"), " ") {
					t.Errorf("%s, width %d: %q is too long", p.ID, width, l)
				}
				if !isCode && (strings.Contains(l, "`") || strings.Contains(l, "**") || strings.Contains(l, "](") || strings.HasPrefix(l, "#")) {
					t.Errorf("%s, width %d: Markdown is left in %q", p.ID, width, l)
				}
			}
			for _, c := range codeLines(p.Text) {
				if c != "" && !strings.Contains(out, "\n      "+c+"\n") {
					t.Errorf("%s, width %d: the line %q is not there as it is", p.ID, width, c)
				}
			}
		}
	}
}

func codeLines(text string) []string {
	var out []string
	in := false
	for _, l := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(l, "```"):
			in = !in
		case in:
			out = append(out, l)
		}
	}
	return out
}
