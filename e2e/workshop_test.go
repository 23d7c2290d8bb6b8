//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWorkshop tells scenario S2 with its real parts: a plain pod reaches the middleware until the namespace is STRICT
// and is reset then, while the mesh, the ingress gateway and a client that never stops asking go on as before.
func TestWorkshop(t *testing.T) {
	x := newWorkshop(t)
	before := x.snapshot(t, x.namespace, false)
	x.open(t, "before")

	t.Log("1. the preview names who would be locked out, and writes nothing")
	r := x.enable(t, "--preview")
	for _, w := range []string{"plaintext seen", "middleware", "no pod has a sidecar"} {
		if r.code != 1 || !strings.Contains(r.out, w) {
			t.Errorf("want exit code 1 and %q: %s", w, r)
		}
	}
	if diff := cmp.Diff(before, x.snapshot(t, x.namespace, false)); diff != "" {
		t.Errorf("the preview wrote something:\n%s", diff)
	}

	t.Log("2. STRICT: the plain pod is reset; inside, through the gateway and for the steady client nothing changes")
	x.steady(t, func() {
		must(t, x.enable(t), 0)
		x.plain(t, "strict", "000", 56)
	})
	x.inside(t, "strict")
	x.proven(t)
	if r := must(t, x.enable(t), 0); strings.Count(r.out, " unchanged\n") != 1 {
		t.Errorf("a second enable changes something: %s", r)
	}

	t.Log("3. disable gives everything back")
	x.steady(t, func() {
		must(t, x.plugin(t, "disable", "strict", "-n", x.namespace, "--yes"), 0)
		x.open(t, "after disable")
	})
	if diff := cmp.Diff(before, x.snapshot(t, x.namespace, false)); diff != "" {
		t.Errorf("disable does not put back what was:\n%s", diff)
	}
}

// workshop is a chain front -> middleware -> database, front in two versions behind an ingress gateway of its own.
type workshop struct {
	*strictField
	node, nodePort string
}

// counted exports what tells plaintext from TLS on the way in.
var counted = map[string]string{"sidecar.istio.io/statsInclusionRegexps": `(http|listener)\..*(inbound|15006).*(downstream_cx|ssl).*`}

// redisInPod is Debian's Redis inside redis-tools: one program that decides by the name it is called by.
const redisInPod = `ln -s "$(command -v redis-check-rdb)" /run/redis-server && exec /run/redis-server --port 6379 --save '' --protected-mode no --requirepass ` + password

// stageInPod answers with its name and what the next stage of the chain says, asked by a new connection each time.
const (
	stageInPod = `cat > /run/app.py <<'E'
import http.server, os, subprocess
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        got = subprocess.run(os.environ["ASK"], shell=True, capture_output=True, text=True, timeout=10)
        self.send_response(502 if got.returncode or not got.stdout.strip() else 200)
        self.end_headers()
        self.wfile.write((os.environ["WHO"] + " " + got.stdout).encode())
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("", 8080), App).serve_forever()
E
export WHO=%s ASK='%s'
exec python3 /run/app.py`
	askDatabase   = "redis-cli -h database -a " + password + " --no-auth-warning INCR visits | grep -E ^[0-9]+$"
	askMiddleware = "curl -sf --max-time 8 http://middleware:8080/"
)

// workshopObjects: the Services, two subsets of front with a policy of their own, and the way from the gateway to them.
const workshopObjects = `
{apiVersion: v1, kind: Service, metadata: {name: database, namespace: $NS}, spec: {selector: {app: database}, ports: [{name: redis, port: 6379}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: middleware, namespace: $NS}, spec: {selector: {app: middleware}, ports: [{name: http, port: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: front, namespace: $NS}, spec: {selector: {tier: front}, ports: [{name: http, port: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: ingress, namespace: $NS}, spec: {type: NodePort, selector: {app: ingress}, ports: [{name: http, port: 80, targetPort: 8080}]}}
---
{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: front, namespace: $NS}, spec: {host: front, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}},
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}}]}}
---
{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: ingress, namespace: $NS}, spec: {selector: {app: ingress, in: $NS}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["$NS.example.internal"]}]}}
---
{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: front, namespace: $NS}, spec: {hosts: [front.$NS.svc.cluster.local, $NS.example.internal], gateways: [mesh, ingress],
  http: [{match: [{uri: {prefix: /v1}}], route: [{destination: {host: front, subset: v1}}]}, {route: [{destination: {host: front, subset: v2}}]}]}}
`

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	s := newSuite(t)
	needLab(t, s)
	x := &workshop{strictField: &strictField{suite: s, namespace: s.namespace(t, "workshop", true), outside: s.namespace(t, "unsecured", false)}}
	x.apply(t, strings.ReplaceAll(workshopObjects, "$NS", x.namespace))
	front := func(version string) workload {
		return workload{namespace: x.namespace, name: "front-" + version, labels: map[string]string{"tier": "front", "version": version},
			command: fmt.Sprintf(stageInPod, "front-"+version, askMiddleware)}
	}
	s.deploy(t, workload{namespace: x.namespace, name: "ingress", labels: map[string]string{"in": x.namespace}, gateway: true}, workload{namespace: x.namespace, name: "database", command: redisInPod}, front("v1"), front("v2"), workload{namespace: x.namespace, name: "client"},
		workload{namespace: x.namespace, name: "middleware", annotations: counted, command: fmt.Sprintf(stageInPod, "middleware", askDatabase)},
		workload{namespace: x.outside, name: "plain", plain: true})
	x.node = s.kube(t, "get", "nodes", "-o", "jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}")
	x.nodePort = s.kube(t, "get", "service", "ingress", "-n", x.namespace, "-o", "jsonpath={.spec.ports[0].nodePort}")
	return x
}

