package status

import (
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Plain tells of clients without a sidecar. Nobody can read what they send, nor whom
// they call: it is what their applications write, plaintext as a rule. What becomes of
// plaintext at each row is known from the servers; these are no verdicts of the rows.
type Plain struct {
	Pods    []facts.Target
	Refused []Row // the connection would not come about: MAY CONFLICT, if they call
	LetIn   []Row
	Unknown []Row
}

// PlainOf puts the pods without a sidecar that count as clients before the rows of the mesh.
func PlainOf(in Input, rows []Row) Plain {
	var out Plain
	for _, s := range in.Seen {
		if s.Bare && !s.Pod.Proxied() && !s.Pod.Ambient && !in.ofMesh(s.Pod.Target) {
			out.Pods = append(out.Pods, s.Pod.Target)
		}
	}
	if len(out.Pods) == 0 {
		return out
	}
	for _, r := range rows {
		if r.External || len(r.Servers) == 0 || r.atGateway() || r.Subset != "" || in.istiods(&r) || r.ownTLS() {
			continue
		}
		var verdicts []check.Verdict
		for _, s := range r.Servers {
			s.Accepts.Raw = false // plaintext is what is asked about
			v, _ := check.Meet(check.SendsPlain, s.Accepts)
			verdicts = append(verdicts, v)
		}
		switch {
		case slices.Contains(verdicts, check.VerdictConflict):
			out.Refused = append(out.Refused, r)
		case slices.Contains(verdicts, check.VerdictUnknown):
			out.Unknown = append(out.Unknown, r)
		default:
			out.LetIn = append(out.LetIn, r)
		}
	}
	return out
}

// ownTLS tells whether no sidecar opens what comes in on a port that is declared TLS or HTTPS: what plaintext meets there is
// an application that speaks TLS itself.
func (r *Row) ownTLS() bool {
	return facts.Port{Protocol: r.Protocol}.OwnTLS() && !slices.ContainsFunc(r.Servers, func(s Server) bool { return s.Accepts.Mode != check.ModeNone })
}
