package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/status"
)

// StatusPlain tells of clients without a sidecar: nobody can read what they send, nor
// whom they call. Lists of services are HOST:PORT.
type StatusPlain struct {
	Pods      []string `json:"pods"`      // namespace/name
	Sends     string   `json:"sends"`     // in words; empty without pods
	RefusedBy []string `json:"refusedBy"` // MAY CONFLICT: plaintext would be refused, if they call
	LetInBy   []string `json:"letInBy"`   // plaintext would be let in
	UnknownBy []string `json:"unknownBy"` // what becomes of plaintext could not be told
}

// plainWords is all that is known of what they send.
const plainWords = "plaintext, or TLS of the application: no proxy tells, nor whom they call"

func statusPlain(p status.Plain) StatusPlain {
	names := func(rows []status.Row) []string {
		out := []string{}
		for _, r := range rows {
			out = append(out, fmt.Sprintf("%s:%d", r.Host, r.Port))
		}
		return out
	}
	out := StatusPlain{Pods: []string{}, RefusedBy: names(p.Refused), LetInBy: names(p.LetIn), UnknownBy: names(p.Unknown)}
	for _, t := range p.Pods {
		out.Pods = append(out.Pods, t.String())
	}
	if len(out.Pods) > 0 {
		out.Sends = plainWords
	}
	return out
}

// statusPlain shows them in a few lines.
func (p *page) statusPlain(doc StatusReport) {
	x := doc.WithoutSidecar
	if len(x.Pods) == 0 {
		return
	}
	p.line("")
	p.line(count(len(x.Pods), "client", "clients") + " without sidecar: " + safe(places(x.Pods)))
	p.note("sends", x.Sends)
	for _, part := range []struct {
		head string
		list []string
	}{{"MAY CONFLICT, refused by", x.RefusedBy}, {"let in by", x.LetInBy}, {"unknown at", x.UnknownBy}} {
		var labels []string
		for _, r := range doc.Rows {
			if r.Subset == "" && slices.Contains(part.list, fmt.Sprintf("%s:%d", r.Host, r.Port)) {
				labels = append(labels, doc.label(r))
			}
		}
		if len(labels) > 0 {
			p.note("", part.head+" "+safe(strings.Join(labels, ", ")))
		}
	}
}
