package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// printStatusTable writes the verdict, the rows, the reasons of those that are not
// OK, and what else was seen.
func printStatusTable(w io.Writer, doc StatusReport, o Options, wide bool) error {
	p := &page{Options: o, wide: wide}
	p.now, _ = time.Parse(time.RFC3339, doc.GeneratedAt)
	p.verdict(doc.Outcome, strings.Join(statusHead(doc), "   "))
	p.statusRows(doc)
	for _, alike := range p.alike(doc, doc.worstFirst()) {
		p.statusWhy(doc, alike)
	}
	if wide {
		p.statusEnds(doc)
	}
	p.statusPlain(doc)
	p.statusIntents(doc)
	p.statusGaps(doc)
	_, err := w.Write(p.Bytes())
	return err
}

// statusHead: where, how much, how much of it in which state.
func statusHead(doc StatusReport) []string {
	where := "all namespaces"
	if n := len(doc.Scope.Namespaces); n > 0 {
		where = "namespace " + strings.Join(doc.Scope.Namespaces, ", ")
	}
	if len(doc.Scope.Targets) > 0 {
		where += " (" + strings.Join(doc.Scope.Targets, ", ") + ")"
	}
	if len(doc.Scope.From) > 0 {
		where += ", clients: " + strings.Join(doc.Scope.From, ", ")
	}
	return []string{
		safe(where), count(len(doc.Rows), "service port", "service ports") + tally(doc.Summary),
		fmt.Sprintf("%d of %s read", doc.Scope.Proxies, count(doc.Scope.Proxies+len(doc.Errors), "sidecar", "sidecars")),
	}
}

// statusColumn is one column of the table of rows.
type statusColumn struct {
	head string
	cell func(doc StatusReport, r StatusRow) string
}

func statusColumns(compared, wide bool) []statusColumn {
	out := []statusColumn{
		{"SERVICE:PORT", StatusReport.label},
		{"SERVER ACCEPTS", func(_ StatusReport, r StatusRow) string { return r.ServerAccepts }},
		{"CLIENTS SEND", func(_ StatusReport, r StatusRow) string { return r.ClientsSend }},
		{"POLICY", func(_ StatusReport, r StatusRow) string { return r.objects(r.Policies, " (PeerAuth)") }},
		{"RULE", func(_ StatusReport, r StatusRow) string { return r.objects(r.Rules, "") }},
		{"PROVEN", func(_ StatusReport, r StatusRow) string { return r.Evidence }},
		{"VERDICT", func(_ StatusReport, r StatusRow) string { return r.verdict() }},
	}
	if compared {
		out = append(out, statusColumn{"BEFORE", func(_ StatusReport, r StatusRow) string { return r.before() }})
	}
	if wide {
		out = append(out,
			statusColumn{"ASKED", func(_ StatusReport, r StatusRow) string { return r.asked() }},
			statusColumn{"PROTOCOL", func(_ StatusReport, r StatusRow) string { return r.Protocol }},
			statusColumn{"FROM", func(_ StatusReport, r StatusRow) string { return r.Service }})
	}
	return out
}

const verdictColumn = 6

// statusRows shows the rows by service, then those that are gone.
func (p *page) statusRows(doc StatusReport) {
	rows := doc.withGone()
	if len(rows) == 0 {
		return
	}
	columns := statusColumns(doc.compared(), p.wide)
	g := grid{col: verdictColumn, paint: func(row int, cell string) string { return lookOf(rows[row].Outcome).paint(cell, p.Color) }}
	for _, c := range columns {
		g.head = append(g.head, c.head)
	}
	for _, r := range rows {
		var cells []string
		for _, c := range columns {
			cells = append(cells, p.cell(c.cell(doc, r)))
		}
		g.rows = append(g.rows, cells)
	}
	p.grid(g)
}

// withGone are the rows, and one for each that was there before and is gone.
func (r StatusReport) withGone() []StatusRow {
	rows := append([]StatusRow{}, r.Rows...)
	for _, was := range r.Vanished {
		gone := StatusRow{Host: was.Host, Port: was.Port, Subset: was.Subset, Service: was.Service, Verdict: "GONE", Outcome: NotJudged}
		gone.Before = &StatusBefore{Verdict: was.Verdict, ServerAccepts: was.ServerAccepts, ClientsSend: was.ClientsSend}
		rows = append(rows, gone)
	}
	return rows
}

func (r StatusReport) worstFirst() []StatusRow {
	rows := slices.Clone(r.Rows)
	slices.SortStableFunc(rows, func(a, b StatusRow) int { return cmp.Compare(rank(a.Outcome), rank(b.Outcome)) })
	return rows
}

// compared tells whether a saved report stands beside this one.
func (r StatusReport) compared() bool {
	return len(r.Vanished) > 0 || len(r.Rows) > 0 && r.Rows[0].Before != nil
}

// label is the service as a user of the namespace calls it.
func (r StatusReport) label(row StatusRow) string {
	name := row.Host
	if at, is := strings.CutPrefix(row.Service, "Service "); is {
		ns, short, _ := strings.Cut(at, "/")
		if name = short + "." + ns; len(r.Scope.Namespaces) == 1 && r.Scope.Namespaces[0] == ns {
			name = short
		}
	}
	name = fmt.Sprintf("%s:%d", name, row.Port)
	if row.Subset != "" {
		name += " (" + row.Subset + ")"
	}
	return name
}

// objects names objects in short: those of the service's namespace by name alone.
func (r StatusRow) objects(list []string, suffix string) string {
	_, at, _ := strings.Cut(r.Service, " ")
	home, _, _ := strings.Cut(at, "/")
	var names []string
	for _, o := range list {
		_, name, _ := strings.Cut(o, " ")
		names = append(names, strings.TrimPrefix(name, home+"/")+suffix)
	}
	return strings.Join(names, ", ")
}

// verdict is the word with the sign of the outcome.
func (r StatusRow) verdict() string { return lookOf(r.Outcome).sign + " " + r.Verdict }

// before is the verdict that was, and what was otherwise.
func (r StatusRow) before() string {
	b := r.Before
	if b == nil {
		return ""
	}
	var other []string
	for _, x := range [][2]string{{b.ServerAccepts, r.ServerAccepts}, {b.ClientsSend, r.ClientsSend}} {
		if x[0] != "" && x[0] != x[1] {
			other = append(other, x[0])
		}
	}
	if len(other) == 0 {
		return b.Verdict
	}
	return b.Verdict + " (" + strings.Join(other, ", ") + ")"
}

func (r StatusRow) asked() string {
	var words []string
	for _, c := range r.Clients {
		words = once(words, c.Asked)
	}
	return strings.Join(words, ", ")
}
