package status

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestRefusedPolicy: plaintext because Istio refuses the BackendTLSPolicy, or its CA, is a failure that names it; another port's
// policy is none of the row's business.
func TestRefusedPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*facts.Rule)
		want check.Outcome
		says string
	}{
		"refused":                   {func(r *facts.Rule) { r.Unused = "no such port" }, check.Fail, "Istio refuses BackendTLSPolicy shop/tls: no such port: "},
		"its CA is gone":            {func(r *facts.Rule) { r.BadCA = "no such ConfigMap" }, check.Fail, "Istio cannot use the CA that BackendTLSPolicy shop/tls names (no such ConfigMap): "},
		"refused, for another port": {func(r *facts.Rule) { r.Unused, r.Port = "no such ConfigMap", 81 }, check.Warn, ""},
	} {
		in := shop()
		plainPod(&in)
		sends(&in, plainSocket())
		rule(&in, "SIMPLE")
		in.Config.Rules[0].Object = facts.Ref{Kind: facts.KindBackendPolicy, Namespace: "shop", Name: "tls"}
		c.edit(&in.Config.Rules[0])
		r := Of(in)[0]
		why := strings.Join(r.Why, "\n")
		if r.Verdict != check.VerdictPlaintext || r.Outcome != c.want || !strings.Contains(why, c.says) || c.says == "" && strings.Contains(why, "BackendTLSPolicy") {
			t.Errorf("%s: %s %s %q, want %s %q", name, r.Verdict, r.Outcome, why, c.want, c.says)
		}
	}
}
