package main

import (
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const source = `package p

var checks = []*Check{one(), two()}

func judge(a, b int, ok bool) (out []Finding) {
	if a == b && !ok {
		out = append(out, Finding{Outcome: Fail})
	}
	switch {
	case a > b:
		return out
	}
	return nil
}
`

// TestRewrite: each condition, bad outcome, list element and added finding is a mutant of its own, and the rest of the
// text stays.
func TestRewrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.go")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &mutator{fset: token.NewFileSet()}
	text, err := m.rewrite(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range m.mutants {
		got = append(got, x.place+" "+x.what)
	}
	for _, want := range []string{"p.go:3 without one()", "p.go:3 without two()", "p.go:6 not (a == b)", "p.go:6 not (ok)", "p.go:7 without out = append(", "p.go:7 Fail becomes OK", "p.go:10 not (a > b)"} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("no mutant %q among %q", want, got)
		}
	}
	if len(got) != 7 {
		t.Errorf("%d mutants, want 7: %q", len(got), got)
	}
	for _, want := range []string{"mutantDrop(", "mutantNot(", "mutantKeep(", "mutantSwap(", "return nil"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the text has no %s:\n%s", want, text)
		}
	}
}
