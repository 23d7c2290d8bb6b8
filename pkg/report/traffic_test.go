package report

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestTraffic: what was not seen is not told as zero, and upstreams that are not listed stay out.
func TestTraffic(t *testing.T) {
	three, none := uint64(3), uint64(0)
	in := check.Input{Traffic: &facts.Traffic{Took: 10 * time.Second, Upstreams: []facts.Delta{
		{Cluster: "a", Known: true, Connections: 1, Requests: 2, Handshakes: &three, TLSErrors: &three},
		{Cluster: "b", Known: true, Handshakes: &none, Exercise: "from container app stood for 2s"},
		{Cluster: "c", Why: "no counter of its endpoints was seen"},
		{Cluster: "hidden", Known: true},
	}, Inbound: []facts.Delta{{Port: 8080, Known: true, Connections: 1, Failed: 1}}}}
	listed := []Upstream{{Cluster: "a", Host: "a", Port: 1}, {Cluster: "b", Host: "b", Port: 2}, {Cluster: "c", Host: "c", Port: 3}}
	want := []string{
		"a:1: 1 new connection, 0 failed, 2 requests, 3 TLS handshakes, 3 TLS errors",
		"b:2: no traffic in 10s, 0 TLS handshakes, --exercise from container app stood for 2s",
		"c:3: not known, no counter of its endpoints was seen, TLS handshakes are not exported",
		"inbound port 8080: 1 new connection, 1 failed, 0 requests",
	}
	got := trafficOf(in, listed)
	if diff := cmp.Diff(want, got.lines(listed)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if c := got.Upstreams[2]; c.Connections != nil || c.Failed != nil || c.Requests != nil {
		t.Errorf("an unknown number is told: %+v", c)
	}
	if trafficOf(check.Input{}, listed) != nil {
		t.Error("traffic without watching")
	}
}
