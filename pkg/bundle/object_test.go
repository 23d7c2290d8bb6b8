package bundle

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestStatusOfPolicies: whether Istio uses a BackendTLSPolicy only its status tells; that of other objects is nobody's business.
func TestStatusOfPolicies(t *testing.T) {
	for kind, want := range map[string]bool{facts.KindBackendPolicy: true, "Service": false} {
		text, err := Object(map[string]any{"kind": kind, "spec": map[string]any{}, "status": map[string]any{"ancestors": []any{"Conflicted"}}})
		if err != nil || strings.Contains(string(text), "Conflicted") != want {
			t.Errorf("%s: %v %s", kind, err, text)
		}
	}
}
