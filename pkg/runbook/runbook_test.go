package runbook

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/runbooks from texts")

const docs = "../../docs/runbooks"

func TestEveryPageIsWhole(t *testing.T) {
	id := regexp.MustCompile(`^MT[0-9]{3}$`)
	heading := regexp.MustCompile(`(?m)^## (.*)$`)
	pages := All()
	if len(pages) == 0 {
		t.Fatal("no runbook at all")
	}
	for _, p := range pages {
		if !id.MatchString(p.ID) {
			t.Errorf("%s: a file is named after the id of a finding, MT followed by three digits", p.ID)
		}
		if !strings.HasPrefix(p.Text, "# "+p.ID+": ") || p.Title == "" {
			t.Errorf("%s: the first line must be \"# %s: title\", it is %q", p.ID, p.ID, p.Title)
		}
		var have []string
		for _, m := range heading.FindAllStringSubmatch(p.Text, -1) {
			have = append(have, m[1])
		}
		if !slices.Equal(have, Headings()) {
			t.Errorf("%s has the headings %q, want %q", p.ID, have, Headings())
		}
		for _, h := range Headings() {
			if s, ok := p.Section(h); !ok || len(s) < 40 {
				t.Errorf("%s: %s says nothing: %q", p.ID, h, s)
			}
		}
		if strings.Count(p.Text, "\n```")%2 != 0 {
			t.Errorf("%s: a code block is not closed", p.ID)
		}
		for _, r := range p.Text {
			if r > '~' || r < ' ' && r != '\n' {
				t.Errorf("%s holds %q: plain ASCII is shown by every terminal", p.ID, r)
			}
		}
	}
}

// TestSectionsHoldCommands: what cannot be done by a command is no runbook.
func TestSectionsHoldCommands(t *testing.T) {
	for _, p := range All() {
		confirm, _ := p.Section("How to confirm by hand")
		fix, _ := p.Section("Fix by command")
		for name, s := range map[string]string{"How to confirm by hand": confirm, "Fix by command": fix} {
			if !strings.Contains(s, "```sh\n") {
				t.Errorf("%s: %s has no commands", p.ID, name)
			}
		}
		if !strings.Contains(fix, "\nkubectl mesh-tls ") {
			t.Errorf("%s: no command of this plugin repairs or checks anything", p.ID)
		}
	}
}

// TestLinksNameTheirThread: the label and the address are the same thread.
func TestLinksNameTheirThread(t *testing.T) {
	item := regexp.MustCompile(`^- \[([a-z.]+/[a-z.]+)#([0-9]+)\]\(https://github\.com/([a-z.]+/[a-z.]+)/(?:issues|pull)/([0-9]+)\): \S`)
	for _, p := range All() {
		s, _ := p.Section("Links")
		lines := strings.Split(s, "\n")
		if len(lines) < 2 {
			t.Errorf("%s has %d links, want 2 or more", p.ID, len(lines))
		}
		for _, l := range lines {
			m := item.FindStringSubmatch(l)
			if m == nil || m[1] != m[3] || m[2] != m[4] {
				t.Errorf("%s: %q is no \"- [owner/repo#N](https://github.com/owner/repo/issues/N): what\"", p.ID, l)
			}
		}
	}
}

func TestFind(t *testing.T) {
	for _, id := range []string{"MT003", "mt003", "Mt003"} {
		if p, ok := Find(id); !ok || p.ID != "MT003" {
			t.Errorf("Find(%q) = %q, %v", id, p.ID, ok)
		}
	}
	for _, id := range []string{"", "MT999", "MT3", "MT003.md", "../MT003"} {
		if p, ok := Find(id); ok {
			t.Errorf("Find(%q) = %q, want nothing", id, p.ID)
		}
	}
}

func TestSection(t *testing.T) {
	p := parse("MT900", "# MT900: a title\n\n## Symptom\n\nslow\n\n## Cause\n\nnone\n")
	if p.Title != "a title" {
		t.Errorf("title %q", p.Title)
	}
	for heading, want := range map[string]string{"Symptom": "slow", "Cause": "none"} {
		if got, ok := p.Section(heading); !ok || got != want {
			t.Errorf("section %s is %q, %v", heading, got, ok)
		}
	}
	if got, ok := p.Section("Links"); ok {
		t.Errorf("a section that is not there: %q", got)
	}
}

// TestDocsAreTheSource holds docs/runbooks to the texts; -update writes it.
func TestDocsAreTheSource(t *testing.T) {
	want := map[string]string{"README.md": index()}
	for _, p := range All() {
		want[p.ID+".md"] = document(p)
	}
	if *update {
		for name, text := range want {
			if err := os.WriteFile(filepath.Join(docs, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil || string(got) != text {
			t.Errorf("docs/runbooks/%s is not what texts say (%v): go test ./pkg/runbook -update", name, err)
		}
	}
	files, err := os.ReadDir(docs)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := want[f.Name()]; !ok {
			t.Errorf("docs/runbooks/%s has no source in pkg/runbook/texts", f.Name())
		}
	}
}

func document(p Page) string {
	return fmt.Sprintf("<!-- Made from pkg/runbook/texts/%s.md by go test ./pkg/runbook -update: edit that file. -->\n%s", p.ID, p.Text)
}

func index() string {
	var b strings.Builder
	b.WriteString("<!-- Made by go test ./pkg/runbook -update. -->\n# Runbooks\n\nThe same text as `kubectl mesh-tls explain ID`. By error message: `kubectl mesh-tls explain WRONG_VERSION_NUMBER`.\n\n| id | what it is |\n| --- | --- |\n")
	for _, p := range All() {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s |\n", p.ID, p.ID, p.Title)
	}
	return b.String()
}
