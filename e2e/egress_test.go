//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	egressHost = "www.egress.e2e.example.internal"
	egressName = "www-egress"
)

// TestEgress tells scenario S1 in both forms: a web server that answers 301 on 80 and speaks TLS on 443; after
// enable one plain call gets its 200, proven by verify; after disable the 301 is back.
func TestEgress(t *testing.T) {
	e := newEgress(t)
	t.Run("targetport", func(t *testing.T) { e.story(t, "targetport", 80, "200") })
	t.Run("virtualservice", func(t *testing.T) { e.story(t, "virtualservice", 443, "000") })
	t.Run("taken back", e.sabotaged)
	t.Run("policy survives", e.policy)
}

type egressField struct {
	*suite
	namespace string
	ca        *authority
}

func newEgress(t *testing.T) *egressField {
	t.Helper()
	s := newSuite(t)
	needLab(t, s)
	e := &egressField{suite: s, ca: newAuthority(t, s.work, "e2e-egress-ca", nil, leaf{})}
	cert, key := e.ca.issue(t, s.work, leaf{names: []string{egressHost}})
	if r := s.labRun(t, "serve", s.lab, "web", "--host", egressHost, "--cert", cert, "--key", key); r.code != 0 {
		t.Fatalf("%s", r)
	}
	t.Cleanup(func() { s.labRun(t, "serve", s.lab, "stop", "web", "--port", "443") })
	e.namespace = s.namespace(t, "egress", true)
	s.deploy(t, workload{namespace: e.namespace, name: "client"})
	return e
}

