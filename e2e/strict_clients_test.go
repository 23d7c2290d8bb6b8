//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// clientField is a mesh whose auto mTLS is off: a client sends mutual TLS by a DestinationRule, or not at all.
type clientField struct {
	*strictField
	shop string // the namespace of a client with a sidecar
}

// clientObjects: front in two subsets by a rule of somebody's that says nothing of TLS, with settings of ports in it
// (which replace the rule's), and legacy, which has no sidecar.
const clientObjects = `
{apiVersion: v1, kind: Service, metadata: {name: front, namespace: $NS}, spec: {selector: {tier: front}, ports: [{name: http, port: 80, targetPort: 8080}, {name: http-two, port: 81, targetPort: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: legacy, namespace: $NS}, spec: {selector: {app: legacy}, ports: [{name: http, port: 80, targetPort: 8080}]}}
---
{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: front, namespace: $NS}, spec: {host: front,
  trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}, portLevelSettings: [{port: {number: 81}, connectionPool: {tcp: {maxConnections: 9}}}]},
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}, portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}}]}}
---
{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: front, namespace: $NS}, spec: {hosts: [front.$NS.svc.cluster.local],
  http: [{match: [{uri: {prefix: /hosts}}], route: [{destination: {host: front, subset: v1}}]}, {route: [{destination: {host: front, subset: v2}}]}]}}
`

// withoutAutoMTLS proves that where auto mTLS is off, enable strict gives the clients what they need before anybody is
// strict, keeps and completes the rule that is there, leaves plaintext to whoever takes nothing else, and that disable
// and undo give all of it back in the other order.
func (x *clientField) withoutAutoMTLS(t *testing.T) {
	x.switchOff(t)
	x.apply(t, strings.ReplaceAll(clientObjects, "$NS", x.namespace))
	s := x.suite
	front := func(version string) workload {
		return workload{namespace: x.namespace, name: "front-" + version, labels: map[string]string{"tier": "front", "version": version}, command: server}
	}
	s.deploy(t, front("v1"), front("v2"), workload{namespace: x.namespace, name: "legacy", plain: true, command: server}, workload{namespace: x.shop, name: "caller"})
	x.calls(t, "before", "200")
	before := x.snapshot(t, x.namespace, false)
	back := func(when string) {
		t.Helper()
		if diff := cmp.Diff(before, x.snapshot(t, x.namespace, false)); diff != "" {
			t.Errorf("%s: not as before (-before +after):\n%s", when, diff)
		}
		x.calls(t, when, "200")
	}

	t.Log("1. a rule against it is named, and nothing is written")
	x.apply(t, fmt.Sprintf("{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: contrary, namespace: %s}, spec: {host: front.%s.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}}", x.shop, x.namespace))
	if r := must(t, x.enable(t), 1); !strings.Contains(r.err, "DestinationRule "+x.shop+"/contrary says DISABLE for "+x.namespace+"/front:80") {
		t.Errorf("the contrary rule is not named: %s", r)
	}
	x.kube(t, "delete", "destinationrule", "contrary", "-n", x.shop)
	back("refused")

	t.Log("2. STRICT: no request of a client in another namespace fails, before, meanwhile and after")
	stop := x.steady(t)
	r := must(t, x.enable(t), 0)
	ahead, after := strings.Index(r.err, "sidecars send mutual TLS where a rule says so"), strings.Index(r.err, "sidecars have it")
	if ahead < 0 || after < ahead {
		t.Errorf("the clients were not waited for first: %s", r)
	}
	x.calls(t, "strict", "000")
	must(t, x.plugin(t, "verify", "deploy/caller", "-n", x.shop), 0)
	must(t, x.plugin(t, "verify", "deploy/front-v1", "deploy/front-v2", "deploy/middleware", "-n", x.namespace), 0)
	if r := must(t, x.plugin(t, "status", "-n", x.namespace, "--from-namespace", x.shop), 0); strings.Contains(r.out, "CONFLICT ") || !strings.Contains(r.out, "front:80 (v2)   STRICT") {
		t.Errorf("status: %s", r)
	}
	if r := must(t, x.enable(t), 0); strings.Count(r.out, " unchanged\n") != 4 {
		t.Errorf("a second enable changes something: %s", r)
	}

	t.Log("3. the way back, and it is as before to the last field; what the owner changed meanwhile is kept")
	must(t, x.plugin(t, "disable", "strict", "-n", x.namespace, "--yes"), 0)
	stop()
	back("after disable")
	must(t, x.enable(t), 0)
	must(t, x.plugin(t, "undo", "strict", "-n", x.namespace, "--yes"), 0)
	back("after undo")
	must(t, x.enable(t), 0)
	x.kube(t, "patch", "destinationrule", "front", "-n", x.namespace, "--type=merge", "-p", `{"spec":{"trafficPolicy":{"loadBalancer":{"simple":"RANDOM"}}}}`)
	must(t, x.plugin(t, "disable", "strict", "-n", x.namespace, "--yes"), 0)
	if spec := x.kube(t, "get", "destinationrule", "front", "-n", x.namespace, "-o", "jsonpath={.spec}{.metadata.annotations}"); !strings.Contains(spec, `"trafficPolicy":{"loadBalancer":{"simple":"RANDOM"}`) || strings.Contains(spec, "ISTIO_MUTUAL") || strings.Contains(spec, "mesh-tls") {
		t.Errorf("the owner's change is lost, or ours stays: %s", spec)
	}
	t.Logf("proves: STRICT where auto mTLS is off, with somebody's rule kept and completed, and no request lost on either way")
}

