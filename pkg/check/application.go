package check

import (
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// ofApplication: on a port for TLS of the application the sidecar passes on what comes, and nobody asked it for more. What
// the application does of its TLS is not seen here. Before a Service of the mesh it is so where no sidecar opens what comes.
func ofApplication(in Input, s Subject) Finding {
	if s.Active == nil || !s.Active.External && !in.unopened(s) {
		return Finding{}
	}
	object, protocol, passes := in.passesOn(s)
	if !passes {
		return Finding{}
	}
	return Finding{Object: object, Summary: fmt.Sprintf("the sidecar adds no TLS: the port is declared %s, on which the application speaks TLS by itself, and whether it does, and whom it trusts, is not seen here", protocol),
		Got: "no TLS transport socket on the cluster", Want: "TLS of the application, or of the sidecar for a port that is declared HTTP or TCP"}
}

// passesOn tells whether a subject's port is for TLS of the application, and no intent and no rule wants the sidecar's own.
func (in Input) passesOn(s Subject) (object, protocol string, passes bool) {
	object, protocol = portProtocol(in, s)
	wants := s.Intent != nil || s.Decision.Found && wantsTLS(s.Decision.Rule) && s.Decision.Rule.Mode != "DISABLE" ||
		s.Decision.Found && !wantsTLS(s.Decision.Rule) && replacedRule(s) != nil || !s.Decision.Found && in.Config != nil && in.hiddenRule(s.Decision) != nil
	return object, protocol, !wants && PassesTLS(s, facts.Port{Protocol: protocol})
}

// PassesTLS tells whether TLS of the application is what gets to the subject's cluster: its port is for that, and no HTTP
// route leads calls there, which come in plaintext.
func PassesTLS(s Subject, port facts.Port) bool {
	u := s.Serving()
	return u != nil && port.OwnTLS() && u.Protocol != facts.ProtocolHTTP && u.Protocol != facts.ProtocolMixed
}

// unopened tells whether no sidecar stands at any end of the subject.
func (in Input) unopened(s Subject) bool {
	pair := in.pairOf(s)
	if pair == nil {
		return false
	}
	ends, why := EndsOf(s.Serving(), *pair)
	return why == "" && len(ends) > 0 && !slices.ContainsFunc(ends, func(e End) bool { return !Unopened(pair.Service, e) })
}

// Unopened tells whether no sidecar stands at an endpoint: it is a pod without one, or was written by hand, as those of
// default/kubernetes.
func Unopened(s facts.Service, e End) bool {
	return s.Selector == nil && e.Peer == nil || e.Accepts.Mode == ModeNone
}