// get calls a URL from the application's container and gives the status code, 000 when there is no answer.
func (e *egressField) get(t *testing.T, url string) string {
	t.Helper()
	return strings.TrimSpace(e.try(t, "exec", "-n", e.namespace, "deploy/client", "-c", "app", "--",
		"curl", "-sk", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", url).out)
}

func (e *egressField) want(t *testing.T, when, url, code string) {
	t.Helper()
	got := ""
	if took, ok := until(proxyTime, func() bool { got = e.get(t, url); return got == code }); !ok {
		t.Fatalf("%s: %s gives %s after %s, want %s", when, url, got, took, code)
	}
}

func (e *egressField) enable(t *testing.T, more ...string) result {
	t.Helper()
	return e.plugin(t, append([]string{"enable", "egress", egressHost, "-n", e.namespace, "--name", egressName, "--ca-file", e.ca.file}, more...)...)
}

// made lists the objects of ours that are there.
func (e *egressField) made(t *testing.T) []string {
	t.Helper()
	return strings.Fields(e.kube(t, "get", "serviceentries,destinationrules,virtualservices,configmaps,secrets", "-n", e.namespace, "-l", "mesh-tls.io/name="+egressName, "-o", "name"))
}

func (e *egressField) story(t *testing.T, form string, tlsPort int, ownHTTPS string) {
	const plain, own = "http://" + egressHost + "/path", "https://" + egressHost + "/path"
	t.Cleanup(func() { e.plugin(t, "disable", egressName, "-n", e.namespace, "--yes") })
	before := e.snapshot(t, e.namespace, false)
	e.want(t, "before", plain, "301")
	e.want(t, "before", own, "200")
	e.speaks(t, form, own)
	if r := e.enable(t, "--form", form); r.code != 0 {
		t.Fatalf("%s", r)
	}
	e.want(t, "after enable", plain, "200")
	e.want(t, "after enable, HTTPS of the application's own", own, ownHTTPS)
	for _, to := range []string{egressHost, egressHost + ":80", ""} {
		e.proven(t, tlsPort, to)
	}
	if form == "virtualservice" {
		e.lostRoute(t, plain)
	}
	if r := e.enable(t, "--form", form); r.code != 0 || strings.Count(r.out, " unchanged\n") != len(e.made(t)) {
		t.Errorf("a second enable changes something:\n%s", r)
	}
	if r := e.plugin(t, "disable", egressName, "-n", e.namespace, "--yes"); r.code != 0 {
		t.Fatalf("%s", r)
	}
	if diff := cmp.Diff(before, e.snapshot(t, e.namespace, false)); diff != "" {
		t.Errorf("disable does not put back what was:\n%s", diff)
	}
	e.want(t, "after disable", plain, "301")
	e.want(t, "after disable", own, "200")
}

// speaks: a live application that calls https by itself is warned of, where it would get TLS inside TLS.
func (e *egressField) speaks(t *testing.T, form, own string) {
	t.Helper()
	warned := form == "virtualservice"
	var r result
	took, ok := until(proxyTime, func() bool { // the sidecar forgets a connection seconds after its end
		e.get(t, own)
		r = e.enable(t, "--form", form, "--dry-run=server")
		return r.code == 0 && strings.Contains(r.err, "WARN MT037") == warned && (!warned || strings.Contains(r.err, "speaks to "+egressHost+":443 by itself"))
	})
	if !ok {
		t.Fatalf("after %s: want a warning of the application's own HTTPS %t: %s", took, warned, r)
	}
	t.Logf("proves: an application that speaks HTTPS now is warned of before the sidecar would wrap it once more: %t", warned)
}

// sabotaged: with a CA that did not sign the server's certificate the change is taken back, in both forms.
func (e *egressField) sabotaged(t *testing.T) {
	before := e.snapshot(t, e.namespace, false)
	wrong := newAuthority(t, e.work, "e2e-egress-wrong", nil, leaf{})
	for _, form := range []string{"targetport", "virtualservice"} {
		r := e.enable(t, "--form", form, "--ca-file", wrong.file)
		e.takenBack(t, r, e.namespace, before, []string{"MT013", "wrong CA"})
		e.want(t, "taken back", "http://"+egressHost+"/path", "301")
	}
}

// proven demands exit code 0 and that the cluster with TLS, and no other of the host, is judged and exercised. The
// virtualservice form's failed calls (TLS in TLS) are no connections that failed for the sidecar.
func (e *egressField) proven(t *testing.T, port int, to string) {
	t.Helper()
	args := []string{"verify", "deploy/client", "-n", e.namespace, "-o", "json"}
	if to != "" {
		args = append(args, "--to", to)
	}
	r := e.plugin(t, args...)
	d, cluster := read(t, r), fmt.Sprintf("outbound|%d||%s", port, egressHost)
	u, found := d.upstream(cluster)
	if r.code != 0 || !found || u.Transport != "tls" || u.Evidence != "exercised" || u.Outcome != "OK" || !slices.Equal(u.SANs, []string{egressHost}) {
		t.Errorf("verify --to %q: exit code %d\n%s", to, r.code, d.bad(cluster))
	}
	for _, other := range d.Targets[0].Upstreams {
		if strings.Contains(other.Cluster, egressHost) && other.Cluster != cluster && other.Outcome != "NOT_JUDGED" {
			t.Errorf("verify --to %q judges %s too: %s", to, other.Cluster, other.Outcome)
		}
	}
}

// lostRoute: without the VirtualService calls are plain again, however good the cluster with TLS is, and verify
// says so; enable brings it back.
func (e *egressField) lostRoute(t *testing.T, plain string) {
	t.Helper()
	e.kube(t, "delete", "virtualservice", egressName, "-n", e.namespace)
	e.want(t, "without the route", plain, "301")
	r := e.plugin(t, "verify", "deploy/client", "-n", e.namespace, "--to", egressHost, "-o", "json")
	d, cluster := read(t, r), "outbound|443||"+egressHost
	named := slices.ContainsFunc(d.findings(cluster, "FAIL"), func(f finding) bool {
		return f.names("MT010", []string{"FAIL"}, []string{"plaintext", "VirtualService"})
	})
	if r.code != 1 || !named {
		t.Errorf("without the route: exit code %d\n%s", r.code, d.bad(cluster))
	}
	if r := e.enable(t, "--form", "virtualservice"); r.code != 0 {
		t.Fatalf("%s", r)
	}
	e.want(t, "with the route again", plain, "200")
}

// policy: a rule of somebody else is refused by name, and taken over with what it says beside TLS.
func (e *egressField) policy(t *testing.T) {
	e.apply(t, fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: theirs, namespace: %s}
spec:
  host: %s
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    portLevelSettings: [{port: {number: 9000}, connectionPool: {tcp: {maxConnections: 7}}}]
`, e.namespace, egressHost))
	t.Cleanup(func() { e.plugin(t, "disable", egressName, "-n", e.namespace, "--yes") })
	if r := e.enable(t); r.code != 1 || !strings.Contains(r.err, "DestinationRule "+e.namespace+"/theirs is already there") {
		t.Errorf("want exit code 1 and the rule named: %s", r)
	}
	for _, when := range []string{"adopted", "again"} {
		if r := e.enable(t, "--adopt"); r.code != 0 {
			t.Fatalf("%s: %s", when, r)
		}
		path := func(expr string) string {
			return e.kube(t, "get", "destinationrule", "theirs", "-n", e.namespace, "-o", "jsonpath={.spec.trafficPolicy"+expr+"}")
		}
		got := []string{path(".loadBalancer.simple"), path(".portLevelSettings[?(@.port.number==80)].loadBalancer.simple"),
			path(".portLevelSettings[?(@.port.number==80)].tls.mode"), path(".portLevelSettings[?(@.port.number==9000)].connectionPool.tcp.maxConnections")}
		if want := []string{"ROUND_ROBIN", "ROUND_ROBIN", "SIMPLE", "7"}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	e.want(t, "with their policy", "http://"+egressHost+"/path", "200")
	e.proven(t, 80, egressHost)
}
