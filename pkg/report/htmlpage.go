package report

import (
	"fmt"
	"strconv"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// The page is made of functions and not of a template: text/template calls methods by
// their names, so that a program with it keeps every method of every type, in our case a
// quarter of its size and of the memory of its start.

// line ends a line of the page's source, for who reads that.
func line() g.Node { return g.Raw("\n") }

// text is a foreign text, harmless and escaped.
func text(s string) g.Node { return g.Text(safe(s)) }

func (l htmlLook) mark() g.Node {
	return h.Span(h.Class("mark "+l.Class), g.Text(l.Sign+" "+l.Word))
}

// list is a list of items, a line each.
func list[T any](items []T, item func(T) g.Node) g.Node {
	return h.Ul(line(), g.Map(items, func(t T) g.Node { return g.Group{h.Li(item(t)), line()} }))
}

// folded is a list that opens by a click; nothing where it is empty.
func folded(there bool, head string, inside ...g.Node) g.Node {
	return g.If(there, g.Group{h.Details(h.Summary(g.Text(head)), line(), g.Group(inside)), line()})
}

func (p htmlPage) whole() g.Node {
	return h.Doctype(h.HTML(h.Lang("en"), line(),
		h.Head(line(), h.Meta(h.Charset("utf-8")), line(),
			h.Meta(h.Name("viewport"), h.Content("width=device-width, initial-scale=1")), line(),
			h.Meta(g.Attr("http-equiv", "Content-Security-Policy"), h.Content(p.Policy)), line(),
			h.Meta(h.Name("color-scheme"), h.Content("light dark")), line(),
			h.TitleEl(g.Text(p.Look.Word+": "+p.Title)), line(),
			h.StyleEl(g.Raw(pageStyle)), line()),
		h.Body(line(), p.header(), line(), h.Main(line(), p.baseline(), g.Group(p.targets())), line(), h.Script(g.Raw(pageScript)), line())))
}

func (p htmlPage) header() g.Node {
	tally := p.Tally
	if tally != "" {
		tally += " · "
	}
	return h.Header(line(), h.H1(p.Look.mark(), g.Text(" "+p.Title)), line(),
		h.P(text(tally), h.Time(text(p.Doc.GeneratedAt)), text(fmt.Sprintf(" · exit code %d · %s %s", p.Doc.ExitCode, p.Doc.Tool.Name, p.Doc.Tool.Version))), line(),
		g.If(len(p.Targets) > 1, h.Nav(h.Aria("label", "Proxies"), h.Ul(line(), g.Group(p.links())))), line())
}

func (p htmlPage) links() []g.Node {
	var out []g.Node
	for i, t := range p.Targets {
		out = append(out, h.Li(h.A(h.Href("#t"+strconv.Itoa(i)), t.Look.mark(), text(" "+t.Name))), line())
	}
	return out
}

func (p htmlPage) baseline() g.Node {
	if len(p.Remarks) == 0 {
		return nil
	}
	return h.Section(line(), h.H2(text("Baseline "+p.Doc.Baseline.File)), line(),
		list(p.Remarks, func(r htmlRemark) g.Node { return g.Group{r.Look.mark(), text(" " + r.Text)} }), line())
}

func (p htmlPage) targets() []g.Node {
	var out []g.Node
	for i, t := range p.Targets {
		out = append(out, h.Section(h.ID("t"+strconv.Itoa(i)), line(), h.H2(t.Look.mark(), text(" "+t.Name)), line(),
			h.P(text(t.Sentence), g.If(t.Versions != "", g.Group{g.Text(" "), h.Small(text(t.Versions))})), line(),
			t.table(), g.Map(t.Findings, htmlFinding.article), t.good(), t.authorities(), t.inbound(), t.unseen()), line())
	}
	return out
}
