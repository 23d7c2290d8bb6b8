package status

import (
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// inside judges a service of the mesh: each client's socket for each endpoint
// against the filter chains of the pod behind it.
func (t *table) inside(r *Row, s facts.Service, port facts.Port) {
	if s.Alias != "" {
		r.Verdict, r.Outcome = check.VerdictNotJudged, check.NotJudged
		r.add("another name (ExternalName) of " + s.Alias + ", whose row counts")
		return
	}
	r.Servers = t.servers(s, port)
	var verdicts []check.Verdict
	for _, c := range t.clients {
		sub, has := c.subjects[r.key()]
		if !has {
			continue
		}
		got := t.calls(c, sub, s, port)
		if r.atGateway() && got.Verdict != check.VerdictConflict {
			got.Verdict, got.Why = check.VerdictNotJudged, "a gateway of the mesh stands there, whose callers come from outside: verify that pod"
			if it := sub.Intent; it != nil && it.LeadsToGateway() {
				got.Verdict, got.Why = t.toGateway(&c, *it, *r, got)
			}
		}
		verdicts = append(verdicts, got.Verdict)
		r.Clients = append(r.Clients, got)
	}
	r.Verdict = check.Join(verdicts)
	t.controlPlane(r)
	t.unread(r)
	r.say()
	r.Outcome = outcomeOf(r.Verdict, slices.ContainsFunc(r.Clients, func(c Client) bool { return c.Wanted }))
	r.Evidence = evidence(r.Clients)
	t.policies(r)
	t.voidPorts(r)
}

// atGateway tells whether only gateways of the mesh are behind the row.
func (r *Row) atGateway() bool {
	return len(r.Servers) > 0 && !slices.ContainsFunc(r.Servers, func(s Server) bool { return !s.Pod.Gateway })
}

// servers are the pods that the service picks.
func (t *table) servers(s facts.Service, port facts.Port) []Server {
	var out []Server
	for _, p := range t.Seen {
		if s.Picks(p.Pod) {
			out = append(out, t.server(p, s, port))
		}
	}
	return out
}

func (t *table) server(p Seen, s facts.Service, of facts.Port) Server {
	port := p.Pod.PortOf(s.Dialled(of))
	out := Server{Pod: p.Pod.Target, Port: port}
	if port == 0 {
		out.Accepts.Why = "the service's port has a name that the pod does not declare"
		return out
	}
	out.Accepts = check.AcceptsOf(p.Peer, port).Speaking(of, port)
	if !p.Pod.Target.Gateway && t.Config != nil && t.Config.Missing[facts.FactPolicies] == "" && p.Pod.Proxied() {
		out.Policy = t.Config.InboundPolicy(facts.Client{Namespace: p.Pod.Target.Namespace, Labels: p.Pod.Target.Labels}, port)
	}
	return out
}

// newClient says what is known of a client before anything is judged.
func (t *table) newClient(c client, sub check.Subject) Client {
	out := Client{Pod: c.seen.Pod.Target, Evidence: check.EvidenceOf(c.input, sub), Wanted: wanted(sub)}
	out.Asked, out.Rule = t.asked(sub)
	done, failed, _ := check.Completed(sub)
	out.Used = done+failed > 0
	return out
}

func (c *Client) count(what check.Sends) {
	for i := range c.Sends {
		if c.Sends[i].What == what {
			c.Sends[i].Endpoints++
			return
		}
	}
	c.Sends = append(c.Sends, Sent{What: what, Endpoints: 1})
}
