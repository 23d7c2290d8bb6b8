package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiff(t *testing.T) {
	before := "spec:\n  a: 1\n  b: 2\n  c: 3\n  d: 4\n  sni: old\n"
	for name, c := range map[string]struct{ before, after, want string }{
		"changed":          {before, strings.Replace(before, "old", "new\x1b[31m", 1), "    @@ -4,3 +4,3 @@\n       c: 3\n       d: 4\n    -  sni: old\n    +  sni: new\\x1b[31m\n"},
		"new":              {"", "a: 1\n", "    @@ -0,0 +1 @@\n    +a: 1\n"},
		"gone":             {"a: 1\n", "", "    @@ -1 +0,0 @@\n    -a: 1\n"},
		"added at the end": {"a: 1\nb: 2\n", "a: 1\nb: 2\nc: 3\n", "    @@ -1,2 +1,3 @@\n     a: 1\n     b: 2\n    +c: 3\n"},
		"added between":    {"sni: x\nz: 1\n", "sni: x\nsans:\n- x\nz: 1\n", "    @@ -1,2 +1,4 @@\n     sni: x\n    +sans:\n    +- x\n     z: 1\n"},
		"dashes":           {"-- a\n", "++ a\n", "    @@ -1 +1 @@\n    --- a\n    +++ a\n"},
		"same":             {before, before, ""},
	} {
		var b strings.Builder
		if err := Diff(&b, c.before, c.after, Options{}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, b.String()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	var b strings.Builder
	if err := Diff(&b, "a: 1\n", "a: 2\n", Options{Color: true}); err != nil || !strings.Contains(b.String(), "\x1b[32m+a: 2") {
		t.Errorf("no color: %q %v", b.String(), err)
	}
}
