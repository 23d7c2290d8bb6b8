package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// page is a table under construction.
type page struct {
	bytes.Buffer
	Options
	wide     bool
	contexts bool      // the targets are of several contexts
	now      time.Time // when the report was made; zero when that is not known
}

// printTable writes the verdict of each proxy, its upstreams, what is wrong and
// what to do, and a closing sentence.
func printTable(w io.Writer, doc Report, o Options, wide bool) error {
	p := pageOf(doc)
	p.Options, p.wide = o, wide
	for _, t := range doc.Targets {
		p.contexts = p.contexts || t.Context != doc.Targets[0].Context
	}
	if n := len(doc.Targets); n != 1 {
		p.verdict(doc.Outcome, count(n, "proxy", "proxies")+tally(doc.Summary.Targets))
	}
	for i, t := range doc.Targets {
		if i > 0 || len(doc.Targets) != 1 {
			p.line("")
		}
		p.target(t)
	}
	p.baseline(doc)
	_, err := w.Write(p.Bytes())
	return err
}

// pageOf is an empty page as of the time of the report.
func pageOf(doc Report) *page {
	p := &page{}
	p.now, _ = time.Parse(time.RFC3339, doc.GeneratedAt)
	return p
}

func (p *page) line(s string) {
	p.WriteString(s)
	p.WriteByte('\n')
}

// verdict writes an outcome and a sentence; further lines stand under the
// sentence.
func (p *page) verdict(o Outcome, sentence string) {
	l := lookOf(o)
	indent := textWidth(l.plain()) + 2
	for i, s := range wrap(sentence, p.room(indent)) {
		if i == 0 {
			p.line(l.paint(l.plain(), p.Color) + "  " + s)
			continue
		}
		p.line(strings.Repeat(" ", indent) + s)
	}
}

// room is what an indent leaves of a line; 0 is without limit. A terminal too
// narrow for words gets whole lines.
func (p *page) room(indent int) int {
	if p.Width-indent < 20 {
		return 0
	}
	return p.Width - indent
}

func (p *page) target(t TargetReport) {
	judged := t.judged()
	p.verdict(t.Outcome, strings.Join(p.headline(t, len(judged)), "   "))
	if t.Error != "" {
		p.note("why", safe(t.Error))
		return
	}
	if p.Quiet {
		if len(judged) == 0 { // the headline alone says nothing then
			p.note("why", closing(t, judged))
		}
		p.findings(t.Findings, judged)
		return
	}
	shown, sentence := judged, closing(t, judged)
	if p.wide {
		shown = t.Upstreams
	}
	first := len(judged) == 0 && accepts(t) == "" // nothing was judged: what follows only says more of that
	if first {
		p.line("")
		p.verdict(t.Outcome, sentence)
	}
	p.upstreams(shown)
	if n := len(t.Upstreams) - len(shown); n > 0 {
		p.line("+ " + count(n, "upstream", "upstreams") + " that nobody means to be TLS: not judged (-o wide lists them)")
	}
	p.findings(t.Findings, judged)
	p.traffic(t)
	p.gaps(t)
	if p.wide {
		p.details(t)
	}
	if !first {
		p.line("")
		p.verdict(t.Outcome, sentence)
	}
}

// headline names the proxy, its versions, and how much there is to judge.
func (p *page) headline(t TargetReport, judged int) []string {
	name := t.name()
	if p.contexts {
		name = t.Context + ": " + name
	}
	parts := []string{safe(name)}
	if t.Error != "" {
		return parts
	}
	var versions []string
	if t.Istio != "" {
		versions = append(versions, "Istio "+safe(t.Istio))
	}
	if t.Envoy != "" {
		versions = append(versions, "Envoy "+safe(t.Envoy))
	}
	if len(versions) > 0 {
		parts = append(parts, strings.Join(versions, ", "))
	}
	return append(parts, count(judged, "upstream", "upstreams")+" meant to be TLS")
}

// upstreams shows the rows, the worst first.
func (p *page) upstreams(us []Upstream) {
	if len(us) == 0 {
		return
	}
	us = slices.Clone(us)
	slices.SortStableFunc(us, func(a, b Upstream) int {
		return cmp.Or(cmp.Compare(rank(a.Outcome), rank(b.Outcome)), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Cluster, b.Cluster))
	})
	columns := tableColumns()
	if p.wide {
		columns = append(columns, wideColumns()...)
	}
	g := grid{col: len(tableColumns()) - 1, paint: func(row int, cell string) string { return lookOf(us[row].Outcome).paint(cell, p.Color) }}
	for _, c := range columns {
		g.head = append(g.head, c.head)
	}
	for _, u := range us {
		var row []string
		for _, c := range columns {
			row = append(row, p.cell(c.cell(p, u)))
		}
		g.rows = append(g.rows, row)
	}
	p.grid(g)
}

// grid writes a table after an empty line.
func (p *page) grid(g grid) {
	p.line("")
	for _, l := range g.lines(p.Width) {
		p.line(l)
	}
}

// cell makes a value safe, and short: a name of a kilobyte must not push the
// verdict off the screen.
func (p *page) cell(s string) string {
	limit := 60
	if p.wide || p.Width == 0 { // a file, or another program: it is searched, and lines have no end
		limit = 200
	}
	if s == "" {
		return "-"
	}
	return cut(safe(s), limit)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// tally spells counts, worst first: ": 1 FAIL, 2 OK".
func tally(c Counts) string {
	var parts []string
	for _, x := range []struct {
		n int
		o Outcome
	}{{c.Fail, Fail}, {c.Unknown, Unknown}, {c.Warn, Warn}, {c.OK, OK}, {c.NotJudged, NotJudged}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, lookOf(x.o).word))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}
