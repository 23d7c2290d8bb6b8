package check

import (
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Where auto mTLS is off, an intent of recipe strict leaves plaintext to a port that takes nothing else, by a DISABLE of
// its own: that is no TLS that is lacking. Somebody else's DISABLE goes on to be shown.
func TestLeftPlain(t *testing.T) {
	const host = "web.shop.svc.cluster.local"
	for name, c := range map[string]struct {
		owner, namespace, mode string
		meant                  bool
	}{
		"of the intent":       {"strict", "shop", "DISABLE", false},
		"its mutual TLS":      {"strict", "shop", "ISTIO_MUTUAL", true},
		"of nobody":           {"", "shop", "DISABLE", true},
		"of another intent":   {"api", "shop", "DISABLE", true},
		"of another strict":   {"strict", "other", "DISABLE", true},
		"somebody's own TLS":  {"", "shop", "SIMPLE", true},
		"nothing said of TLS": {"", "shop", "", false},
	} {
		rule := facts.Rule{Object: facts.Ref{Kind: "DestinationRule", Namespace: c.namespace, Name: "strict-web"}, Host: host, Policy: true, HasTLS: c.mode != "", Mode: c.mode, Owner: c.owner}
		in := Input{
			Intents: []intent.Intent{{Recipe: intent.RecipeStrict, Name: "strict", Namespace: "shop"}},
			Config:  &facts.Config{RootNamespace: "istio-system", Rules: []facts.Rule{rule}},
			Proxy: &facts.Proxy{Target: facts.Target{Namespace: c.namespace, Pod: "x", Labels: map[string]string{}},
				Upstreams: []facts.Upstream{{Cluster: "outbound|80||" + host, Direction: "outbound", Host: host, Port: 80, State: facts.StateActive, Socket: facts.Socket{Kind: facts.SocketPlaintext}}}},
		}
		if got := Subjects(in)[0].Meant; got != c.meant {
			t.Errorf("%s: meant %t, want %t", name, got, c.meant)
		}
	}
}
