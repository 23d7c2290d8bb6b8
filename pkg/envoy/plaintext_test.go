package envoy

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// statsPages answers the two questions that ReadPlaintext asks.
type statsPages struct{ stats, metrics string }

func (p statsPages) Get(_ context.Context, path string) (io.ReadCloser, error) {
	text := p.stats
	if strings.HasPrefix(path, "/stats/prometheus") {
		text = p.metrics
	}
	if text == "refused" {
		return nil, errors.New("connection refused")
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func TestReadPlaintext(t *testing.T) {
	n := func(v uint64) *uint64 { return &v }
	const ports = "http.inbound_0.0.0.0_8080;.downstream_cx_ssl_total: 1\nhttp.inbound_0.0.0.0_8080;.downstream_cx_total: 5\nhttp.inbound_0.0.0.0_9090.downstream_cx_total: 2\n"
	const metrics = `# TYPE istio_requests_total counter
istio_requests_total{reporter="destination",source_workload="unknown",source_workload_namespace="unknown",connection_security_policy="none",response_code="200"} 7
istio_requests_total{reporter="destination",source_workload="unknown",source_workload_namespace="unknown",connection_security_policy="none",response_code="404"} 1
istio_requests_total{reporter="destination",source_workload="web",source_workload_namespace="shop",connection_security_policy="mutual_tls"} 9
istio_requests_total{reporter="source",source_workload="web",source_workload_namespace="shop",connection_security_policy="none"} 9
istio_tcp_connections_opened_total{reporter="destination",source_workload="cron",source_workload_namespace="old",connection_security_policy="none"} 3
`
	for _, c := range []struct {
		name  string
		pages statsPages
		want  facts.Plaintext
	}{
		{"nothing exported", statsPages{}, facts.Plaintext{}},
		{"ports; one without its TLS half is not known", statsPages{stats: ports}, facts.Plaintext{Ports: map[int]uint64{8080: 4}}},
		{"listener", statsPages{stats: "listener.0.0.0.0_15006.downstream_cx_total: 5\nlistener.0.0.0.0_15006.ssl.handshake: 1\nlistener.0.0.0.0_15001.downstream_cx_total: 9\n"}, facts.Plaintext{All: n(4)}},
		{"callers", statsPages{metrics: metrics}, facts.Plaintext{Sources: map[string]uint64{"unknown": 8, "old/cron": 3}}},
		{"callers, all of the mesh", statsPages{metrics: `istio_requests_total{reporter="destination",connection_security_policy="mutual_tls"} 9` + "\n"}, facts.Plaintext{Sources: map[string]uint64{}}},
		{"damaged", statsPages{stats: "http.inbound_x_99999999999999999999;.downstream_cx_total: -1\n\x00: 3\n", metrics: "istio_requests_total{reporter=\"destination\",} x\n"}, facts.Plaintext{}},
	} {
		got, err := ReadPlaintext(t.Context(), c.pages)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", c.name, err, diff)
		}
	}
	if _, err := ReadPlaintext(t.Context(), statsPages{stats: "refused"}); err == nil {
		t.Error("a proxy that does not answer gave no error")
	}
}
