//go:build e2e

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// gatewayAPILab is an instance of this test's own: CRDs of Gateway API make "gateway" mean another kind to kubectl.
const gatewayAPILab = "k"

// TestGatewayAPI proves that TLS which a BackendTLSPolicy of Gateway API asks for is judged as a DestinationRule's is, at a
// sidecar and at a gateway that Istio makes of a Gateway: OK where it holds, and the policy's name where calls are answered
// although nobody checks the server's name, or nobody encrypts, or an HTTPRoute leads them elsewhere.
func TestGatewayAPI(t *testing.T) {
	s := newSuite(t)
	needLab(t, s)
	t.Parallel()
	crds := publishedCRDs(t, filepath.Join("lab", "parts"), "sigs.k8s.io/gateway-api", filepath.Join("config", "crd", "standard"))
	s.labUp(t, gatewayAPILab)
	own := s.on(t, gatewayAPILab)
	own.kubeCRDs(t, crds)
	x := &backendSite{suite: own, namespace: own.namespace(t, "backend", false), clients: own.namespace(t, "backend-client", true)}
	x.serve(t)

	x.policy(t, "sectionName: tls", x.host(), "right", x.host())
	x.want(t, wanted{answers: 80, code: 0, cluster: 80, tells: []string{"OK MT011"}})
	t.Log("proves: a policy that holds is OK, at the sidecar and at the gateway")

	x.policy(t, "sectionName: tls", "other.example.internal", "right", "")
	x.want(t, wanted{answers: 80, code: 1, cluster: 80, tells: []string{"FAIL MT006", "BackendTLSPolicy " + x.namespace + "/tls", "kubectl patch backendtlspolicy"}})
	t.Log("proves: a server that is not the policy's hostname answers, and verify says that nobody checks it")

	x.policy(t, "sectionName: nope", x.host(), "right", x.host())
	x.want(t, wanted{answers: 81, code: 1, cluster: 81, tells: []string{"FAIL MT002", "refuses BackendTLSPolicy " + x.namespace + "/tls", `sectionName "nope" does not exist`}})
	t.Log("proves: a policy for a port that is not there does nothing, and verify names it")

	x.policy(t, "", x.host(), "gone", x.host())
	x.sidecarOnly = true // a gateway refuses
	x.want(t, wanted{answers: 81, code: 1, cluster: 81, tells: []string{"FAIL MT002", "cannot use the CA that BackendTLSPolicy " + x.namespace + "/tls names"}})
	must(t, x.plugin(t, "bundle", "deploy/web", "-n", x.clients, "-o", "policy.tar.gz"), 0)
	if r := must(t, x.plugin(t, "verify", "--bundle", "policy.tar.gz"), 1); !strings.Contains(r.out, "cannot use the CA") {
		t.Errorf("of the bundle verify says something else:\n%s", r)
	}
	t.Log("proves: without its CA a policy is plaintext, a server without TLS answers, and verify says so, of a bundle too")

	x.policy(t, "sectionName: tls", x.host(), "right", x.host())
	x.apply(t, fmt.Sprintf(`{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: detour, namespace: %s}, spec: {
		parentRefs: [{group: "", kind: Service, name: db, port: 80}], rules: [{backendRefs: [{name: db, port: 81}]}]}}`, x.namespace))
	x.want(t, wanted{answers: 80, code: 1, cluster: 80, tells: []string{"FAIL MT017"}})
	t.Log("proves: an HTTPRoute that leads a Service's calls past the TLS is found")
}

// kubeCRDs installs CRDs and waits until Istio has made its classes of gateways.
func (s *suite) kubeCRDs(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "gateway.networking.k8s.io_*s.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no CRDs in %s: %v", dir, err)
	}
	args := []string{"apply", "--server-side"}
	for _, f := range files {
		if !strings.Contains(f, "_vap_") {
			args = append(args, "-f", f)
		}
	}
	s.kube(t, args...)
	if took, ok := until(podTime, func() bool { return s.try(t, "get", "gatewayclass", "istio").code == 0 }); !ok {
		t.Fatalf("istiod made no class of gateways in %s", took)
	}
}
