package conflict

import (
	"os"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
)

// TestNoFindings: a plan that meets nothing has no finding at all.
func TestNoFindings(t *testing.T) {
	for name, in := range map[string]Input{"origination": origination(), "egress": egress(), "strict": strict(), "gateway": gateway()} {
		for _, f := range Find(All(), in) {
			t.Errorf("%s: %s %s: %s", name, f.Outcome, f.ID, f.Summary)
		}
	}
}

// TestFindings puts one thing into the way at a time, and wants that finding alone.
func TestFindings(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			in := c.from()
			c.meet(&in)
			found := Find(All(), in)
			if c.want == "" {
				if len(found) > 0 {
					t.Errorf("want nothing, got %s", text(found))
				}
				return
			}
			if got := ids(found); got != c.want {
				t.Errorf("want %s, got %s", c.want, text(found))
			}
			for _, f := range found {
				if f.Name == "" || f.Summary == "" || strings.Contains(f.Summary, "%!") {
					t.Errorf("%+v", f)
				}
			}
			if all := text(found); !strings.Contains(all, c.says) {
				t.Errorf("want the words %q in %s", c.says, all)
			}
		})
	}
}

// TestOutcomes: what package cert finds has the same name here.
func TestOutcomes(t *testing.T) {
	for _, o := range []cert.Outcome{cert.Unknown, cert.Warn, cert.Fail} {
		if got := outcomeOf[o]; got.String() != o.String() {
			t.Errorf("%s is told as %s", o, got)
		}
	}
}

// TestEachIsTested keeps a conflict from being there without a case that finds it.
func TestEachIsTested(t *testing.T) {
	wanted := ""
	for _, c := range cases() {
		wanted += c.want + " "
	}
	for _, c := range All() {
		if !strings.Contains(wanted, c.ID) {
			t.Errorf("no case finds %s %s", c.ID, c.Name)
		}
	}
}

// TestDocumented: docs/checks.md lists every conflict with the sentence that it has here.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range All() {
		if row := "| " + c.ID + " | " + c.Name + " | " + c.Doc + " |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/checks.md lacks the row %s", row)
		}
	}
}

func ids(found []check.Finding) string {
	var out []string
	for _, f := range found {
		out = append(out, f.ID+" "+f.Outcome.String())
	}
	return strings.Join(out, ", ")
}

func text(found []check.Finding) string {
	var out []string
	for _, f := range found {
		out = append(out, f.ID+" "+f.Outcome.String()+" "+f.Object+": "+f.Summary+" "+f.Got+" > "+f.Fix)
	}
	return strings.Join(out, "\n")
}
