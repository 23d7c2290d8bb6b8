package report

import (
	"fmt"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// table is nil where nothing was judged.
func (t htmlTarget) table() g.Node {
	if len(t.Rows) == 0 {
		return nil
	}
	others := ""
	if t.Others > 0 {
		others = fmt.Sprintf(" (%d more not judged)", t.Others)
	}
	return g.Group{h.Div(h.Class("scroll"), line(), h.Table(line(),
		h.Caption(g.Text("Upstreams meant to be TLS, and how far each is proven"+others)), line(),
		h.THead(h.Tr(g.Map(t.Heads, func(head string) g.Node { return h.Th(g.Attr("scope", "col"), text(head)) }))), line(),
		h.TBody(line(), g.Map(t.Rows, htmlRow.row)), line()), line()), line(),
		h.P(h.Small(g.Text(provenWords))), line()}
}

// provenWords say what stands in the column PROVEN (facts.Evidence): whoever gets the page was not there.
const provenWords = "PROVEN, from the sidecar itself: configured, its cluster has TLS; ready, and every secret was delivered and no newer version waits; " +
	"exercised, and its counters show completed handshakes. None of them is a look at the bytes on the wire."

// authorities are the certificates by which servers are validated, to be compared with those that should be.
func (t htmlTarget) authorities() g.Node {
	return folded(len(t.CAs) > 0, "CAs that servers are validated against: "+count(len(t.CAs), "certificate", "certificates"), list(t.CAs, func(c Certificate) g.Node {
		return g.Group{text(c.Subject + ", issued by " + c.Issuer + ", until " + c.NotAfter + ", SHA-256 "), h.Code(text(c.Fingerprint))}
	}))
}

func (r htmlRow) row() g.Node {
	return g.Group{h.Tr(h.Class(r.Look.Class), g.Map(r.Cells, func(cell string) g.Node {
		if cell == "" {
			cell = "-"
		}
		return h.Td(text(cell))
	})), line()}
}

func (f htmlFinding) article() g.Node {
	entry := func(name string, value g.Node) g.Node { return g.Group{h.Dt(g.Text(name)), h.Dd(value), line()} }
	return g.Group{h.Article(h.Class(f.Look.Class), line(), h.H3(f.Look.mark(), text(" "+f.ID+" "+f.Summary)), line(), h.Dl(line(),
		g.If(f.Where != "", entry("at", text(f.Where))),
		g.Map(f.Lines, func(l [2]string) g.Node { return entry(l[0], text(l[1])) }),
		g.If(f.Fix != "", entry("fix", h.Code(text(f.Fix)))),
		g.If(f.Accepted != "", entry("accepted", text(f.Accepted))),
		entry("more", h.Code(text("kubectl mesh-tls explain "+f.ID)))), line()), line()}
}

func (t htmlTarget) good() g.Node {
	return folded(len(t.OK) > 0, fmt.Sprintf("What was looked at and is good: %d", len(t.OK)), list(t.OK, func(f htmlFinding) g.Node {
		return g.Group{f.Look.mark(), text(" " + f.ID + " " + f.Name), g.If(f.Where != "", g.Group{g.Text(" "), h.Code(text(f.Where))}), text(": " + f.Summary)}
	}))
}

func (t htmlTarget) inbound() g.Node {
	return folded(len(t.Inbound) > 0, "What the proxy accepts: "+count(len(t.Inbound), "port", "ports"), list(t.Inbound, func(i Inbound) g.Node {
		where, gateway := "every other port", ""
		if i.Port != 0 {
			where = fmt.Sprintf("port %d", i.Port)
		}
		if i.Gateway {
			gateway = " (gateway)"
		}
		return text(where + ": " + i.Mode + gateway)
	}))
}

func (t htmlTarget) unseen() g.Node {
	head := fmt.Sprintf("What was not seen, and checks that had nothing to look at: %d and %d", t.Missing, t.NotRun)
	return folded(len(t.Unseen) > 0, head, list(t.Unseen, text))
}
