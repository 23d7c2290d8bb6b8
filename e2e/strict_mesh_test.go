//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// meshLab is an instance of its own: a policy for the whole mesh would be felt by every other test.
const meshLab = "m"

// TestStrictMesh proves `enable strict --mesh` on a mesh with an ingress gateway: everybody without a sidecar is refused
// in every namespace, the mesh goes on; what is undone or disabled leaves the root namespace as it was.
func TestStrictMesh(t *testing.T) {
	s := newSuite(t)
	needLab(t, s)
	s.labUp(t, meshLab, "--gateway")
	s = s.on(t, meshLab)
	x := &strictField{suite: s, namespace: s.namespace(t, "whole", true), outside: s.namespace(t, "wholeout", false)}
	x.apply(t, "{apiVersion: v1, kind: Service, metadata: {name: middleware, namespace: "+x.namespace+"}, spec: {selector: {app: middleware}, ports: [{name: http, port: 80, targetPort: 8080}]}}")
	s.deploy(t, workload{namespace: x.namespace, name: "middleware", command: server}, workload{namespace: x.namespace, name: "front"},
		workload{namespace: x.outside, name: "plain", plain: true})
	mesh := func(args ...string) result {
		return x.plugin(t, append([]string{"enable", "strict", "--mesh"}, args...)...)
	}
	all := func() string {
		return x.kube(t, "get", "peerauthentications,destinationrules,configmaps", "-A", "-o", "name")
	}
	open := func(when string) {
		t.Helper()
		x.want(t, when, x.outside, "plain", "200", 0)
		x.want(t, when, x.namespace, "front", "200", 0)
	}
	open("before")
	before := all()
	back := func(when string) {
		t.Helper()
		open(when)
		if diff := cmp.Diff(before, all()); diff != "" {
			t.Errorf("%s: the cluster is not as before:\n%s", when, diff)
		}
	}

	t.Log("1. no time to ask the sidecars: not known, kept, told by status, and undone")
	if r := must(t, mesh("--timeout", "1ms"), 2); !strings.Contains(r.err, "kubectl mesh-tls undo strict-mesh -n "+gatewayNS) {
		t.Errorf("%s", r)
	}
	x.want(t, "kept", x.outside, "plain", "000", 56)
	must(t, x.plugin(t, "undo", "strict-mesh", "-n", gatewayNS, "--yes"), 0)
	back("undone")

	t.Log("2. for the mesh: proven by the sidecars of every namespace; the gateway is not waited for")
	must(t, mesh(), 0)
	x.want(t, "strict", x.outside, "plain", "000", 56)
	x.want(t, "strict", x.namespace, "front", "200", 0)
	must(t, x.plugin(t, "verify", "deploy/middleware", "-n", x.namespace), 0)
	if r := must(t, x.plugin(t, "status", "-n", x.namespace), 0); !strings.Contains(r.out, gatewayNS+"/strict-mesh (PeerAuth)") {
		t.Errorf("status does not name the mesh's policy: %s", r)
	}
	if r := must(t, mesh(), 0); strings.Count(r.out, " unchanged\n") != 1 {
		t.Errorf("a second enable changes something: %s", r)
	}
	must(t, x.plugin(t, "disable", "strict-mesh", "-n", gatewayNS, "--yes"), 0)
	back("after disable")
	(&clientField{strictField: x, shop: s.namespace(t, "shop", true)}).withoutAutoMTLS(t)
	t.Logf("proves: STRICT for a whole mesh with a gateway, and the ways back")
}
