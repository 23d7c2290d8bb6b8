//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// watched is what the tests look at of a report's traffic.
type watched struct {
	Targets []struct {
		Traffic struct {
			Upstreams []struct {
				Cluster, Exercise                         string
				Connections, Failed, Handshakes, Requests *uint64
			}
		}
	}
}

// TestTraffic proves that --watch-traffic tells what happened in between and no more, and that --exercise goes through the
// sidecar as the application does: its counters, those of TLS too, count exactly that connection.
func TestTraffic(t *testing.T) {
	s := newSuite(t)
	needLab(t, s)
	f := &field{suite: s, namespace: s.namespace(t, "traffic", true), right: newAuthority(t, s.work, "e2e-traffic-ca", nil, leaf{}), wrong: newAuthority(t, s.work, "e2e-traffic-wrong", nil, leaf{})}
	s.deploy(t, workload{namespace: f.namespace, name: "client", annotations: map[string]string{"sidecar.istio.io/statsInclusionRegexps": `.*\.ssl\..*`}})
	x := &site{field: f, name: "traffic", host: "traffic.e2e.example.internal", port: firstPort + 191, client: "client", ca: "secret"}
	t.Cleanup(func() { x.remove(t) })
	x.serve(t, f.right, leaf{names: []string{x.host}})
	x.node(t)
	must(t, x.enable(t), 0)
	t.Log("proves: no traffic is told, and proves nothing: the evidence stays ready")
	quiet := x.verify(t, "--watch-traffic", "1s")
	must(t, quiet, 0)
	if !strings.Contains(quiet.out, "no traffic in 1s") {
		t.Errorf("nothing is said of the traffic\n%s", quiet)
	}
	if u, _ := read(t, x.verify(t, "--watch-traffic", "1s", "-o", "json")).upstream(x.cluster()); u.Evidence != "ready" {
		t.Errorf("without traffic the evidence is %s", u.Evidence)
	}
	t.Log("proves: --exercise makes one connection through the sidecar, and its counters show it")
	r := x.verify(t, "--exercise", "-o", "json")
	must(t, r, 0)
	x.counted(t, r, 1, 0, 1)
	if u, _ := read(t, r).upstream(x.cluster()); u.Evidence != "exercised" {
		t.Errorf("after --exercise the evidence is %s", u.Evidence)
	}
	t.Log("proves: with a server that is not accepted the connection fails, as the application's would")
	x.serve(t, f.wrong, leaf{names: []string{x.host}})
	r = x.verify(t, "--exercise", "--probe", "never", "-o", "json")
	if d := read(t, r); r.code != 1 || !strings.Contains(d.bad(x.cluster()), "while it was watched") {
		t.Errorf("a connection that failed has exit code %d\n%s", r.code, d.bad(x.cluster()))
	}
	x.counted(t, r, 1, 1, 0)
}

// counted looks at the one upstream's numbers.
func (x *site) counted(t *testing.T, r result, connections, failed, handshakes uint64) {
	t.Helper()
	var w watched
	if err := json.Unmarshal([]byte(r.out), &w); err != nil || len(w.Targets) != 1 || len(w.Targets[0].Traffic.Upstreams) != 1 {
		t.Fatalf("%v, no traffic of one upstream\n%s", err, r)
	}
	u := w.Targets[0].Traffic.Upstreams[0]
	if u.Connections == nil || u.Failed == nil || u.Handshakes == nil {
		t.Fatalf("a counter is missing: %+v", u)
	}
	t.Logf("%d connections, %d failed, %d handshakes: %s", *u.Connections, *u.Failed, *u.Handshakes, u.Exercise)
	if *u.Connections < connections || *u.Failed < failed || *u.Handshakes != handshakes || !strings.Contains(u.Exercise, "container app") {
		t.Errorf("want %d connections, %d failed, %d handshakes", connections, failed, handshakes)
	}
}
