package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// printMarkdown writes the report for a pull request or a job's summary. Names
// stand in code spans, so that none of them becomes a link, a mention or markup.
func printMarkdown(w io.Writer, doc Report) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s: TLS of %s%s\n\n", lookOf(doc.Outcome).plain(), count(len(doc.Targets), "proxy", "proxies"), escapeMarkdown(tally(doc.Summary.Targets)))
	fmt.Fprintf(&b, "%s, exit code %d, %s\n", code(doc.GeneratedAt), doc.ExitCode, code(strings.TrimSpace(doc.Tool.Name+" "+doc.Tool.Version)))
	for _, t := range doc.Targets {
		fmt.Fprintf(&b, "\n## %s %s\n\n%s\n", lookOf(t.Outcome).plain(), code(t.name()), escapeMarkdown(t.sentence()))
		if from := t.place(); from != "" {
			fmt.Fprintf(&b, "\n%s\n", code(from))
		}
		if t.Error == "" {
			markdownUpstreams(&b, doc, t)
			markdownFindings(&b, t.Findings)
			markdownUnseen(&b, t)
		}
	}
	if rs := doc.Baseline.remarks(); rs != nil {
		fmt.Fprintf(&b, "\n## Baseline %s\n\n", code(doc.Baseline.File))
		for _, r := range rs {
			fmt.Fprintf(&b, "- %s: %s\n", lookOf(r.outcome).plain(), escapeMarkdown(r.text))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func markdownUpstreams(b *bytes.Buffer, doc Report, t TargetReport) {
	us := t.judged()
	if len(us) == 0 {
		return
	}
	p := pageOf(doc)
	var heads, rules []string
	for _, c := range tableColumns() {
		heads, rules = append(heads, c.head), append(rules, "---")
	}
	fmt.Fprintf(b, "\n| %s |\n| %s |\n", strings.Join(heads, " | "), strings.Join(rules, " | "))
	for _, u := range us {
		var row []string
		for _, c := range tableColumns() {
			row = append(row, strings.ReplaceAll(code(c.cell(p, u)), "|", `\|`))
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
}

// markdownUnseen comes last: it is long, and who accepts the report needs it.
func markdownUnseen(b *bytes.Buffer, t TargetReport) {
	all := t.unseen()
	if n := len(t.Upstreams) - len(t.judged()); n > 0 {
		all = append(all, "not judged: "+count(n, "upstream", "upstreams")+" that nobody means to be TLS")
	}
	if len(all) == 0 {
		return
	}
	b.WriteString("\n### What was not looked at\n\n")
	for _, line := range all {
		fmt.Fprintf(b, "- %s\n", escapeMarkdown(line))
	}
}

func markdownFindings(b *bytes.Buffer, fs []Finding) {
	for _, f := range fs {
		if !f.wrong() {
			continue
		}
		fmt.Fprintf(b, "\n- **%s %s** %s\n", lookOf(f.Outcome).plain(), escapeMarkdown(f.ID), escapeMarkdown(f.Summary))
		for _, d := range []struct{ label, text string }{{"at", strings.TrimSpace(f.Cluster + " " + f.Endpoint)}, {"got", f.Got}, {"want", f.Want}, {"from", f.Object}, {"fix", f.Fix}} {
			if d.text != "" {
				fmt.Fprintf(b, "  - %s: %s\n", d.label, code(d.text))
			}
		}
		if f.Accepted != nil {
			fmt.Fprintf(b, "  - accepted %s\n", escapeMarkdown(f.Accepted.by()))
		}
	}
}

// code is a code span, with a fence longer than any run of backticks inside
// (CommonMark 6.1).
func code(s string) string {
	if s = safe(s); strings.TrimSpace(s) == "" {
		return "-"
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 || s[0] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}

// escapeMarkdown makes a sentence plain: ASCII punctuation that can mean something
// is escaped (CommonMark 2.4), < and & too. An @ is kept from calling somebody.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range safe(s) {
		switch {
		case strings.ContainsRune("\\`*_{}[]()<>#+!|~$&", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '@':
			b.WriteString("<span>@</span>")
		default:
			b.WriteRune(r)
		}
	}
	return strings.ReplaceAll(b.String(), "://", ":<span></span>//")
}
