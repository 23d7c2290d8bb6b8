package conflict

import (
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// policyAlone: of several PeerAuthentications at one scope Istio takes the oldest, so
// that one of the two would be without effect (istio pilot/pkg/security/authn,
// ComposePeerAuthentication).
func policyAlone() *Conflict {
	return &Conflict{
		ID: "MT030", Name: "policy-alone",
		Doc: "no other PeerAuthentication stands at the scope of the plan's",
		Find: func(in Input) []check.Finding {
			var out []check.Finding
			for _, mine := range in.Plan.Policies {
				for _, p := range in.others().Policies {
					if !sameScope(mine, p) {
						continue
					}
					if p.Owner != "" {
						out = append(out, fail(p.Object.String(), fmt.Sprintf("%s is already there for the same workloads: it is of %q, which alone can give it back, and of two the oldest counts", p.Object, p.Owner),
							fmt.Sprintf("kubectl mesh-tls disable %s -n %s", p.Owner, p.Object.Namespace)))
						continue
					}
					out = append(out, fail(p.Object.String(), fmt.Sprintf("%s is already there for the same workloads and was not made by this tool as %q; of two the oldest counts, so take it over with --adopt, or delete it",
						p.Object, in.Intent.Name), fmt.Sprintf("kubectl get peerauthentication %s -n %s -o yaml, then --adopt, or kubectl delete peerauthentication %s -n %s", p.Object.Name, p.Object.Namespace, p.Object.Name, p.Object.Namespace)))
				}
			}
			return out
		},
	}
}

// sameScope: the mesh, a namespace, or selectors that one pod can match together.
func sameScope(a, b facts.Policy) bool {
	return a.Object.Namespace == b.Object.Namespace && (len(a.Selector) == 0) == (len(b.Selector) == 0) && meet(a.Selector, b.Selector)
}
