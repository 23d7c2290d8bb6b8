package conflict

import (
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// routeAlone: sidecars take one VirtualService for a host, the oldest that they see, of
// whatever namespace; for gateways several are merged, for the mesh they are not.
func routeAlone() *Conflict {
	return &Conflict{
		ID: "MT036", Name: "route-alone",
		Doc: "no other VirtualService leads the host's calls past the plan's TLS",
		Find: func(in Input) []check.Finding {
			if !toHost(in.Intent) || in.Intent.ThroughGateway() && !in.Intent.LeadsToGateway() { // gateways take no route of the mesh
				return nil
			}
			var out []check.Finding
			for _, r := range in.Steering.Routes {
				if in.ours(r.Object, r.Owner) || !r.Mesh || !slices.ContainsFunc(r.Hosts, func(h string) bool { return hostCovers(fullName(h, r.Object.Namespace), in.Intent.Target()) }) {
					continue
				}
				if !in.seen(r.Object, r.ExportTo) {
					continue
				}
				if f, found := in.route(r); found {
					out = append(out, f)
				}
			}
			return out
		},
	}
}

func (in Input) route(r facts.Route) (check.Finding, bool) {
	it := in.Intent
	exact := slices.Contains(r.Hosts, it.Target())
	byRoute := it.Leads() && it.Form == intent.FormVirtualService
	if exact && byRoute {
		if it.ThroughGateway() {
			return fail(r.Object.String(), fmt.Sprintf("%s already routes %s, and Istio takes one for a host", r.Object, it.Target()),
				fmt.Sprintf("lead its port %d to %s:%d, subset %s, there, or delete it", it.Ports[0].Number, it.Host, it.TLSPort, it.Subset)), true
		}
		return fail(r.Object.String(), fmt.Sprintf("%s already routes %s, and Istio takes one for a host", r.Object, it.Host),
			fmt.Sprintf("lead its port %d to %d there, or delete it, or, where it keeps to port %d, use --form %s", it.Ports[0].Number, it.TLSPort, it.Ports[0].Number, intent.FormTargetPort)), true
	}
	for _, p := range it.Ports {
		for _, d := range r.To {
			if len(d.From) > 0 && !slices.Contains(d.From, p.Number) {
				continue
			}
			host := fullName(d.Host, r.Object.Namespace)
			if byRoute || host == it.Host && (d.Port == 0 || slices.Contains(it.TLSPorts(), d.Port)) {
				continue
			}
			to := host
			if d.Port != 0 {
				to = fmt.Sprintf("%s:%d", host, d.Port)
			}
			return fail(r.Object.String(), fmt.Sprintf("%s already routes %s: it leads calls to port %d to %s, past the plan's TLS", r.Object, it.Host, p.Number, to),
				fmt.Sprintf("take the route for %s out of it, or make TLS of what it leads to", it.Host)), true
		}
	}
	return check.Finding{}, false
}
