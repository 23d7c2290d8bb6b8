package cluster

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/build"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/manifests"
)

const small = `apiVersion: v1
kind: CustomResourceDefinition
metadata:
  name: x
---
apiVersion: v1
kind: ConfigMap
metadata:
  labels:
    name: wrong
  name: istio
  namespace: istio-system
data:
  name: nor this
`

func TestSplit(t *testing.T) {
	large := small + "---\nkind: Service\nmetadata:\n  name: gw\n"
	crds, istio, gateway := split(small, large)
	if len(crds) != 1 || len(istio) != 1 || len(gateway) != 1 {
		t.Fatalf("split: %d %d %d documents, want one each", len(crds), len(istio), len(gateway))
	}
	if got := identity(istio[0]); got != "ConfigMap istio-system istio" {
		t.Errorf("identity = %q", got)
	}
	if got := identity(gateway[0]); got != "Service  gw" {
		t.Errorf("identity = %q", got)
	}
}

// The manifests kept in the tree must be those of the lab's settings: stock
// Envoy rejects every listener otherwise.
func TestKeptManifests(t *testing.T) {
	for want, in := range map[string][]byte{
		"kind: MutatingWebhookConfiguration":   manifests.Istio,
		"docker.io/lab/pilot:1":                manifests.Istio,
		"PILOT_ENABLE_METADATA_EXCHANGE":       manifests.Istio,
		"concurrency: 1":                       manifests.Istio,
		"destinationrules.networking.istio.io": manifests.CRDs,
		"name: istio-ingressgateway":           manifests.Gateway,

		"app.kubernetes.io/version: " + build.IstioVersion:   manifests.Istio,
		"helm.sh/chart: istio-ingress-" + build.IstioVersion: manifests.Gateway,
	} {
		if !strings.Contains(string(in), want) {
			t.Errorf("the manifests lack %q: run \"lab manifests e2e/lab/manifests\"", want)
		}
	}
}

func TestReleased(t *testing.T) {
	const text = "    app.kubernetes.io/version: 1.0.0\n    helm.sh/chart: istiod-1.0.0\n  version: 1.0.0\n  image: x:1.0.0"
	const want = "    app.kubernetes.io/version: 1.2.3\n    helm.sh/chart: istiod-1.2.3\n  version: 1.0.0\n  image: x:1.0.0"
	if got := released(text, "1.2.3"); got != want {
		t.Errorf("released:\n%s\nwant\n%s", got, want)
	}
}
