package report

import (
	"fmt"
	"strings"
)

// gaps tells what was not seen and which checks had nothing to look at: in short,
// or with the reasons where they matter (wide, or a verdict of Unknown).
func (p *page) gaps(t TargetReport) {
	if len(t.Missing)+len(t.NotRun) == 0 {
		return
	}
	p.line("")
	if p.wide || t.Outcome == Unknown {
		for _, m := range t.Missing {
			p.aside("not seen: ", m.Fact+": "+m.Why)
		}
	} else {
		var names []string
		for _, m := range t.Missing {
			names = append(names, m.Fact)
		}
		p.aside("not seen: ", short(names))
	}
	if p.wide {
		for _, n := range t.NotRun {
			p.aside("not run:  ", n.ID+" "+n.Name+": "+n.Why)
		}
		return
	}
	var names []string
	for _, n := range t.NotRun {
		names = append(names, n.ID+" "+n.Name)
	}
	p.aside("not run:  ", short(names))
}

// traffic tells what was counted while the proxy was watched.
func (p *page) traffic(t TargetReport) {
	if t.Traffic == nil {
		return
	}
	p.line("")
	for _, line := range t.Traffic.lines(t.Upstreams) {
		p.aside("watched:  ", line)
	}
}

// short is a list with a hint where to find the reasons; a long one is a number.
func short(names []string) string {
	const most = 8
	switch n := len(names); {
	case n == 0:
		return ""
	case n > most:
		return fmt.Sprintf("%d checks (why: -o wide)", n)
	}
	return strings.Join(names, ", ") + " (why: -o wide)"
}

// aside writes a labelled sentence at the margin.
func (p *page) aside(label, s string) {
	if s == "" {
		return
	}
	for i, l := range wrap(safe(s), p.room(len(label))) {
		if i > 0 {
			label = strings.Repeat(" ", len(label))
		}
		p.line(label + l)
	}
}
