package report

import (
	"cmp"
	"slices"
	"strings"
)

// noteIndent is the column of a finding's details; noteLabel is how much of it
// the label takes.
const (
	noteIndent = 6
	noteLabel  = 7
)

// note writes a labelled line, wrapped under itself.
func (p *page) note(label, s string) {
	if s == "" {
		return
	}
	for i, l := range wrap(s, p.room(noteIndent+noteLabel)) {
		if i > 0 {
			label = ""
		}
		p.command(label, l)
	}
}

// command writes a labelled line whole, so that it can be pasted.
func (p *page) command(label, s string) {
	if s == "" {
		return
	}
	p.line(strings.Repeat(" ", noteIndent) + label + strings.Repeat(" ", max(1, noteLabel-len(label))) + s)
}

// group is findings that differ only in where they were made.
type group struct {
	Finding
	at []string
}

// findings shows what is not OK, the worst first. Findings that say the same of
// several upstreams are shown once; wide shows each.
func (p *page) findings(fs []Finding, judged []Upstream) {
	where := map[string]string{}
	for _, u := range judged {
		where[u.Cluster] = u.label()
	}
	for _, g := range p.grouped(fs, where) {
		p.line("")
		p.finding(g, len(judged) > 1)
	}
}

func (p *page) grouped(fs []Finding, where map[string]string) []group {
	type key struct {
		id, summary, object, accepted string

		o Outcome
	}
	var out []group
	at := map[key]int{}
	for _, f := range fs {
		if f.Outcome == OK || f.Outcome == NotJudged {
			continue
		}
		k := key{f.ID, f.Summary, f.Object, f.Accepted.by(), f.Outcome}
		i, seen := at[k]
		if !seen || p.wide {
			i = len(out)
			at[k] = i
			out = append(out, group{Finding: f})
		}
		if w := place(f, where); w != "" && !slices.Contains(out[i].at, w) {
			out[i].at = append(out[i].at, w)
		}
	}
	slices.SortStableFunc(out, func(a, b group) int { return cmp.Compare(rank(a.Outcome), rank(b.Outcome)) })
	return out
}

func place(f Finding, where map[string]string) string {
	s := where[f.Cluster]
	if s == "" {
		s = f.Cluster
	}
	switch {
	case s == "":
		return f.Endpoint
	case f.Endpoint != "":
		return s + " (" + f.Endpoint + ")"
	}
	return s
}

func (p *page) finding(g group, several bool) {
	l := lookOf(g.Outcome)
	head := l.plain() + "  " + safe(g.ID) + "  "
	for i, s := range wrap(safe(g.Summary), p.room(textWidth(head))) {
		if i == 0 {
			p.line(l.paint(l.plain(), p.Color) + "  " + safe(g.ID) + "  " + s)
			continue
		}
		p.line(strings.Repeat(" ", textWidth(head)) + s)
	}
	if several || g.Endpoint != "" {
		p.note("at", safe(places(g.at)))
	}
	p.note("got", safe(g.Got))
	p.note("want", safe(g.Want))
	p.note("from", safe(g.Object))
	p.command("fix", safe(g.Fix))
	p.note("known", safe(g.Accepted.by()))
	if g.ID != "" {
		p.command("more", "kubectl mesh-tls explain "+safe(g.ID))
	}
}

func places(at []string) string {
	const most = 3
	if len(at) <= most {
		return strings.Join(at, ", ")
	}
	return strings.Join(at[:most], ", ") + " and " + count(len(at)-most, "more", "more") + " (-o wide)"
}

// baseline tells at the end what the known findings did to the exit code.
func (p *page) baseline(doc Report) {
	for i, r := range doc.Baseline.remarks() {
		if i == 0 {
			p.line("")
		}
		if r.outcome == OK && p.Quiet {
			continue
		}
		p.verdict(r.outcome, "baseline "+safe(doc.Baseline.File)+": "+safe(r.text))
	}
	if doc.Baseline != nil && doc.ExitCode == exitOK && rank(doc.Outcome) < rank(Warn) {
		p.line("what is wrong is accepted: exit code 0")
	}
}
