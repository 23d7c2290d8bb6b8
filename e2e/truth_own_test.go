//go:build e2e

package e2e

import (
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
)

// ownTable is the part of docs/status.md's table for servers whose Sidecar resource opens TLS of its own (spec.ingress[].tls):
// the mode there and the client's rule, then the verdict for the Service's port that is declared HTTP, and for the one declared TCP.
const ownTable = `
own-simple none       CONFLICT     MAY_CONFLICT
own-simple disable    CONFLICT     MAY_CONFLICT
own-simple simple     PARTIAL      PARTIAL
own-simple checked    OK           OK
own-simple wrong      CONFLICT     CONFLICT
own-simple stranger   PARTIAL      PARTIAL
own-simple known      OK           OK
own-simple mesh       CONFLICT     CONFLICT
own-mutual none       CONFLICT     MAY_CONFLICT
own-mutual simple     CONFLICT     CONFLICT
own-mutual checked    CONFLICT     CONFLICT
own-mutual stranger   PARTIAL      PARTIAL
own-mutual known      OK           OK
own-mutual pair       CONFLICT     CONFLICT
own-mutual mesh       CONFLICT     CONFLICT
own-optional none     CONFLICT     MAY_CONFLICT
own-optional checked  OK           OK
own-optional known    OK           OK
own-optional pair     CONFLICT     CONFLICT
own-optional mesh     CONFLICT     CONFLICT
`

// TestSidecarTLS walks the truth table of servers whose Sidecar resource opens TLS of its own, and calls every row.
func TestSidecarTLS(t *testing.T) {
	s := newSuite(t)
	needLab(t, s)
	if on := s.kube(t, "get", "deploy", "istiod", "-n", "istio-system", "-o", `jsonpath={.spec.template.spec.containers[0].env[?(@.name=="ENABLE_TLS_ON_SIDECAR_INGRESS")].value}`); on != "true" {
		t.Fatalf("the lab's istiod opens no TLS of a Sidecar: ENABLE_TLS_ON_SIDECAR_INGRESS is %q (e2e/lab/manifests/istio.yaml); an instance from before that: lab down, lab up", on)
	}
	x := &truthField{statusField: &statusField{suite: s, namespace: s.namespace(t, "owntls", true)}, rows: map[string]string{}, table: ownTable}
	root := newAuthority(t, s.work, "e2e-stranger-ca", nil, leaf{})
	server := issueFor(t, s, root, leaf{names: []string{"own.example"}})
	client := issueFor(t, s, root, leaf{names: []string{"client"}, usage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	s.kube(t, "create", "secret", "generic", "e2e-ca", "-n", x.namespace, "--from-file=ca.crt="+root.file, "--from-file=server.crt="+server.cert, "--from-file=server.key="+server.key,
		"--from-file=stranger.crt="+client.cert, "--from-file=stranger.key="+client.key)
	var objects []string
	var pods []workload
	for _, mode := range []string{"simple", "mutual", "optional"} {
		name := "own-" + mode
		tls := strings.ToUpper(mode)
		if mode == "optional" {
			tls = "OPTIONAL_MUTUAL"
		}
		objects = append(objects, fmt.Sprintf("{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: %[1]s, namespace: %[2]s}, spec: {selector: {matchLabels: {app: %[1]s}}, mtls: {mode: DISABLE}}}", name, x.namespace))
		objects = append(objects, fmt.Sprintf(`{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: %[1]s, namespace: %[2]s}, spec: {workloadSelector: {labels: {app: %[1]s}}, ingress: [
			{port: {number: 8080, protocol: HTTPS, name: https}, defaultEndpoint: 127.0.0.1:8080, tls: {%[3]s}}, {port: {number: 8081, protocol: TLS, name: tls}, defaultEndpoint: 127.0.0.1:8081, tls: {%[3]s}}]}}`, name, x.namespace,
			"mode: "+tls+", serverCertificate: /etc/e2e-ca/server.crt, privateKey: /etc/e2e-ca/server.key"+map[bool]string{true: ", caCertificates: /etc/e2e-ca/ca.crt"}[mode != "simple"]))
		pods = append(pods, workload{namespace: x.namespace, name: name, command: bothServer, annotations: truthMounts})
	}
	x.apply(t, strings.Join(append(objects, x.objects(t)), "\n---\n"))
	s.deploy(t, append(pods, workload{namespace: x.namespace, name: "web", annotations: truthMounts})...)
	x.arrive(t)
	x.agree(t, "before any call", nil)
	calls := x.call(t)
	x.agree(t, "after the calls", calls)
	t.Logf("proves: %d rows of servers whose Sidecar opens TLS of its own, each held against a call and the packets", len(calls))
}
