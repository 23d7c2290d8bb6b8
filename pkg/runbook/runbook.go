// Package runbook holds one text for each finding id: symptom, cause, how to
// confirm it by hand, the fix, public threads. The texts are Markdown files in
// the binary, and docs/runbooks is made from them. The package must not judge,
// ask a cluster, or know the checks and the commands: it finds texts and shows
// them.
package runbook

import (
	"embed"
	"path"
	"slices"
	"strings"
)

// texts is every runbook, texts/<id>.md.
//
//go:embed texts/*.md
var texts embed.FS

// Page is one runbook. Text is its Markdown, the title line included.
type Page struct {
	ID    string // "MT003", the id of a finding
	Title string // one line, without the id
	Text  string
}

// Headings returns the headings that every page has, in their order.
func Headings() []string {
	return []string{"Symptom", "Cause", "How to confirm by hand", "Fix by command", "Links"}
}

// All returns every page, sorted by id.
func All() []Page {
	names, err := texts.ReadDir("texts") // sorted by name
	if err != nil {
		return nil // the pattern of go:embed names the folder: it is there
	}
	pages := make([]Page, 0, len(names))
	for _, n := range names {
		data, err := texts.ReadFile("texts/" + n.Name())
		if err != nil {
			continue
		}
		pages = append(pages, parse(strings.TrimSuffix(n.Name(), path.Ext(n.Name())), string(data)))
	}
	return pages
}

// Find returns the page of an id; upper and lower case are the same.
func Find(id string) (Page, bool) {
	pages := All()
	i := slices.IndexFunc(pages, func(p Page) bool { return strings.EqualFold(p.ID, id) })
	if i < 0 {
		return Page{}, false
	}
	return pages[i], true
}

// parse reads the title out of the first line, "# MT003: the title".
func parse(id, text string) Page {
	first, _, _ := strings.Cut(text, "\n")
	return Page{ID: id, Title: strings.TrimPrefix(first, "# "+id+": "), Text: text}
}

// Section returns the Markdown under a heading, without the heading; ok is false
// where the page has no such heading.
func (p Page) Section(heading string) (text string, ok bool) {
	_, rest, ok := strings.Cut(p.Text, "\n## "+heading+"\n")
	if !ok {
		return "", false
	}
	text, _, _ = strings.Cut(rest, "\n## ")
	return strings.TrimSpace(text), true
}