// switchOff turns auto mTLS off in the mesh, and on again at the end; istiod sees its ConfigMap change.
func (x *clientField) switchOff(t *testing.T) {
	t.Helper()
	was := x.kube(t, "get", "configmap", "istio", "-n", gatewayNS, "-o", "jsonpath={.data.mesh}")
	set := func(mesh string) {
		x.kube(t, "patch", "configmap", "istio", "-n", gatewayNS, "--type=merge", "-p", fmt.Sprintf(`{"data":{"mesh":%q}}`, mesh))
	}
	set(was + "\nenableAutoMtls: false\n")
	t.Cleanup(func() { set(was) })
	if took, ok := until(proxyTime, func() bool {
		return strings.Contains(x.plugin(t, "status", "-n", x.namespace).out, "PLAINTEXT")
	}); !ok {
		t.Fatalf("clients still send mutual TLS %s after auto mTLS was switched off", took)
	}
}

// calls: clients of both namespaces reach every Service, subset and port; the pod without sidecar gets what is said.
func (x *clientField) calls(t *testing.T, when, plain string) {
	t.Helper()
	const ask = `for h in middleware/hostname front/hosts front/hostname front:81/hosts legacy/hostname; do curl -s --max-time 5 -o /dev/null -w '%%{http_code} ' http://${h%%%%[/:]*}.%s${h#${h%%%%[/:]*}}; done`
	for _, from := range []string{x.namespace + " front", x.shop + " caller"} {
		namespace, client, _ := strings.Cut(from, " ")
		var r result
		if took, ok := until(proxyTime, func() bool {
			r = x.try(t, "exec", "-n", namespace, "deploy/"+client, "-c", "app", "--", "sh", "-c", fmt.Sprintf(ask, x.namespace))
			return r.out == "200 200 200 200 200 "
		}); !ok {
			t.Fatalf("%s: %s after %s: %s", when, from, took, r)
		}
	}
	curl := map[string]int{"000": 56}[plain]
	x.want(t, when, x.outside, "plain", plain, curl)
}

// steady asks all the time, by new connections, until it is stopped, and demands that nothing but 200 came.
func (x *clientField) steady(t *testing.T) (stop func()) {
	t.Helper()
	const least = 20
	at := []string{"exec", "-n", x.shop, "deploy/caller", "-c", "app", "--", "sh", "-c"}
	x.kube(t, append(at, fmt.Sprintf(`rm -f /run/stop /run/seen; (timeout 150 sh -c 'while [ ! -e /run/stop ]; do for h in middleware.%[1]s front.%[1]s/hosts front.%[1]s front.%[1]s:81; do curl -s --max-time 8 -o /dev/null -w "%%{http_code}\n" http://$h >> /run/seen; done; done' >/dev/null 2>&1 &)`, x.namespace))...)
	return func() {
		t.Helper()
		seen := x.kube(t, append(at, fmt.Sprintf("timeout 40 sh -c 'until [ $(wc -l < /run/seen) -ge %d ]; do sleep 0.2; done'; sleep 1; touch /run/stop; sleep 1; sort /run/seen | uniq -c", least))...)
		var n int
		var code string
		if _, err := fmt.Sscan(seen, &n, &code); err != nil || code != "200" || n < least || len(strings.Fields(seen)) != 2 {
			t.Errorf("the steady client saw %q, want at least %d times 200 and nothing else", seen, least)
		}
		t.Logf("proves: %d requests of a steady client during the change, by status: %s", n, strings.Join(strings.Fields(seen), " "))
	}
}
