package cli

import (
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// A policy for fewer workloads than the intent's is an exception, and no reason to take the intent back; one of the same
// scope or a wider one leaves it without effect, and is.
func TestExcepted(t *testing.T) {
	policy := func(namespace string, selector map[string]string) facts.Policy {
		return facts.Policy{Object: facts.Ref{Kind: "PeerAuthentication", Namespace: namespace, Name: "theirs"}, Selector: selector, Mode: facts.ModePermissive}
	}
	app := map[string]string{"app": "db"}
	mesh, space, workload := policy("istio-system", nil), policy("shop", nil), policy("shop", app)
	for name, c := range map[string]struct {
		it   intent.Intent
		p    facts.Policy
		want bool
	}{
		"mesh, of the mesh":          {intent.Intent{Namespace: "istio-system", Mesh: true}, mesh, false},
		"mesh, of a namespace":       {intent.Intent{Namespace: "istio-system", Mesh: true}, space, true},
		"namespace, of a workload":   {intent.Intent{Namespace: "shop"}, workload, true},
		"namespace, of the same":     {intent.Intent{Namespace: "shop"}, space, false},
		"workload, of the same":      {intent.Intent{Namespace: "shop", Workload: app}, workload, false},
		"workload, of its namespace": {intent.Intent{Namespace: "shop", Workload: app}, space, false},
	} {
		c.it.Recipe = intent.RecipeStrict
		config := &facts.Config{RootNamespace: "istio-system", Policies: []facts.Policy{c.p}}
		f := check.Finding{ID: "MT016", Outcome: check.Fail, Object: c.p.Object.String()}
		if got := notOfThisChange(f, c.it, config); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
		f.Object = "PeerAuthentication shop/another"
		if notOfThisChange(f, c.it, config) {
			t.Errorf("%s: the finding is about another object", name)
		}
	}
}
