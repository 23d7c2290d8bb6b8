//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestPair asks both ends: a client, and the pods behind a service. Where they fit every check of a pair is content;
// then one end is changed at a time, and MT020 must name what decides.
func TestPair(t *testing.T) {
	s := newSuite(t)
	x := &pairField{suite: s, namespace: s.namespace(t, "pair", true)}
	x.apply(t, fmt.Sprintf(`{apiVersion: v1, kind: Service, metadata: {name: db, namespace: %[1]s}, spec: {selector: {app: db}, ports: [{name: http, port: 80, targetPort: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: mixed, namespace: %[1]s}, spec: {selector: {sidecar.istio.io/inject: "false"}, ports: [{name: http, port: 80, targetPort: 8080}]}}`, x.namespace))
	s.deploy(t, workload{namespace: x.namespace, name: "db", command: server, replicas: 2}, workload{namespace: x.namespace, name: "web"},
		workload{namespace: x.namespace, name: "bare", plain: true, command: server})
	for range 4 { // both pods are called
		s.kube(t, "exec", "-n", x.namespace, "deploy/web", "-c", "app", "--", "curl", "-s", "--max-time", "5", "-o", "/dev/null", "http://db/hostname")
	}
	x.fits(t)
	x.breaks(t, "DestinationRule", "no-tls", `{host: db, trafficPolicy: {tls: {mode: DISABLE}}}`, "DestinationRule "+x.namespace+"/no-tls", "takes mutual TLS only")
	x.breaks(t, "PeerAuthentication", "off", `{selector: {matchLabels: {app: db}}, mtls: {mode: STRICT}, portLevelMtls: {"8080": {mode: DISABLE}}}`, "PeerAuthentication "+x.namespace+"/off", "")
	x.noSidecar(t)
}

type pairField struct {
	*suite
	namespace string
}

func (x *pairField) cluster(service string) string {
	return "outbound|80||" + service + "." + x.namespace + ".svc.cluster.local"
}

func (x *pairField) verify(t *testing.T, to string) (int, document) {
	t.Helper()
	r := x.plugin(t, "verify", "deploy/web", "-n", x.namespace, "--to", to, "-o", "json")
	return r.code, read(t, r)
}

// fits: two STRICT servers, mutual TLS, certificates of one root, and calls that arrived.
func (x *pairField) fits(t *testing.T) {
	t.Helper()
	x.apply(t, fmt.Sprintf("{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: %s}, spec: {mtls: {mode: STRICT}}}", x.namespace))
	var code int
	var d document
	took, ok := until(proxyTime, func() bool {
		code, d = x.verify(t, "svc/db:80")
		return code == 0 && slices.ContainsFunc(d.findings(x.cluster("db"), "OK"), func(f finding) bool {
			return f.ID == "MT020" && strings.Contains(f.Summary, "mTLS meets STRICT (2 of 2")
		})
	})
	if !ok {
		t.Fatalf("two ends in order after %s: exit code %d\n%s\n%+v", took, code, d.bad(x.cluster("db")), d.findings(x.cluster("db"), "OK"))
	}
	said := map[string]int{}
	for _, f := range d.findings(x.cluster("db"), "OK") {
		said[f.ID]++
	}
	if said["MT021"] != 2 || said["MT022"] != 2 {
		t.Errorf("of 2 pods: trust judged for %d, counters for %d", said["MT021"], said["MT022"])
	}
	t.Log("proves: mutual TLS meets STRICT on both pods, each end accepts the other's certificate, and the calls arrived")
}

// breaks changes one end, demands the cause, and takes the change back.
func (x *pairField) breaks(t *testing.T, kind, name, spec, object, words string) {
	t.Helper()
	group := map[string]string{"DestinationRule": "networking.istio.io/v1", "PeerAuthentication": "security.istio.io/v1"}[kind]
	x.apply(t, fmt.Sprintf(`{apiVersion: %s, kind: %s, metadata: {name: "%s", namespace: %s}, spec: %s}`, group, kind, name, x.namespace, spec))
	var code int
	var d document
	took, ok := until(proxyTime, func() bool {
		code, d = x.verify(t, "svc/db:80")
		return code == 1 && slices.ContainsFunc(d.findings(x.cluster("db"), "FAIL"), func(f finding) bool {
			return f.ID == "MT020" && f.Object == object && strings.Contains(f.Summary, words)
		})
	})
	if !ok {
		t.Errorf("%s %s after %s: exit code %d, want MT020 with %s and %q\n%s", kind, name, took, code, object, words, d.bad(x.cluster("db")))
	}
	x.kube(t, "delete", kind, name, "-n", x.namespace)
	if took, ok := until(proxyTime, func() bool { code, d = x.verify(t, "svc/db:80"); return code == 0 }); !ok {
		t.Fatalf("after %s was deleted, %s: exit code %d\n%s", name, took, code, d.bad(x.cluster("db")))
	}
	t.Logf("proves: %s is named when it alone makes the two ends differ", object)
}

// noSidecar: the pod behind the service has nobody to open mutual TLS.
func (x *pairField) noSidecar(t *testing.T) {
	t.Helper()
	code, d := x.verify(t, "svc/mixed")
	pod := x.pod(t, x.namespace, "bare")
	if !slices.ContainsFunc(d.findings(x.cluster("mixed"), "FAIL"), func(f finding) bool { return f.ID == "MT020" && f.Object == "Pod "+x.namespace+"/"+pod }) || code != 1 {
		t.Errorf("exit code %d\n%s", code, d.bad(x.cluster("mixed")))
	}
	t.Log("proves: a pod without sidecar is named")
}
