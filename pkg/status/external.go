package status

import (
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// external judges a host outside the mesh, by the checks that verify runs on the
// client's cluster: nobody can ask the server's side.
func (t *table) external(r *Row, s facts.Service) {
	var verdicts []check.Verdict
	var outcomes []check.Finding
	for i := range t.clients {
		c := &t.clients[i]
		sub, has := c.subjects[r.key()]
		if !has {
			continue
		}
		got, o := t.outside(c, sub, *r)
		verdicts, outcomes = append(verdicts, got.Verdict), append(outcomes, check.Finding{Outcome: o})
		r.Clients = append(r.Clients, got)
	}
	r.Verdict, r.Outcome = check.Join(verdicts), check.NotJudged
	if len(outcomes) > 0 {
		r.Outcome = check.Worst(outcomes)
	}
	r.Evidence = evidence(r.Clients)
	for _, c := range r.Clients {
		r.add(c.Why)
	}
	t.unread(r)
	if len(r.Clients) == 0 {
		r.add("none of the clients that were read has a cluster for it")
	}
}

// outside judges one client's cluster for an external host.
func (t *table) outside(c *client, sub check.Subject, r Row) (Client, check.Outcome) {
	out := t.newClient(*c, sub)
	sockets, seen := sub.InEffect()
	for _, k := range sockets {
		sends, _ := check.SendsOf(k)
		out.count(sends)
	}
	fs := t.findings(c)[sub.Cluster]
	around := c.input.Around(sub)
	_, ledAway := c.input.Routed(r.Host, r.Port)
	switch {
	case t.ledToGateway(c, r) != nil:
		return t.pastGateway(c, out, *t.ledToGateway(c, r))
	case ledAway:
		out.Verdict, out.Why = check.VerdictNotJudged, "an intent leads calls to this port to another port of the host"
	case around.Outcome == check.Fail && !onlyPlain(sockets):
		out.Past, out.Verdict, out.Why, out.Sends = true, check.VerdictPlaintext, "MT018 "+around.Summary, []Sent{{What: check.SendsPlain, Endpoints: max(1, len(sub.Serving().Endpoints))}}
	case !seen || len(sockets) == 0:
		out.Why = "what is sent could not be told"
	case !out.Wanted && onlyPlain(sockets) && check.PassesTLS(sub, facts.Port{Protocol: r.Protocol}):
		out.Verdict, out.Why = check.VerdictNotJudged, "the application speaks TLS itself; the sidecar does not look into it"
		out.Sends = []Sent{{What: check.SendsAsIs, Endpoints: len(sockets)}}
	case !out.Wanted && onlyPlain(sockets) && c.input.Unrouted(sub).Summary != "":
		out.Verdict, out.Why = handed(c.input.Unrouted(sub), true)
	case onlyPlain(sockets) && c.input.Handed(sub).Summary != "":
		out.Verdict, out.Why = handed(c.input.Handed(sub), out.Wanted)
	case onlyPlain(sockets):
		out.Verdict, out.Why = check.VerdictPlaintext, "it leaves the sidecar as the application sent it"
		if out.Wanted {
			out.Why = summary(fs, check.Fail)
		}
		return out, outcomeOf(out.Verdict, out.Wanted)
	default:
		return encrypted(out, fs)
	}
	return out, outcomeOf(out.Verdict, out.Wanted)
}

// handed puts into one word what is told of calls that other clusters get: their failure counts, and what is not known of
// them where somebody wants TLS.
func handed(f check.Finding, wanted bool) (check.Verdict, string) {
	switch {
	case f.Outcome == check.Fail:
		return check.VerdictPartial, f.Summary
	case f.Outcome == check.Unknown && wanted:
		return check.VerdictUnknown, f.Summary
	}
	return check.VerdictNotJudged, f.Summary
}

// encrypted puts a TLS cluster's findings into one word: what the server's name or CA
// is not checked for is protected in part only.
func encrypted(out Client, fs []check.Finding) (Client, check.Outcome) {
	worst := check.Worst(fs)
	out.Why = summary(fs, worst)
	switch worst {
	case check.OK, check.Warn:
		out.Verdict = check.VerdictOK
		if worst == check.OK {
			out.Why = ""
		}
	case check.Fail:
		out.Verdict = check.VerdictPartial
		for _, f := range fs {
			if f.Outcome == check.Fail && slices.Contains(breaking, f.ID) {
				out.Verdict = check.VerdictConflict
			}
		}
	default:
		out.Verdict = check.VerdictUnknown
	}
	return out, worst
}

// breaking are checks whose failure means that connections do not come about.
var breaking = []string{"MT001", "MT004", "MT009", "MT012"}

func summary(fs []check.Finding, o check.Outcome) string {
	for _, f := range fs {
		if f.Outcome == o {
			return f.ID + " " + f.Summary
		}
	}
	return "the checks had nothing to say"
}

func onlyPlain(sockets []facts.Socket) bool {
	return !slices.ContainsFunc(sockets, func(k facts.Socket) bool { return k.Kind != facts.SocketPlaintext })
}

// findings runs the checks of verify once per client, on every external host.
func (t *table) findings(c *client) map[string][]check.Finding {
	if c.findings != nil {
		return c.findings
	}
	in := c.input
	for _, s := range t.Services {
		if s.External {
			for _, h := range s.Hosts {
				for _, p := range s.Ports {
					in.To = append(in.To, check.To{Host: h, Port: p.Number})
				}
			}
		}
	}
	c.findings = map[string][]check.Finding{}
	for _, f := range check.Run(check.All(), in) {
		c.findings[f.Cluster] = append(c.findings[f.Cluster], f)
	}
	return c.findings
}
