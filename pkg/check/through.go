package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// ofGateway tells whether a rule is that of an egress gateway for its own pods: that
// clients do not see it is no mistake, their calls are led to the gateway.
func (in Input) ofGateway(r facts.Rule) bool {
	return slices.ContainsFunc(in.Intents, func(it intent.Intent) bool {
		return it.LeadsToGateway() && r.Owner == it.Name && r.Object.Namespace == it.Namespace
	})
}

// Via gives what the user asked about as the proxy has it: where the proxy's calls to a
// host are led to an egress gateway, the gateway's subset stands for the host's plain
// port. Ports that are not led there, and other hosts, stay what they are.
func (in Input) Via() []To {
	var out []To
	for _, t := range in.To {
		led := slices.IndexFunc(in.Intents, func(it intent.Intent) bool {
			_, away := it.RoutedFrom(t.Port)
			return it.LeadsToGateway() && strings.EqualFold(it.SNI, t.Host) && (t.Port == 0 || away) && in.Covers(it)
		})
		if led >= 0 {
			it := in.Intents[led]
			t = To{Host: it.Host, Port: it.TLSPort, Subset: it.Subset}
		}
		out = append(out, t)
	}
	return out
}

// bypassed tells when calls to the host go past the gateway that they should take: the
// gateway's cluster may be perfect, and a route leads to the host's own all the same.
func bypassed(in Input, s Subject) []Finding {
	it := s.Intent
	if !it.LeadsToGateway() {
		return nil
	}
	f := Finding{Object: facts.Ref{Kind: "VirtualService", Namespace: it.Namespace, Name: it.Name}.String(),
		Want: "every call to http://" + it.SNI + " led to " + s.Cluster, Fix: enableAgain(s)}
	if why, missing := in.Proxy.Lacks(facts.FactRoutes); missing {
		f.Outcome, f.Summary, f.Got = Unknown, "whether calls to "+it.SNI+" go past the gateway is not known", why
		return one(f)
	}
	for _, u := range in.Proxy.Upstreams {
		if u.Direction == "inbound" || !strings.EqualFold(u.Host, it.SNI) || u.Protocol != facts.ProtocolHTTP && u.Protocol != facts.ProtocolMixed {
			continue
		}
		f.Outcome, f.Summary = Fail, fmt.Sprintf("calls to http://%s go past the gateway %s, or some of them do: they leave the sidecar in plaintext", it.SNI, it.Host)
		if u.Socket.Kind == facts.SocketTLS {
			f.Summary = fmt.Sprintf("calls to http://%s go past the gateway %s, or some of them do", it.SNI, it.Host)
		}
		f.Got = "an HTTP route of the proxy leads to " + u.Cluster + ": a VirtualService was changed, or another one wins"
		return one(f)
	}
	return nil
}

// beyond tells when nothing asks for TLS on the rest of the way: the hop to the gateway may be perfect, and the gateway sends
// plaintext on. What its proxy really has, verify of the gateway tells.
func beyond(in Input, s Subject) []Finding {
	it := s.Intent
	if _, lacks := in.lacksRules(); lacks || !it.LeadsToGateway() {
		return nil
	}
	gateway := facts.Client{Namespace: it.Namespace, Labels: it.Through.Workload}
	for _, r := range in.Config.Rules {
		if !wantsTLS(r) || r.Mode == "DISABLE" {
			continue
		}
		if d := in.rules().Effective(gateway, it.SNI, r.Port, r.Subset); d.Found && wantsTLS(d.Rule) && d.Rule.Mode != "DISABLE" {
			return nil
		}
	}
	return one(Finding{Outcome: Fail, Object: facts.Ref{Kind: "DestinationRule", Namespace: it.Namespace, Name: it.Name}.String(),
		Summary: fmt.Sprintf("beyond the gateway %s nothing asks for TLS: it sends the calls to %s on in plaintext", it.Host, it.SNI),
		Got:     "no DestinationRule with TLS for " + it.SNI + " counts for the gateway's pods", Want: "TLS from the gateway to " + it.SNI, Fix: enableAgain(s)})
}
