package check

import (
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Elsewhere tells of calls to an upstream of the mesh that do not take its cluster, although the sidecar has one: a
// VirtualService leads them, some of them, or copies, to another. OK with no words where all take it; NotJudged where
// they take that of a subset, which has a verdict of its own.
func (in Input) Elsewhere(s Subject) Finding {
	if s.Active == nil || in.Proxy.Node.Kind == facts.NodeRouter || in.Proxy.Starting {
		return Finding{Outcome: OK}
	}
	for _, f := range []facts.Fact{facts.FactListeners, facts.FactRoutes} {
		if why, missing := in.Proxy.Lacks(f); missing {
			return Finding{Outcome: Unknown, Summary: "whether calls take the cluster is not known: " + why}
		}
	}
	if s.Active.Protocol != facts.ProtocolUnknown {
		worst := Finding{Outcome: OK}
		for _, f := range detour(in, s) {
			worst = worseOf(worst, f)
		}
		return worst
	}
	if f := answeredHere(s); f.Summary != "" {
		return Finding{Outcome: NotJudged, Summary: f.Summary}
	}
	var doubt Finding
	for _, f := range instead(in, s) {
		if f.Outcome == Fail {
			return f
		}
		if f.Outcome == Unknown {
			doubt = f
		}
	}
	if doubt.Summary != "" {
		return doubt
	}
	for i := range in.Proxy.Upstreams {
		u := &in.Proxy.Upstreams[i]
		if takes(s, u) {
			return Finding{Outcome: NotJudged, Summary: "no call takes this way: the routes lead to " + u.Cluster}
		}
	}
	return Finding{Outcome: Unknown, Summary: "no listener or route of the sidecar leads calls there: they go another way, perhaps in plaintext"}
}

// takes tells whether calls to the subject's own host and port take another of their clusters. That one may be in use
// by the route of another host alone: it says nothing of these calls then.
func takes(s Subject, u *facts.Upstream) bool {
	return u.Host == s.Host && u.Port == s.Port && u.Cluster != s.Cluster && ledTo(s, u)
}

// AllPlain tells whether nothing gets to an upstream, and everything that its routes lead calls to is plaintext.
func AllPlain(s Subject) bool {
	u := s.Active
	return u != nil && u.Protocol == facts.ProtocolUnknown && !u.Answered && len(u.Instead) > 0 && !slices.ContainsFunc(u.Instead, func(o facts.Shared) bool { return o.Kind != facts.SocketPlaintext })
}

// idle names the subset that takes the calls to a host and port, where none takes the cluster itself, and all that take them
// send TLS alone: each has a verdict of its own. "" where it is not so, or not known.
func (in Input) idle(s Subject) string {
	if s.Subset != "" || in.Elsewhere(s).Outcome != NotJudged || ledPlain(s) {
		return ""
	}
	to := ""
	for i := range in.Proxy.Upstreams {
		u := &in.Proxy.Upstreams[i]
		if !takes(s, u) {
			continue
		}
		sockets, seen := (Subject{Active: u}).InEffect()
		if !seen || len(sockets) == 0 || ledPlain(Subject{Active: u}) || slices.ContainsFunc(sockets, func(k facts.Socket) bool { return k.Kind != facts.SocketTLS }) {
			return ""
		}
		to = u.Cluster
	}
	return to
}

// Unrouted tells that a gateway sends nothing to the upstream: Istio gives a gateway clusters for every host that it sees, and
// it calls only those that its own listeners and routes lead to. NotJudged where that is sure, Unknown where a route leaves the
// choice among all clusters to the call, OK with no words for all others.
func (in Input) Unrouted(s Subject) Finding {
	if in.Proxy.Node.Kind != facts.NodeRouter || s.Active == nil || s.Active.Protocol != facts.ProtocolUnknown || in.Proxy.Starting {
		return Finding{Outcome: OK}
	}
	for _, f := range []facts.Fact{facts.FactListeners, facts.FactRoutes} {
		if _, missing := in.Proxy.Lacks(f); missing {
			return Finding{Outcome: OK}
		}
	}
	switch which := in.Proxy.AnyCluster; {
	case slices.ContainsFunc(s.Active.Listeners, func(l facts.Outbound) bool { return l.Unread != "" }):
		return Finding{Outcome: OK}
	case which != "":
		return Finding{Outcome: Unknown, Summary: "no listener and no route of the gateway names it, and one leads to " + which + ", which may be this one"}
	}
	return Finding{Outcome: NotJudged, Summary: "no listener and no route of the gateway leads there"}
}
