package conflict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// gatewayThere: an egress gateway that is not there, or that is another's for this host,
// takes every call of the clients with it. Of two Gateways that open one port for one
// host at the same pods the oldest counts (istio pilot/pkg/model/gateway.go, mergeGateways).
func gatewayThere() *Conflict {
	return &Conflict{
		ID: "MT044", Name: "gateway-there",
		Doc: "the egress gateway has a Service with the port, pods with a proxy and the identity that is demanded, and no other Gateway opens the host there",
		Find: func(in Input) []check.Finding {
			it := in.Intent
			if !it.ThroughGateway() || it.LeadsToGateway() {
				return nil
			}
			var out []check.Finding
			n := slices.IndexFunc(in.There.Services, func(s facts.Service) bool {
				return s.Object.Kind == "Service" && slices.Contains(s.Hosts, it.Through.Service)
			})
			if n < 0 {
				if in.lacks("MT044") {
					return nil
				}
				out = append(out, fail("", "there is no Service "+it.Through.Service+": every call of the clients would fail", "install the gateway first, or name another one with --through-gateway"))
			} else {
				out = append(out, in.gatewayService(in.There.Services[n])...)
			}
			for _, g := range in.Steering.Gateways {
				if g.Port != it.Through.Port || in.ours(g.Object, g.Owner) || !meet(g.Selector, it.Through.Workload) || !slices.ContainsFunc(g.Hosts, func(h string) bool { return strings.EqualFold(h, it.Host) }) {
					continue
				}
				out = append(out, fail(g.Object.String(), fmt.Sprintf("%s already opens port %d for %s at the same gateway, and of two only the oldest counts", g.Object, g.Port, it.Host),
					"take the host out of it; an intent of this tool is widened to more namespaces with --export-to"))
			}
			return out
		},
	}
}

// lacks tells whether something could not be read without which the conflict is not known.
func (in Input) lacks(id string) bool {
	return slices.ContainsFunc(in.Missing, func(m Missing) bool { return slices.Contains(m.IDs, id) })
}

func (in Input) gatewayService(s facts.Service) []check.Finding {
	t := in.Intent.Through
	if !slices.ContainsFunc(s.Ports, func(p facts.Port) bool { return p.Number == t.Port }) {
		return []check.Finding{fail(s.Object.String(), fmt.Sprintf("%s does not open port %d: every call of the clients would fail", s.Object, t.Port),
			"name a port that it has: --through-gateway SERVICE.NAMESPACE:PORT")}
	}
	if slices.ContainsFunc(in.Missing, func(m Missing) bool { return strings.HasPrefix(m.What, "pods of") }) {
		return nil
	}
	var strange []string
	behind := 0
	for _, p := range in.Pods {
		if !s.Picks(p) || !p.Proxied() {
			continue
		}
		behind++
		id := "/ns/" + p.Target.Namespace + "/sa/" + p.ServiceAccount
		if !slices.ContainsFunc(t.Identities, func(known string) bool { return strings.HasSuffix(known, id) }) && !slices.Contains(strange, id) {
			strange = append(strange, id)
		}
	}
	switch {
	case behind == 0:
		return []check.Finding{fail(s.Object.String(), fmt.Sprintf("no running pod with a proxy is behind %s: every call of the clients would fail", s.Object), "start the gateway first")}
	case len(strange) > 0:
		return []check.Finding{fail(s.Object.String(), fmt.Sprintf("pods behind %s have another identity than the sidecars would demand: %s", s.Object, strings.Join(strange, ", ")),
			"enable it again with --through-gateway, which looks the identities up; or name them in through.identities")}
	}
	return nil
}
