package envoy

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// FuzzRead: any text gives facts or an error, never a panic, and a context
// whose trust is not clear is never strict.
func FuzzRead(f *testing.F) {
	f.Add(string(generated(1, 1)))
	f.Add(counterDump)
	f.Add(`[{"name":"a","type":"EDS"},{"name":"l","filterChains":[{"filters":[{"name":"envoy.tcp_proxy","config":{"cluster":"a"}}]}]}]`)
	f.Add(`{"configs":[{"dynamic_listeners":[{"active_state":{"listener":{"name":"virtualInbound","address":{"socket_address":{"address":"0","port_value":15006}},"traffic_direction":"INBOUND","filter_chains":[{` + serverTLS + `},{"tls_context":{}}]}},"error_state":{"details":"x"}}]}]}`)
	f.Add(`{"configs":[{"dynamic_active_secrets":[{"name":"ROOTCA","secret":{"validation_context":{"trusted_ca":{"inline_string":"-----BEGIN CERTIFICATE-----"}}}}]}]}`)
	f.Add("\x1f\x8b")
	if text, err := os.ReadFile("testdata/lab/web/server_info.json"); err == nil {
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		files := fstest.MapFS{"config_dump.json": {Data: []byte(text)}, "clusters.json": {Data: []byte(text)}, "stats": {Data: []byte(text)}, "server_info.json": {Data: []byte(text)}}
		p, err := Read(context.Background(), facts.Target{}, NewFiles(files, ""), Scope{All: true})
		if err != nil {
			if p != nil || strings.TrimSpace(err.Error()) == "" {
				t.Errorf("an error with facts, or without words: %v", err)
			}
			return
		}
		for _, u := range p.Upstreams {
			if u.Cluster == "" || u.State == "" {
				t.Errorf("an upstream without name or state: %+v", u)
			}
			if u.Socket.Kind == facts.SocketUnknown && u.Socket.Problem == "" {
				t.Errorf("unknown without a reason: %+v", u)
			}
			for _, e := range u.Endpoints {
				_ = u.SocketFor(e)
			}
		}
		for _, in := range p.Inbound {
			if m := in.Mode(p); m == facts.ModeStrict && !strings.Contains(text, "equire") {
				t.Errorf("strict without a demand: %+v", in)
			}
		}
		_, _ = Read(context.Background(), facts.Target{}, liveFiles{files}, Scope{Hosts: []string{"a.example"}})
	})
}

// liveFiles serves files as a live proxy would, so that the scoped way of
// reading is walked as well.
type liveFiles struct{ fstest.MapFS }

func (f liveFiles) Get(ctx context.Context, path string) (io.ReadCloser, error) {
	return NewFiles(f.MapFS, "").Get(ctx, path)
}

// FuzzStats: any text, in either format, gives counters or an error.
func FuzzStats(f *testing.F) {
	f.Add("cluster.a.ssl.handshake: 1\nlistener_manager.lds.update_rejected: 18446744073709551616\n")
	f.Add(`{"stats":[{"name":"cluster.a.ssl.handshake","value":1},{"histograms":{}}]}`)
	f.Add("cluster.a.ssl.handshake: -1\ncluster..ssl.: 1\ncluster.ssl.handshake: 1\n: 1")
	f.Add("a::10.0.0.1:1::cx_total::1\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := newCollector()
		err := c.readStats(strings.NewReader(text))
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("an error that quotes the text: %d bytes", len(err.Error()))
		}
		for name, counters := range c.stats.tls {
			if *counters == (facts.TLSCounters{}) {
				t.Errorf("%q has counters without one", name)
			}
		}
		_ = newCollector().clusterStatuses(strings.NewReader(text))
	})
}
