//go:build e2e

package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outward is an egress gateway in a namespace of its own, and a client in another one.
type outward struct {
	*egressField
	gateway string // namespace
	name    string // of the intent
	url     string
}

const (
	outwardPlain = 8082
	outwardTLS   = 8445
)

// egressAt is an egressField for a host and ports of its own.
func egressAt(t *testing.T, purpose, host string, plainPort, tlsPort int) *hostField {
	t.Helper()
	s := newSuite(t)
	needLab(t, s)
	e := &egressField{suite: s, ca: newAuthority(t, s.work, "e2e-"+purpose+"-ca", nil, leaf{})}
	cert, key := e.ca.issue(t, s.work, leaf{names: []string{host}})
	if r := s.labRun(t, "serve", s.lab, "web", "--host", host, "--cert", cert, "--key", key, "--port", fmt.Sprint(tlsPort), "--http-port", fmt.Sprint(plainPort)); r.code != 0 {
		t.Fatalf("%s", r)
	}
	t.Cleanup(func() { s.labRun(t, "serve", s.lab, "stop", "web", "--port", fmt.Sprint(tlsPort)) })
	e.namespace = s.namespace(t, purpose, true)
	s.deploy(t, workload{namespace: e.namespace, name: "client"})
	return &hostField{egressField: e, host: host}
}

type hostField struct {
	*egressField
	host string
}

func newOutward(t *testing.T) (*outward, string) {
	t.Helper()
	const host = "www.outward.e2e.example.internal"
	h := egressAt(t, "outward", host, outwardPlain, outwardTLS)
	x := &outward{egressField: h.egressField, gateway: h.suite.namespace(t, "egressgw", true), name: "outward", url: fmt.Sprintf("http://%s:%d/%s", host, outwardPlain, word)}
	x.apply(t, fmt.Sprintf("{apiVersion: v1, kind: Service, metadata: {name: egress, namespace: %[1]s}, spec: {selector: {app: egress, in: %[1]s}, ports: [{name: https, port: 443, targetPort: 8443}]}}", x.gateway))
	x.deploy(t, workload{namespace: x.gateway, name: "egress", labels: map[string]string{"in": x.gateway}, gateway: true})
	return x, host
}

func (x *outward) enable(t *testing.T, host, ca string, more ...string) result {
	t.Helper()
	return x.plugin(t, append([]string{"enable", "egress", fmt.Sprintf("%s:%d", host, outwardPlain), "--tls-port", fmt.Sprint(outwardTLS), "-n", x.namespace, "--name", x.name,
		"--ca-file", ca, "--through-gateway", "egress." + x.gateway}, more...)...)
}

