package conflict

import (
	"fmt"
	"maps"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// policyEffective: what Istio reads and ignores. Policies of others count only where
// their author may believe that they change what this plan does.
func policyEffective() *Conflict {
	return &Conflict{
		ID: "MT031", Name: "policy-effective",
		Doc: "Istio uses every part of the plan's PeerAuthentication, and of those beside it",
		Find: func(in Input) []check.Finding {
			var out []check.Finding
			root := in.There.RootNamespace
			for _, p := range in.Plan.Policies {
				if p.Object.Namespace == root && len(p.Selector) > 0 {
					out = append(out, fail(p.Object.String(), fmt.Sprintf("%s has a selector and stands in the root namespace %s, where Istio ignores it", p.Object, root), "enable it in the namespace of the workload (-n)"))
				}
				out = append(out, in.portsOfServices(p)...)
			}
			if len(in.Plan.Policies) == 0 {
				return out
			}
			for _, p := range in.others().Policies {
				switch {
				case p.Object.Namespace == root && len(p.Selector) > 0:
					out = append(out, warn(p.Object.String(), fmt.Sprintf("%s has a selector and stands in the root namespace %s, so Istio ignores it, and the plan counts for its workloads too", p.Object, root),
						fmt.Sprintf("move it to the namespace of its workloads, or delete it: kubectl delete peerauthentication %s -n %s", p.Object.Name, root)))
				case len(p.Ports) > 0 && len(p.Selector) == 0 && (p.Object.Namespace == in.Intent.Namespace || in.Intent.Mesh):
					out = append(out, warn(p.Object.String(), fmt.Sprintf("%s sets ports and has no selector: Istio uses modes of ports for selected workloads only, so they are no exceptions", p.Object),
						"give it a selector, or name the port at enable strict TARGET --port PORT=MODE"))
				}
			}
			return out
		},
	}
}

// portsOfServices finds exceptions for a port that is a Service's and no container's:
// Istio counts container ports, so the exception would be for nothing.
func (in Input) portsOfServices(p facts.Policy) []check.Finding {
	var out []check.Finding
	for _, port := range slices.Sorted(maps.Keys(p.Ports)) {
		target, service := 0, ""
		direct := false
		for _, pod := range in.Pods {
			if pod.Target.Namespace != p.Object.Namespace || !covers(p.Selector, pod.Target.Labels) {
				continue
			}
			direct = direct || slices.Contains(slices.Collect(maps.Values(pod.Ports)), port)
			for _, s := range in.There.Services {
				if !s.Picks(pod) {
					continue
				}
				for _, sp := range s.Ports {
					to := pod.PortOf(sp)
					direct = direct || to == port
					if sp.Number == port && to != port {
						target, service = to, s.Object.Name
					}
				}
			}
		}
		if service == "" || direct {
			continue
		}
		out = append(out, fail(p.Object.String(), fmt.Sprintf("port %d is that of Service %s, and Istio counts container ports: this exception is for a port that nobody listens on; the container's is %d", port, service, target),
			fmt.Sprintf("name port %d", target)))
	}
	return out
}
