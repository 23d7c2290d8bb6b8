package report

import (
	"bytes"
	"strings"
	"testing"
)

// TestGitHubLines: a notice of several lines is one command, whose line ends GitHub writes out; those in a name are shown harmless.
func TestGitHubLines(t *testing.T) {
	doc := Report{Targets: []TargetReport{{Pod: "web", Outcome: OK, Context: "a\nb", Missing: []Missing{{Fact: "rules", Why: "not read"}}, NotRun: []NotRun{{ID: "MT014"}}}}}
	var b bytes.Buffer
	if err := printGitHub(&b, doc); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(b.String(), "\n")
	if want := `context a\nb%0Anot seen: rules: not read%0Anot run: MT014`; !strings.HasSuffix(first, want) {
		t.Errorf("%s\nwant it to end in %s", first, want)
	}
}
