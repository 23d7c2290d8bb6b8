package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// shown are the commands of this plugin in a page: at the start of a line, after a prompt or indented, and in the text.
var shown = regexp.MustCompile("(?m)^ *(?:\\$ )?(kubectl mesh-tls [^`\\n]+?)(?: {2,}#.*)?$|`(kubectl mesh-tls [^`\\n]+)`")

// TestDocsCommandsParse: each command that README and the pages of docs/ show names a command, flags and arguments that
// there are. "..." and "|" between flags stand for more and for a choice: such a line is no command to copy.
func TestDocsCommandsParse(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("pages %v: %v", pages, err)
	}
	n := 0
	for _, page := range append(pages, "../../README.md") {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := regexp.MustCompile(`\\\n *`).ReplaceAllString(string(data), "")
		for _, m := range shown.FindAllStringSubmatch(text, -1) {
			line := m[1] + m[2]
			if strings.Contains(line, "...") || strings.Contains(line, " | ") || strings.Contains(line, "[") {
				continue
			}
			n++
			words := shellWords(line)
			if err := parses(words[2:]); err != nil {
				t.Errorf("%s: %s\n%v", page, line, err)
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d commands were found: is the search for them right?", n)
	}
}
