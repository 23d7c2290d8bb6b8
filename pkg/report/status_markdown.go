package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// printStatusMarkdown writes the table as a record: with the time, the cluster's context and the clients, why each row that is
// not OK is not, and what was not looked at.
func printStatusMarkdown(w io.Writer, doc StatusReport) error {
	var b bytes.Buffer
	p := &page{wide: true}
	head := statusHead(doc)
	fmt.Fprintf(&b, "# %s: %s\n\n", lookOf(doc.Outcome).plain(), escapeMarkdown(strings.Join(head, ", ")))
	fmt.Fprintf(&b, "%s, context %s, exit code %d, %s\n", code(doc.GeneratedAt), code(doc.Scope.Context), doc.ExitCode, code(strings.TrimSpace(doc.Tool.Name+" "+doc.Tool.Version)))
	if doc.ComparedTo != "" {
		fmt.Fprintf(&b, "\nBEFORE is of %s", code(doc.ComparedTo))
		for _, n := range doc.ComparedNotes {
			b.WriteString("; " + escapeMarkdown(n))
		}
		b.WriteByte('\n')
	}
	markdownRows(&b, p, doc)
	for _, alike := range p.alike(doc, doc.worstFirst()) {
		markdownWhy(&b, doc, alike)
	}
	if x := doc.WithoutSidecar; len(x.Pods) > 0 {
		fmt.Fprintf(&b, "\n- clients without sidecar: %s: %s\n", code(places(x.Pods)), escapeMarkdown(x.Sends))
		markdownDetails(&b, [][2]string{{"MAY CONFLICT, refused by", strings.Join(x.RefusedBy, ", ")}, {"let in by", strings.Join(x.LetInBy, ", ")}, {"unknown at", strings.Join(x.UnknownBy, ", ")}})
	}
	markdownAround(&b, doc)
	_, err := w.Write(b.Bytes())
	return err
}

func markdownRows(b *bytes.Buffer, p *page, doc StatusReport) {
	rows := doc.withGone()
	if len(rows) == 0 {
		return
	}
	columns := statusColumns(doc.compared(), false)
	var heads, rules []string
	for _, c := range columns {
		heads, rules = append(heads, c.head), append(rules, "---")
	}
	fmt.Fprintf(b, "\n| %s |\n| %s |\n", strings.Join(heads, " | "), strings.Join(rules, " | "))
	for _, r := range rows {
		var row []string
		for _, c := range columns {
			row = append(row, strings.ReplaceAll(code(p.cell(c.cell(doc, r))), "|", `\|`))
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
}

// markdownWhy tells of rows that are not OK for the same reasons.
func markdownWhy(b *bytes.Buffer, doc StatusReport, alike []StatusRow) {
	r := alike[0]
	var labels []string
	for _, a := range alike {
		labels = append(labels, code(doc.label(a)))
	}
	fmt.Fprintf(b, "\n- **%s** %s: %s\n", r.verdict(), strings.Join(labels, ", "), escapeMarkdown(strings.Join(r.Why, "; ")))
	at := places(r.concerned())
	if r.Outcome == NotJudged {
		at = ""
	}
	markdownDetails(b, [][2]string{{"at", at}, {"from", strings.Join(slices.Concat(r.Rules, r.Policies), ", ")}, {"fix", r.Fix}})
}

func markdownDetails(b *bytes.Buffer, details [][2]string) {
	for _, d := range details {
		if d[1] != "" {
			fmt.Fprintf(b, "  - %s: %s\n", d[0], code(d[1]))
		}
	}
}

// markdownAround tells of what this tool has made there, and of what was not looked at.
func markdownAround(b *bytes.Buffer, doc StatusReport) {
	for _, it := range doc.Intents {
		fmt.Fprintf(b, "\n- intent %s, %s: %s\n", code(it.Namespace+"/"+it.Name), escapeMarkdown(it.Recipe), code(it.About))
	}
	for _, c := range doc.Changes {
		fmt.Fprintf(b, "\n- unfinished change %s since %s: %s\n", code(c.Namespace+"/"+c.Name), code(c.Since), escapeMarkdown(c.About))
		markdownDetails(b, [][2]string{{"next", c.Next}})
	}
	var out []string
	for _, e := range doc.Errors {
		out = append(out, "not read: "+e.Pod+": "+e.Error)
	}
	for _, m := range doc.Missing {
		out = append(out, "not seen: "+m.Fact+": "+m.Why)
	}
	for _, s := range doc.Problems {
		out = append(out, "problem: "+s)
	}
	if len(doc.Scope.From)+len(doc.Scope.Namespaces) > 0 {
		out = append(out, "any client but these: "+doc.Scope.clients())
	}
	out = append(out, "the bytes on the wire: PROVEN rests on configuration, delivered secrets and counters of the sidecars")
	b.WriteString("\n## What was not looked at\n\n")
	for _, line := range out {
		fmt.Fprintf(b, "- %s\n", escapeMarkdown(line))
	}
}
