package check

import (
	"cmp"
	"fmt"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// caCurrent: MT008.
func caCurrent() *Check {
	return &Check{
		ID: "MT008", Name: "ca-current",
		Doc:   "every certificate of the CA bundle is inside its validity, and so is its list of revoked ones where there is one",
		Needs: []facts.Fact{facts.FactClusters},
		Applies: func(in Input, s Subject) bool {
			for _, k := range s.TLSSockets() {
				if len(TrustOf(in.Proxy, k).CA) > 0 {
					return true
				}
			}
			return false
		},
		Upstream: func(in Input, s Subject) []Finding {
			worst := Finding{Outcome: OK, Summary: "the CA is current"}
			for _, k := range s.TLSSockets() {
				t := TrustOf(in.Proxy, k)
				f := worseOf(validity(in, t.CA, t.Source.Name == publicCAs), listsEnded(in, t))
				f.Object = ruleObject(s)
				if f.Outcome != OK && f.Fix == "" {
					f.Fix = newCA(s, k)
				}
				worst = worseOf(worst, f)
			}
			return one(worst)
		},
	}
}

// validity judges a bundle. A bundle of public roots always has old ones in it:
// there only a bundle without any valid certificate counts.
func validity(in Input, bundle []facts.Certificate, public bool) Finding {
	var dead, soon []facts.Certificate
	for _, c := range bundle {
		switch {
		case in.Now.After(c.NotAfter) || in.Now.Before(c.NotBefore):
			dead = append(dead, c)
		case in.Now.Add(in.Warn).After(c.NotAfter):
			soon = append(soon, c)
		}
	}
	switch {
	case len(bundle) > 0 && len(dead) == len(bundle):
		return Finding{Outcome: Fail, Summary: "the CA is outside its validity: every server certificate is refused", Got: period(dead[0]), Want: "a CA that is valid now"}
	case public:
	case len(dead) > 0:
		return Finding{Outcome: Warn, Summary: fmt.Sprintf("%d of %d certificates of the CA bundle are outside their validity", len(dead), len(bundle)), Got: period(dead[0]), Want: "only valid certificates"}
	case len(soon) > 0:
		return Finding{Outcome: Warn, Summary: fmt.Sprintf("the CA ends in %d days", int(soon[0].NotAfter.Sub(in.Now).Hours()/24)), Got: period(soon[0]), Want: "a CA that lasts"}
	}
	return Finding{Outcome: OK}
}

// newCA is what gives the upstream a CA that lasts; the mesh's own is istiod's.
func newCA(s Subject, k facts.Socket) string {
	if meshCA(k) {
		return "kubectl get secrets -A | grep -E 'cacerts|istio-ca-secret'   # the mesh's own CA: renew its root"
	}
	return cmp.Or(enableWith(s, "--ca-file FILE"), "give the proxy a bundle of certificates that last")
}

func period(c facts.Certificate) string {
	return fmt.Sprintf("%s is valid from %s to %s", c.Label(), c.NotBefore.UTC().Format(time.DateOnly), c.NotAfter.UTC().Format(time.DateOnly))
}