// requests counts what the gateway sent on to the host, by its own counters.
func (x *outward) requests(t *testing.T, host string) int {
	t.Helper()
	out := x.kube(t, "exec", "-n", x.gateway, "deploy/egress", "-c", "istio-proxy", "--", "curl", "-s", "localhost:15000/clusters?filter="+host)
	found := regexp.MustCompile(fmt.Sprintf(`outbound\|%d\|\|%s::[^:]+:\d+::rq_total::(\d+)`, outwardTLS, regexp.QuoteMeta(host))).FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("the gateway has no counter for %s:\n%s", host, out)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// both gives the exit codes of verify at the client and at the gateway.
func (x *outward) both(t *testing.T, host string) (client, gateway result) {
	t.Helper()
	return x.plugin(t, "verify", "deploy/client", "-n", x.namespace, "--to", host), x.plugin(t, "verify", "deploy/egress", "-n", x.gateway)
}

// TestEgressGateway: traffic to an external host leaves through an egress gateway. Both hops are TLS, seen in the proxies and
// on the wire, and the gateway is really on the way; calls past it are found; what fails is taken back; disable leaves nothing.
func TestEgressGateway(t *testing.T) {
	x, host := newOutward(t)
	t.Cleanup(func() { x.plugin(t, "disable", x.name, "-n", x.gateway, "--yes") })
	before := [2]map[string]any{x.snapshot(t, x.gateway, false), x.snapshot(t, x.namespace, false)}
	x.want(t, "before", x.url, "301")

	x.refuses(t, host)
	wrong := newAuthority(t, x.work, "e2e-outward-wrong", nil, leaf{})
	if r := x.enable(t, host, wrong.file); r.code != 1 || !strings.Contains(r.err, "MT013") || !strings.Contains(r.err, "taken back") {
		t.Errorf("a CA that did not sign the host's certificate: %s", r)
	}
	if diff := cmp.Diff(before[0], x.snapshot(t, x.gateway, false)); diff != "" {
		t.Errorf("what was taken back left something:\n%s", diff)
	}
	x.want(t, "taken back", x.url, "301")

	x.onTheWire(t, host)
	x.provenAtBoth(t, host)
	if r := must(t, x.enable(t, host, x.ca.file), 0); strings.Count(r.out, " unchanged\n") != 7 {
		t.Errorf("a second enable changes something:\n%s", r)
	}
	x.second(t, host)
	x.past(t, host)

	if r := must(t, x.plugin(t, "disable", x.name, "-n", x.namespace, "--yes"), 0); !strings.Contains(r.err, "one of that name is in namespace "+x.gateway+": kubectl mesh-tls disable "+x.name+" -n "+x.gateway) {
		t.Errorf("disable in the clients' namespace does not say where the intent is: %s", r)
	}
	must(t, x.plugin(t, "disable", x.name, "-n", x.gateway, "--yes"), 0)
	for n, namespace := range []string{x.gateway, x.namespace} {
		if diff := cmp.Diff(before[n], x.snapshot(t, namespace, false)); diff != "" {
			t.Errorf("disable does not put back what was in %s:\n%s", namespace, diff)
		}
	}
	x.want(t, "after disable", x.url, "301")
}

// refuses: a gateway that is not there, or a port that its Service does not open, before anything is written.
func (x *outward) refuses(t *testing.T, host string) {
	t.Helper()
	for gateway, why := range map[string]string{"nobody." + x.gateway: "there is no Service nobody", "egress." + x.gateway + ":8443": "does not open port 8443: it opens 443"} {
		if r := x.enable(t, host, x.ca.file, "--through-gateway", gateway); r.code != 1 || !strings.Contains(r.err, why) || !strings.Contains(r.err, "nothing was written") {
			t.Errorf("through %s: want %q: %s", gateway, why, r)
		}
	}
}

// onTheWire enables it, and proves by packets that the client's call goes to the gateway alone and both hops are TLS.
func (x *outward) onTheWire(t *testing.T, host string) {
	t.Helper()
	client, gateway, server := x.address(t, x.namespace, "client"), x.address(t, x.gateway, "egress"), x.nodeAddress(t)
	w := x.capture(t, x.lab, client, gateway)
	if r := must(t, x.enable(t, host, x.ca.file), 0); strings.Count(r.out, " created\n") != 7 {
		t.Errorf("want seven objects:\n%s", r)
	}
	was := x.requests(t, host)
	if got := x.get(t, x.url); got != "200" {
		t.Errorf("through the gateway: %s gives %s", x.url, got)
	}
	if now := x.requests(t, host); now != was+1 {
		t.Errorf("the gateway sent %d requests to the host for one call", now-was)
	}
	packets := w.ended(t)
	hops := map[string]seen{"client to gateway": between(packets, client, gateway, word, 8443), "gateway to host": between(packets, gateway, server, word, outwardPlain, outwardTLS)}
	for name, hop := range hops {
		t.Logf("%s: %s", name, hop)
		if !hop.onlyTLS() {
			t.Errorf("%s: want TLS and nothing else: %s", name, hop)
		}
	}
	if direct := between(packets, client, server, word, outwardPlain, outwardTLS); direct.packets > 0 {
		t.Errorf("the client speaks to the host past the gateway: %s", direct)
	}
	t.Log("proves: one call is one request of the gateway, TLS on both hops, and nothing goes from the client to the host")
}

func (x *outward) provenAtBoth(t *testing.T, host string) {
	t.Helper()
	r := x.plugin(t, "verify", "deploy/client", "-n", x.namespace, "--to", host, "-o", "json")
	u, found := read(t, r).upstream(fmt.Sprintf("outbound|443|%s|egress.%s.svc.cluster.local", x.name, x.gateway))
	id := "spiffe://cluster.local/ns/" + x.gateway + "/sa/default"
	if r.code != 0 || !found || u.Transport != "tls" || u.Evidence != "exercised" || u.SNI != host || len(u.SANs) != 1 || u.SANs[0] != id || u.ClientCert != "sds:default" {
		t.Errorf("client to gateway: exit code %d, %+v\n%s", r.code, u, r.out)
	}
	g := x.plugin(t, "verify", "deploy/egress", "-n", x.gateway, "-o", "json")
	u, found = read(t, g).upstream(fmt.Sprintf("outbound|%d||%s", outwardTLS, host))
	if g.code != 0 || !found || u.Transport != "tls" || u.Evidence != "exercised" || u.Outcome != "OK" || len(u.SANs) != 1 || u.SANs[0] != host {
		t.Errorf("gateway to host: exit code %d, %+v\n%s", g.code, u, g.out)
	}
	t.Log("proves: verify says OK of both hops, with the gateway's identity and the host's name checked")
}

// second: another namespace takes the same way, and the first one keeps it.
func (x *outward) second(t *testing.T, host string) {
	t.Helper()
	other := x.suite.namespace(t, "outward2", true)
	r := must(t, x.enable(t, host, x.ca.file, "-n", other), 0)
	exported := x.kube(t, "get", "virtualservice", x.name, "-n", x.gateway, "-o", "jsonpath={.spec.exportTo}")
	if exported != fmt.Sprintf(`["%s","%s"]`, x.namespace, other) || !strings.Contains(r.err, "namespace "+x.namespace+" is kept") {
		t.Errorf("exported to %s: %s", exported, r)
	}
	x.want(t, "with a second namespace", x.url, "200")
}

// past: somebody leads some of the calls to the host itself. The way to the gateway is as good as before, and neither verify
// nor status may call it so.
func (x *outward) past(t *testing.T, host string) {
	t.Helper()
	x.kube(t, "patch", "virtualservice", x.name, "-n", x.gateway, "--type=json", "-p", fmt.Sprintf(
		`[{"op":"add","path":"/spec/http/0","value":{"match":[{"port":%[1]d,"uri":{"prefix":"/past"}}],"route":[{"destination":{"host":"%[2]s","port":{"number":%[1]d}}}]}}]`, outwardPlain, host))
	x.want(t, "past the gateway", strings.ReplaceAll(x.url, word, "past"), "301")
	if client, _ := x.both(t, host); client.code != 1 || !strings.Contains(client.out, "MT010") || !strings.Contains(client.out, "go past the gateway") {
		t.Errorf("calls past the gateway: %s", client)
	}
	if r := x.plugin(t, "status", "-n", x.gateway, "--from-namespace", x.namespace); r.code != 1 || !strings.Contains(r.out, "go past the gateway") {
		t.Errorf("calls past the gateway: %s", r)
	}
	must(t, x.enable(t, host, x.ca.file, "--force-conflicts"), 0)
	if client, gateway := x.both(t, host); client.code != 0 || gateway.code != 0 {
		t.Errorf("enabled once more: %s%s", client, gateway)
	}
	t.Log("proves: a route past the gateway is a failure of verify and of status")
}
