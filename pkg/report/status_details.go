package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
)

// alike puts rows together of which the same is to be told: a service's subsets, as a
// rule. Rows that are fine are left out.
func (p *page) alike(doc StatusReport, rows []StatusRow) [][]StatusRow {
	var out [][]StatusRow
	at := map[string]int{}
	for _, r := range rows {
		if r.Outcome == OK || r.Outcome == NotJudged && !p.wide && doc.Outcome != NotJudged {
			continue
		}
		key := fmt.Sprintln(r.Service, r.Verdict, r.Outcome, r.Why, r.Rules, r.Policies, r.Fix, r.concerned())
		i, seen := at[key]
		if !seen {
			i = len(out)
			at[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], r)
	}
	return out
}

// statusWhy tells of rows that are not OK why, who is concerned, and what to do.
func (p *page) statusWhy(doc StatusReport, alike []StatusRow) {
	r := alike[0]
	var labels []string
	for _, a := range alike {
		labels = append(labels, safe(doc.label(a)))
	}
	p.line("")
	p.line(lookOf(r.Outcome).paint(r.verdict(), p.Color) + "  " + strings.Join(labels, ", "))
	for i, why := range r.Why {
		if i == 2 && !p.wide {
			p.note("", "and "+count(len(r.Why)-i, "more reason", "more reasons")+" (-o wide)")
			break
		}
		p.note(map[bool]string{true: "why"}[i == 0], safe(why))
	}
	p.note("at", safe(places(r.concerned())))
	p.note("from", safe(strings.Join(slices.Concat(r.Rules, r.Policies), ", ")))
	p.command("fix", safe(r.Fix))
}

// concerned are the clients with the row's verdict, or, where it is put together of several, those that are not OK.
func (r StatusRow) concerned() []string {
	var out, other []string
	for _, c := range r.Clients {
		switch c.Verdict {
		case r.Verdict:
			out = append(out, c.Pod)
		case check.VerdictOK.String(), check.VerdictNotJudged.String():
		default:
			other = append(other, c.Pod)
		}
	}
	if len(out) == 0 {
		return other
	}
	return out
}

// statusEnds lists every pod of both sides.
func (p *page) statusEnds(doc StatusReport) {
	for _, r := range doc.Rows {
		p.line("")
		p.line(safe(doc.label(r)))
		for _, s := range r.Servers {
			text := fmt.Sprintf("%s port %d: %s", s.Pod, s.Port, s.Mode)
			if s.Why != "" {
				text += " (" + s.Why + ")"
			}
			if s.PolicyMode != "" && s.PolicyMode != s.Mode {
				text += "; the policies say " + s.PolicyMode
			}
			p.note("server", safe(text))
		}
		for _, c := range r.Clients {
			text := fmt.Sprintf("%s asked %s: %s, %s, %s", c.Pod, orUnknown(c.Asked), c.sent(), c.Evidence, c.Verdict)
			p.note("client", safe(text))
		}
	}
}

func orUnknown(s string) string {
	if s == "" {
		return unknownWord
	}
	return s
}

// statusIntents shows what this tool was asked for, and what it has not finished.
func (p *page) statusIntents(doc StatusReport) {
	if len(doc.Intents) > 0 {
		g := grid{head: []string{"INTENT", "RECIPE", "ABOUT"}, col: -1}
		for _, it := range doc.Intents {
			g.rows = append(g.rows, []string{p.cell(it.Namespace + "/" + it.Name), p.cell(it.Recipe), safe(it.About)})
		}
		p.grid(g)
	}
	if len(doc.Changes) > 0 {
		g := grid{head: []string{"UNFINISHED CHANGE", "SINCE", "ABOUT", "NEXT"}, col: -1}
		for _, c := range doc.Changes {
			g.rows = append(g.rows, []string{p.cell(c.Namespace + "/" + c.Name), p.cell(c.Since), p.cell(c.About), safe(c.Next)})
		}
		p.grid(g)
	}
}

// statusGaps tells what could not be read.
func (p *page) statusGaps(doc StatusReport) {
	var asides [][2]string
	if n := doc.Summary.NotJudged; n > 0 && doc.Outcome != NotJudged && !p.wide {
		asides = append(asides, [2]string{"not judged: ", count(n, "service port", "service ports") + " (why: -o wide)"})
	}
	if doc.ComparedTo != "" {
		asides = append(asides, [2]string{"before: ", strings.Join(append([]string{doc.ComparedTo}, doc.ComparedNotes...), "; ")})
	}
	if len(asides)+len(doc.Errors)+len(doc.Missing)+len(doc.Problems) > 0 {
		p.line("")
	}
	for _, a := range asides {
		p.aside(a[0], a[1])
	}
	for _, e := range doc.Errors {
		p.aside("not read: ", e.Pod+": "+e.Error)
	}
	for _, m := range doc.Missing {
		p.aside("not seen: ", m.Fact+": "+m.Why)
	}
	for _, s := range doc.Problems {
		p.aside("problem:  ", s)
	}
}
