package check

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// clusterUsed: MT017. A perfect cluster that no listener leads to proves nothing.
func clusterUsed() *Check {
	return &Check{
		ID: "MT017", Name: "cluster-used",
		Doc:   "a listener or route of the sidecar sends the application's plain traffic to the cluster, all of it",
		Needs: []facts.Fact{facts.FactClusters, facts.FactListeners},
		Applies: func(in Input, s Subject) bool {
			// A gateway holds clusters for all; with --all a cluster that nobody asked for may be idle.
			return s.Active != nil && s.Host != "" && (in.wanted(s) || ledPlain(s)) && in.Proxy.Node.Kind != facts.NodeRouter && (hasTLSSocket(in, s) || len(s.Active.Members) > 0)
		},
		Upstream: func(in Input, s Subject) []Finding {
			if !in.wanted(s) {
				return warned(slices.Concat(shared(in, s), instead(in, s)))
			}
			if s.Active.Protocol != facts.ProtocolUnknown {
				if lost := detour(in, s); len(lost) > 0 {
					return lost
				}
				return one(doubleTLS(in, s))
			}
			if in.Proxy.Starting {
				return one(Finding{Outcome: Unknown, Summary: "the proxy is starting: it has not received its listeners yet", Got: "server.state INITIALIZING", Want: "a proxy that is LIVE", Fix: in.again(s, "")})
			}
			if why, missing := in.Proxy.Lacks(facts.FactRoutes); missing {
				return one(Finding{Outcome: Unknown, Summary: "whether anything leads to the cluster is not known", Got: why, Want: "the routes section of config_dump"})
			}
			if hidden := unread(in, s); len(hidden) > 0 {
				return hidden
			}
			if other := usedSibling(in, s); other != nil {
				return one(stoodFor(in, s, other))
			}
			for _, f := range []Finding{handedOn(s), answeredHere(s)} {
				if f.Summary != "" {
					return one(f)
				}
			}
			if led := instead(in, s); len(led) > 0 {
				return led
			}
			return one(Finding{Outcome: Fail, Object: ruleObject(s), Summary: "no listener or route of the sidecar sends traffic to this cluster: calls to " + s.Host + " go another way, perhaps in plaintext",
				Got: "no tcp_proxy and no route names " + s.Cluster, Want: "a listener or route that leads to it: a VirtualService, or another ServiceEntry on the same TCP port, may lead it elsewhere",
				Fix: "kubectl get virtualservices,serviceentries -A"})
		},
	}
}

// usedSibling names another cluster of the same host that traffic does go to:
// with a VirtualService to a subset, or to another port, that cluster works and the plain
// one is idle. That another port of the host has calls of its own says nothing of this one's.
func usedSibling(in Input, s Subject) *facts.Upstream {
	for i := range in.Proxy.Upstreams {
		u := &in.Proxy.Upstreams[i]
		if u.Host == s.Host && u.Cluster != s.Cluster && ledTo(s, u) && len((Subject{Active: u}).TLSSockets()) > 0 {
			return u
		}
	}
	return nil
}

// ledTo tells whether calls to the subject's port get to another cluster. A subset that nobody calls is no loss while another
// cluster of the port has the calls, or the subset has them on another port.
func ledTo(s Subject, u *facts.Upstream) bool {
	switch {
	case u.Protocol == facts.ProtocolUnknown:
		return false
	case s.Subset != "":
		return u.Port == s.Port || u.Subset == s.Subset
	}
	return slices.ContainsFunc(s.Active.Instead, func(c facts.Shared) bool { return c.Cluster == u.Cluster }) ||
		slices.ContainsFunc(s.Active.Listeners, func(l facts.Outbound) bool {
			return l.Port == s.Port && slices.Contains(l.Clusters, u.Cluster)
		})
}

// stoodFor judges the cluster that calls go to in place of the subject's: nobody may have asked about it.
func stoodFor(in Input, s Subject, u *facts.Upstream) Finding {
	other := Subject{Cluster: u.Cluster, Host: u.Host, Port: u.Port, Subset: u.Subset, Active: u, Decision: s.Decision, Intent: s.Intent}
	worst := Finding{Outcome: OK, Summary: "traffic of this host goes to " + u.Cluster}
	sockets, known := other.InEffect()
	if !known {
		worst = Finding{Summary: "what is sent to " + u.Cluster + ", where traffic of this host goes, is not known", Got: "its endpoints decide, and were not seen", Want: "TLS to all"}
	}
	for _, k := range sockets {
		if k.Kind != facts.SocketTLS {
			f := transportOf(in, other, k)
			if f.Outcome == Fail && !in.promised(s) {
				f.Outcome = Warn
			}
			worst = worseOf(worst, f)
			continue
		}
		worst = worseOf(worseOf(worst, validates(in, other, k)), nameOf(in, other, k))
	}
	if worst.Outcome != OK && known {
		worst.Summary = "traffic of this host goes to " + u.Cluster + ": " + worst.Summary
	}
	return worst
}

// doubleTLS: a port whose protocol is TLS or HTTPS expects TLS of the application
// and finds the cluster by the SNI in it; the sidecar's own TLS then goes around
// that (istio: a ServiceEntry port of such a protocol gets a filter chain with
// server_names). An HTTP route to the cluster (port 80 led to 443) is as it should be.
func doubleTLS(in Input, s Subject) Finding {
	object, protocol := portProtocol(in, s)
	if s.Active.Protocol != facts.ProtocolTCP || (protocol != "TLS" && protocol != "HTTPS") {
		return Finding{Outcome: OK, Summary: "the sidecar leads traffic to the cluster"}
	}
	return Finding{Outcome: Fail, Object: object, Summary: "the port expects TLS of the application itself: plain traffic does not reach the cluster, and TLS would be wrapped in TLS",
		Got: "protocol " + protocol + " in the ServiceEntry", Want: "the protocol that the application speaks to its sidecar: TCP or HTTP", Fix: enableAgain(s)}
}

// portProtocol is what the objects say of the port, in upper case, and which does.
func portProtocol(in Input, s Subject) (object, protocol string) {
	if in.Config == nil {
		return "", ""
	}
	for _, svc := range in.rules().Services(s.Host) {
		for _, p := range svc.Ports {
			if p.Number == s.Port {
				return svc.Object.String(), strings.ToUpper(p.Protocol)
			}
		}
	}
	return "", ""
}
