package runbook

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// lineWidth is how wide text is where the terminal is wider or not known: longer
// lines are hard to read.
const lineWidth = 100

// link is [text](address).
var link = regexp.MustCompile(`\[([^\]]+)\]\(([^)]+)\)`)

// Render shows a page as plain text, for a terminal of this many columns (0 is
// not known): paragraphs and lists wrapped, commands whole, so that they can be
// pasted, and no Markdown signs.
func Render(p Page, width int) string {
	if width < 20 || width > lineWidth {
		width = lineWidth
	}
	r := renderer{width: width}
	for _, line := range strings.Split(strings.TrimSpace(p.Text), "\n") {
		r.line(line)
	}
	r.flush()
	return strings.TrimRight(r.out.String(), "\n") + "\n"
}

// renderer gathers the lines of a paragraph until it ends.
type renderer struct {
	out       strings.Builder
	width     int
	paragraph []string
	bullet    bool
	code      bool
}

func (r *renderer) line(s string) {
	head, isHead := strings.CutPrefix(s, "#")
	item, isItem := strings.CutPrefix(s, "- ")
	switch {
	case strings.HasPrefix(s, "```"):
		r.flush()
		r.code = !r.code
	case r.code:
		r.out.WriteString(strings.TrimRight("      "+s, " ") + "\n")
	case isHead:
		r.flush()
		r.out.WriteString(strings.Join(wrap(strings.TrimLeft(head, "# "), r.width), "\n") + "\n")
	case strings.TrimSpace(s) == "":
		r.flush()
		r.out.WriteString("\n")
	case isItem:
		r.flush()
		r.bullet, r.paragraph = true, []string{item}
	default:
		r.paragraph = append(r.paragraph, strings.TrimSpace(s))
	}
}

// flush writes the paragraph that was gathered.
func (r *renderer) flush() {
	if len(r.paragraph) == 0 {
		return
	}
	first, rest := "  ", "  "
	if r.bullet {
		first, rest = "  - ", "    "
	}
	for _, l := range wrap(unmark(strings.Join(r.paragraph, " ")), r.width-len(rest)) {
		r.out.WriteString(first + l + "\n")
		first = rest
	}
	r.paragraph, r.bullet = nil, false
}

// unmark takes the signs of Markdown out of a line of text.
func unmark(s string) string {
	s = link.ReplaceAllString(s, "$1 ($2)")
	return strings.NewReplacer("`", "", "**", "").Replace(s)
}

// wrap breaks text at spaces; a longer word stays whole, so that it can be copied.
func wrap(s string, limit int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > limit {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