// open: everybody is answered, the plain pod too.
func (x *workshop) open(t *testing.T, when string) {
	t.Helper()
	x.plain(t, when, "200", 0)
	x.inside(t, when)
}

// plain calls middleware:8080 from the pod without sidecar.
func (x *workshop) plain(t *testing.T, when, code string, curl int) {
	t.Helper()
	var r result
	if took, ok := until(proxyTime, func() bool {
		r = x.try(t, "exec", "-n", x.outside, "deploy/plain", "-c", "app", "--", "curl", "-s", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", "http://middleware."+x.namespace+":8080/")
		return r.out == code && r.code == curl
	}); !ok {
		t.Fatalf("%s: want %s, curl %d after %s: %s", when, code, curl, took, r)
	}
}

// inside: the chain answers with what the database counted, both versions of front, from a sidecar and through the gateway.
func (x *workshop) inside(t *testing.T, when string) {
	t.Helper()
	call := []string{"exec", "-n", x.namespace, "deploy/client", "-c", "app", "--", "curl", "-sf", "--max-time", "8"}
	for path, want := range map[string]string{"/v1": "front-v1 middleware ", "/": "front-v2 middleware "} {
		for from, do := range map[string]func() result{
			"client": func() result { return x.try(t, append(call, "http://front:8080"+path)...) },
			"the gateway": func() result {
				return x.labRun(t, "exec", x.lab, "--", "curl", "-sf", "--max-time", "8", "-H", "Host: "+x.namespace+".example.internal", "http://"+x.node+":"+x.nodePort+path)
			},
		} {
			var r result
			if took, ok := until(proxyTime, func() bool { r = do(); return strings.HasPrefix(r.out, want) }); !ok {
				t.Fatalf("%s: %s from %s: want %q after %s: %s", when, path, from, want, took, r)
			}
		}
	}
}

// steady asks all the time, by new connections of a client in the mesh, while something is done and two seconds longer,
// and until it has asked often enough on a slow machine.
func (x *workshop) steady(t *testing.T, do func()) {
	t.Helper()
	const least = 30
	const ask = `rm -f /run/stop /run/seen; (timeout 120 sh -c 'while [ ! -e /run/stop ]; do curl -s --max-time 8 -o /dev/null -w "%{http_code}\n" http://front:8080/ >> /run/seen; done' >/dev/null 2>&1 &)`
	at := []string{"exec", "-n", x.namespace, "deploy/client", "-c", "app", "--", "sh", "-c"}
	x.kube(t, append(at, ask)...)
	do()
	seen := x.kube(t, append(at, fmt.Sprintf("sleep 2; timeout 40 sh -c 'until [ $(wc -l < /run/seen) -ge %d ]; do sleep 0.2; done'; touch /run/stop; sleep 1; sort /run/seen | uniq -c", least))...)
	var n int
	var code string
	if _, err := fmt.Sscan(seen, &n, &code); err != nil || code != "200" || n < least || len(strings.Fields(seen)) != 2 {
		t.Errorf("the steady client saw %q, want at least %d times 200 and nothing else", seen, least)
	}
	t.Logf("proves: %d requests of a steady client during the change, by status: %s", n, strings.Join(strings.Fields(seen), " "))
}

// proven: verify is content with every workload, and status shows each subset of front in mutual TLS to a STRICT server.
func (x *workshop) proven(t *testing.T) {
	t.Helper()
	must(t, x.plugin(t, "verify", "deploy/front-v1", "deploy/front-v2", "deploy/middleware", "deploy/database", "-n", x.namespace), 0)
	if r := x.plugin(t, "status", "-n", x.namespace, "--from-namespace", x.outside); !strings.Contains(r.out, "1 client without sidecar") || !strings.Contains(r.out, "MAY CONFLICT, refused by database:6379, front:8080, middleware:8080") {
		t.Errorf("status does not tell what becomes of the plain pod: %s", r)
	}
	r := must(t, x.plugin(t, "status", "-n", x.namespace, "-o", "json"), 0)
	var doc struct{ Rows []statusRow }
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, row := range doc.Rows {
		name, _, _ := strings.Cut(row.Host, ".")
		seen[strings.TrimSpace(name+" "+row.Subset)] = row.ServerAccepts + " " + strings.Fields(row.ClientsSend + " -")[0] + " " + row.Verdict
	}
	for _, service := range []string{"front", "front v1", "front v2", "middleware", "database"} {
		if seen[service] != "STRICT mTLS OK" {
			t.Errorf("status of %s: %q\n%s", service, seen[service], r)
		}
	}
}
