//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// TestPolicy proves that --min-tls and --policy judge what a connection can be: what istiod gives every upstream is too
// weak for 1.3 and for pqc, what an EnvoyFilter narrows keeps to them while traffic goes on, and inbound ports are judged too.
func TestPolicy(t *testing.T) {
	s := newSuite(t)
	needLab(t, s)
	f := &field{suite: s, namespace: s.namespace(t, "policy", true), right: newAuthority(t, s.work, "e2e-policy-ca", nil, leaf{})}
	s.deploy(t, workload{namespace: f.namespace, name: "client"})
	x := &site{field: f, name: "policy", host: "policy.e2e.example.internal", port: firstPort + 190, client: "client", ca: "secret"}
	t.Cleanup(func() { x.remove(t) })
	x.serve(t, f.right, leaf{names: []string{x.host}})
	x.node(t)
	if r := x.enable(t); r.code != 0 {
		t.Fatalf("%s", r)
	}
	for _, args := range [][]string{{"--min-tls", "1.3"}, {"--policy", "pqc"}, {"--policy", "fips"}} {
		x.judged(t, 1, "MT026", "FAIL", args...)
	}
	x.judged(t, 0, "MT026", "OK", "--min-tls", "1.2")
	r := x.plugin(t, "verify", "deploy/client", "-n", x.namespace, "--min-tls", "1.3", "-o", "json")
	if d := read(t, r); r.code != 1 || !strings.Contains(d.bad(""), "MT027") {
		t.Errorf("the inbound side is not judged: exit code %d\n%s", r.code, d.bad(""))
	}
	x.narrow(t, "tls_minimum_protocol_version: TLSv1_3")
	x.judged(t, 0, "MT026", "OK", "--min-tls", "1.3")
	if !x.ping(t, proxyTime) {
		t.Error("no answer by TLS 1.3")
	}
	x.judged(t, 1, "MT026", "FAIL", "--policy", "pqc")
	x.narrow(t, "tls_minimum_protocol_version: TLSv1_3, ecdh_curves: [X25519MLKEM768]")
	x.judged(t, -1, "MT026", "OK", "--policy", "pqc") // whether the server can do it is another question: Redis' OpenSSL may not
}

// narrow sets tls_params of the site's cluster.
func (x *site) narrow(t *testing.T, params string) {
	t.Helper()
	x.apply(t, fmt.Sprintf(`{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: policy, namespace: %s}, spec: {configPatches: [{applyTo: CLUSTER,
		match: {context: SIDECAR_OUTBOUND, cluster: {service: %s}}, patch: {operation: MERGE, value: {transport_socket: {name: envoy.transport_sockets.tls, typed_config: {
		"@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext, common_tls_context: {tls_params: {%s}}}}}}}]}}`, x.namespace, x.host, params))
}

// judged asks until a check has the outcome; code -1 is any.
func (x *site) judged(t *testing.T, code int, id, outcome string, args ...string) {
	t.Helper()
	var r result
	var found finding
	took, ok := until(proxyTime, func() bool {
		r = x.verify(t, append([]string{"-o", "json"}, args...)...)
		for _, f := range read(t, r).findings(x.cluster(), outcome) {
			if f.ID == id {
				found = f
				return code < 0 || r.code == code
			}
		}
		return false
	})
	if !ok {
		t.Fatalf("%v: after %s exit code %d, want %d and %s %s\n%s", args, took, r.code, code, id, outcome, read(t, r).bad(x.cluster()))
	}
	t.Logf("proves: %v: exit code %d, %s", args, r.code, found)
}
