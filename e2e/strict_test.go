//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// server answers HTTP on 8080, to whoever gets in.
const server = `exec python3 -m http.server 8080 --directory /etc`

// TestStrict tells scenario S2: front and middleware with sidecars in one namespace, a plain pod in another. Before
// everybody is answered; after enable strict the plain pod is reset and the mesh goes on; after disable as before.
func TestStrict(t *testing.T) {
	s := newSuite(t)
	x := &strictField{suite: s, namespace: s.namespace(t, "strict", true), outside: s.namespace(t, "unsecured", false)}
	s.apply(t, fmt.Sprintf(`{apiVersion: v1, kind: Service, metadata: {name: middleware, namespace: %[1]s},
  spec: {selector: {app: middleware}, ports: [{name: http, port: 80, targetPort: 8080}]}}
---
{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: own, namespace: %[1]s}, spec: {egress: [{hosts: ["./*"]}]}}`, x.namespace)) // rules of other tests are for all namespaces, and verify of the workload would judge their hosts, too
	s.deploy(t, workload{namespace: x.namespace, name: "middleware", command: server}, workload{namespace: x.namespace, name: "front"},
		workload{namespace: x.outside, name: "plain", plain: true})
	x.want(t, "before", x.namespace, "front", "200", 0)
	x.want(t, "before", x.outside, "plain", "200", 0)
	t.Run("namespace", x.wholeNamespace)
	t.Run("workload and port", x.onePort)
	t.Run("sabotaged", x.sabotaged)
	t.Run("somebody else's policy", x.foreign)
}

type strictField struct {
	*suite
	namespace, outside string
}

// want calls the middleware until the status code, and curl's own, are these. 56 is "connection reset by peer".
func (x *strictField) want(t *testing.T, when, namespace, client, code string, curl int) {
	t.Helper()
	var r result
	took, ok := until(proxyTime, func() bool {
		r = x.try(t, "exec", "-n", namespace, "deploy/"+client, "-c", "app", "--", "curl", "-s", "--max-time", "5", "-o", "/dev/null",
			"-w", "%{http_code}", "http://middleware."+x.namespace+"/hostname")
		return r.out == code && r.code == curl
	})
	if !ok {
		t.Fatalf("%s: %s after %s: want %s, curl %d\n%s", when, client, took, code, curl, r)
	}
}

func (x *strictField) enable(t *testing.T, args ...string) result {
	t.Helper()
	return x.plugin(t, append([]string{"enable", "strict", "-n", x.namespace}, args...)...)
}

func (x *strictField) disable(t *testing.T, name string) {
	t.Helper()
	if r := x.plugin(t, "disable", name, "-n", x.namespace, "--yes"); r.code != 0 {
		t.Errorf("%s", r)
	}
}

// verify asks about the middleware and gives the exit code and the document.
func (x *strictField) verify(t *testing.T) (int, document) {
	t.Helper()
	r := x.plugin(t, "verify", "deploy/middleware", "-n", x.namespace, "-o", "json")
	return r.code, read(t, r)
}

func (x *strictField) wholeNamespace(t *testing.T) {
	if r := x.enable(t); r.code != 0 {
		t.Fatalf("%s", r)
	}
	x.want(t, "strict", x.outside, "plain", "000", 56)
	x.want(t, "strict", x.namespace, "front", "200", 0)
	code, d := x.verify(t)
	if code != 0 || len(d.Targets[0].Inbound) == 0 {
		t.Errorf("verify: exit code %d, inbound %+v\n%s", code, d.Targets[0].Inbound, d.bad(""))
	}
	for _, in := range d.Targets[0].Inbound {
		if in.Mode != "STRICT" {
			t.Errorf("port %d is %s", in.Port, in.Mode)
		}
	}
	if r := x.enable(t); r.code != 0 || !strings.Contains(r.out, "unchanged") {
		t.Errorf("a second enable: %s", r)
	}
	x.hole(t)
	x.disable(t, "strict")
	x.want(t, "after disable", x.outside, "plain", "200", 0)
	if left := x.kube(t, "get", "peerauthentications", "-n", x.namespace, "-o", "name"); left != "" {
		t.Errorf("left: %s", left)
	}
}

// hole: someone opens one port of one workload. The plain pod gets in, and verify names the policy.
func (x *strictField) hole(t *testing.T) {
	t.Helper()
	x.apply(t, fmt.Sprintf(`{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: hole, namespace: %s},
  spec: {selector: {matchLabels: {app: middleware}}, portLevelMtls: {"8080": {mode: PERMISSIVE}}}}`, x.namespace))
	x.want(t, "with a hole", x.outside, "plain", "200", 0)
	code, d := x.verify(t)
	found := d.findings("", "FAIL")
	if code != 1 || len(found) != 1 || !found[0].names("MT016", []string{"FAIL"}, []string{"PERMISSIVE", "hole", "port 8080"}) {
		t.Errorf("with a hole: exit code %d\n%s", code, d.bad(""))
	}
	x.kube(t, "delete", "peerauthentication", "hole", "-n", x.namespace)
	x.want(t, "the hole is closed", x.outside, "plain", "000", 56)
}

// onePort: strict for one workload, its Service's port open; the container port is what the policy names.
func (x *strictField) onePort(t *testing.T) {
	r := x.enable(t, "deploy/middleware", "--port", "80=PERMISSIVE")
	if r.code != 0 || !strings.Contains(r.err, "port 80 of Service middleware is container port 8080") {
		t.Fatalf("%s", r)
	}
	defer x.disable(t, "strict-middleware")
	x.want(t, "open port", x.outside, "plain", "200", 0)
	if mode := x.kube(t, "get", "peerauthentication", "strict-middleware", "-n", x.namespace, "-o", "jsonpath={.spec.portLevelMtls.8080.mode} {.spec.mtls.mode}"); mode != "PERMISSIVE STRICT" {
		t.Errorf("policy: %s", mode)
	}
	code, d := x.verify(t)
	modes := map[int]string{}
	for _, in := range d.Targets[0].Inbound {
		modes[in.Port] = in.Mode
	}
	if code != 0 || modes[8080] != "PERMISSIVE" || modes[0] != "STRICT" {
		t.Errorf("exit code %d, %v\n%s", code, modes, d.bad(""))
	}
}

// foreign: a policy of the namespace that is there first is named, not shadowed; --adopt takes it.
func (x *strictField) foreign(t *testing.T) {
	x.apply(t, fmt.Sprintf("{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: %s}, spec: {mtls: {mode: PERMISSIVE}}}", x.namespace))
	if r := x.enable(t); r.code != 1 || !strings.Contains(r.err, "PeerAuthentication "+x.namespace+"/default is already there") {
		t.Errorf("want exit code 1 and the policy named: %s", r)
	}
	if r := x.enable(t, "--adopt"); r.code != 0 {
		t.Fatalf("%s", r)
	}
	x.want(t, "adopted", x.outside, "plain", "000", 56)
	if code, d := x.verify(t); code != 0 {
		t.Errorf("adopted: exit code %d\n%s", code, d.bad(""))
	}
	x.disable(t, "strict")
}
