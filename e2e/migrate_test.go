//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// oldMesh is what an article of the time had people apply: a Service's port takes mutual TLS only, and clients send it.
const oldMesh = `
apiVersion: authentication.istio.io/v1alpha1
kind: Policy
metadata: {name: web, namespace: %[1]s}
spec:
  targets:
  - name: web
    ports: [{number: 80}]
  peers:
  - mtls: {}
---
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: web, namespace: %[1]s}
spec:
  host: web.%[1]s.svc.cluster.local
  traffic_policy:
    tls: {mode: ISTIO_MUTUAL}
`

// oldServer has a port that its Service leads to by a name.
const oldServer = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: %[1]s}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: page}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: %[1]s}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, sidecar.istio.io/inject: "true"}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: app, image: %[2]s, command: [python3, -m, http.server, "8080"], ports: [{name: page, containerPort: 8080}]}]
`

// TestMigrate proves that what `migrate` writes of an old Policy does today what it did then: who has no sidecar is
// refused on the port of the Service, found by the cluster's own Service and pods; who has one is not.
func TestMigrate(t *testing.T) {
	s := newSuite(t)
	needLab(t, s)
	t.Logf("proves: a v1alpha1 Policy for a Service's port, migrated with the cluster's Services, closes the container port to plaintext and to nothing else")
	namespace := s.namespace(t, "migrate", true)
	s.apply(t, fmt.Sprintf(oldServer, namespace, s.image))
	s.deploy(t, workload{namespace: namespace, name: "meshed"}, workload{namespace: namespace, name: "plain", plain: true})
	s.kube(t, "rollout", "status", "deploy/web", "-n", namespace, fmt.Sprintf("--timeout=%s", podTime))
	get := func(client string) string {
		return strings.TrimSpace(s.try(t, "exec", "-n", namespace, "deploy/"+client, "-c", "app", "--",
			"curl", "-s", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", "http://web."+namespace+"/").out)
	}
	want := func(when, client, code string) {
		t.Helper()
		got := ""
		if took, ok := until(proxyTime, func() bool { got = get(client); return got == code }); !ok {
			t.Fatalf("%s: %s gets %s after %s, want %s", when, client, got, took, code)
		}
	}
	old := write(t, s.work+"/old.yaml", []byte(fmt.Sprintf(oldMesh, namespace)))

	t.Log("1. before: the default of today lets both in")
	want("before", "plain", "200")
	want("before", "meshed", "200")

	t.Log("2. migrated: port 80 of the Service is 8080 of the container; Istio takes what came out")
	r := must(t, s.plugin(t, "migrate", "-f", old), 0)
	for _, words := range []string{"Service web port 80 is container port 8080 of the pods app=web: STRICT", "field_names are fieldNames", "took plaintext only (DISABLE) then"} {
		if !strings.Contains(r.err, words) {
			t.Errorf("stderr does not say %q:\n%s", words, r.err)
		}
	}
	s.apply(t, r.out)
	want("migrated", "plain", "000")
	want("migrated", "meshed", "200")

	t.Log("3. without the cluster nothing is guessed; with it, what auto mTLS does may be left out")
	if r := must(t, s.plugin(t, "migrate", "-f", old, "--offline"), 2); strings.Contains(r.out, "PeerAuthentication") {
		t.Errorf("%s", r)
	}
	r = must(t, s.plugin(t, "migrate", "-f", old, "--drop-redundant"), 0)
	if strings.Contains(r.out, "DestinationRule") || !strings.Contains(r.out, "PeerAuthentication") {
		t.Errorf("%s", r)
	}
	other := write(t, s.work+"/other.yaml", []byte(strings.Replace(fmt.Sprintf(oldMesh, namespace), "name: web, namespace", "name: else, namespace", 1)))
	if r := must(t, s.plugin(t, "migrate", "-f", other), 2); !strings.Contains(r.err, "conflict: PeerAuthentication "+namespace+"/web is in the cluster already") {
		t.Errorf("a second policy for the same pods is not noticed: %s", r)
	}
	s.kube(t, "delete", "destinationrule", "web", "-n", namespace)
	want("without the rule", "meshed", "200")
	want("without the rule", "plain", "000")
}
