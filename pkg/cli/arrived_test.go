package cli

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// TestWaitedFor: what a recipe makes is waited for, and nothing else of the proxy: a gateway
// sees upstreams of the whole mesh, and one that somebody else broke would be waited for in vain.
func TestWaitedFor(t *testing.T) {
	theirs := facts.Policy{Object: facts.Ref{Kind: "PeerAuthentication", Namespace: "shop", Name: "theirs"}}
	for name, c := range map[string]struct {
		it   intent.Intent
		want string
	}{
		"origination": {intent.Intent{Recipe: intent.RecipeOrigination}, "MT001 MT011 MT019"},
		"client":      {intent.Intent{Recipe: intent.RecipeMutual, Role: intent.RoleClient}, "MT001 MT011 MT019"},
		"gateway":     {intent.Intent{Recipe: intent.RecipeMutual, Role: intent.RoleGateway}, "MT019"},
		"strict":      {intent.Intent{Recipe: intent.RecipeStrict, Name: "strict"}, "MT016"},
	} {
		m := &mesh{config: &facts.Config{Policies: []facts.Policy{theirs}}, intents: []intent.Intent{c.it}}
		var got []string
		for _, id := range []string{"MT001", "MT011", "MT013", "MT016", "MT019", "MT025"} {
			if waitedFor(check.Finding{ID: id, Outcome: check.Fail}, m) {
				got = append(got, id)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s waits for %s, want %s", name, s, c.want)
		}
		if waitedFor(check.Finding{ID: "MT016", Outcome: check.Fail, Object: theirs.Object.String()}, m) {
			t.Errorf("%s waits although a policy of somebody else wins", name)
		}
	}
}
