//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPreview proves that enable strict --preview names who would be locked out before it happens, that they are, and
// that nothing is written: a caller without sidecar that the server counted, a NodePort, a client's rule, a probe.
func TestPreview(t *testing.T) {
	s := newSuite(t)
	x := &strictField{suite: s, namespace: s.namespace(t, "preview", true), outside: s.namespace(t, "previewer", false)}
	x.apply(t, fmt.Sprintf(`{apiVersion: v1, kind: Service, metadata: {name: middleware, namespace: %s},
  spec: {selector: {app: middleware}, ports: [{name: http, port: 80, targetPort: 8080}]}}`, x.namespace))
	exported := map[string]string{"sidecar.istio.io/statsInclusionRegexps": `(http|listener)\..*(inbound|15006).*(downstream_cx|ssl).*`}
	s.deploy(t, workload{namespace: x.namespace, name: "middleware", command: server, annotations: exported}, workload{namespace: x.namespace, name: "dark", command: server},
		workload{namespace: x.outside, name: "plain", plain: true})
	before := x.snapshot(t, x.namespace, false)
	x.want(t, "before", x.namespace, "dark", "200", 0) // by mutual TLS: no harm
	x.previews(t, "deploy/middleware", 0)
	x.previews(t, "deploy/dark", 2, "no counter tells")
	x.want(t, "before", x.outside, "plain", "200", 0)
	x.previews(t, "deploy/middleware", 1, "plaintext seen", "connections came in without TLS")
	if diff := cmp.Diff(before, x.snapshot(t, x.namespace, false)); diff != "" {
		t.Errorf("something was written (-before +after)\n%s", diff)
	}
	x.apply(t, fmt.Sprintf("{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: theirs, namespace: %s}, spec: {host: middleware, trafficPolicy: {tls: {mode: DISABLE}}}}", x.namespace))
	x.kube(t, "patch", "service", "middleware", "-n", x.namespace, "-p", `{"spec":{"type":"NodePort"}}`)
	x.kube(t, "patch", "deploy", "middleware", "-n", x.namespace, "-p", `{"spec":{"template":{"metadata":{"annotations":{"sidecar.istio.io/rewriteAppHTTPProbers":"false"}},
  "spec":{"containers":[{"name":"app","readinessProbe":{"httpGet":{"path":"/hostname","port":8080},"periodSeconds":1}}]}}}}`)
	x.kube(t, "rollout", "status", "deploy/middleware", "-n", x.namespace, fmt.Sprintf("--timeout=%s", podTime))
	until(podTime, func() bool {
		return len(strings.Fields(x.kube(t, "get", "pods", "-n", x.namespace, "-l", "app=middleware", "-o", "name"))) == 1
	})
	x.previews(t, "deploy/middleware", 1, "client rule", "mode DISABLE", "entry from outside", "type NodePort", "probe", "did not rewrite it")
	if r := x.enable(t, "deploy/middleware", "--wait=false", "--verify=false"); r.code != 0 {
		t.Fatalf("%s", r)
	}
	x.want(t, "strict", x.outside, "plain", "000", 56)
	x.want(t, "strict, by the rule", x.namespace, "dark", "503", 0)
	x.previews(t, "deploy/middleware", 0)
	x.disable(t, "strict-middleware")
	t.Logf("proves: who is locked out by STRICT was told before, and nothing was written by that")
}

// previews asks for the table and the document, and wants the exit code and the words in both.
func (x *strictField) previews(t *testing.T, target string, code int, words ...string) {
	t.Helper()
	for _, more := range [][]string{nil, {"-o", "json"}} {
		r := x.enable(t, append([]string{target, "--preview"}, more...)...)
		if r.code != code {
			t.Errorf("want exit code %d: %s", code, r)
		}
		for _, w := range words {
			if !strings.Contains(strings.Join(strings.Fields(r.out), " "), w) {
				t.Errorf("want %q: %s", w, r)
			}
		}
		var doc struct{ ExitCode int }
		if more != nil && (json.Unmarshal([]byte(r.out), &doc) != nil || doc.ExitCode != code) {
			t.Errorf("the document does not say %d: %s", code, r)
		}
	}
}
