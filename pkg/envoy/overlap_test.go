package envoy

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// waiting answers the second half of its dump only when somebody has asked for what is counted.
type waiting struct {
	dump    string
	asked   chan struct{} // closed when /clusters is asked for
	begun   bool          // the dump is being answered
	tooSoon bool          // /clusters was asked for before
}

// Get implements Getter.
func (w *waiting) Get(_ context.Context, path string) (io.ReadCloser, error) {
	switch {
	case strings.HasPrefix(path, "/config_dump"):
		w.begun = true
		half := len(w.dump) / 2
		return io.NopCloser(io.MultiReader(strings.NewReader(w.dump[:half]), w, strings.NewReader(w.dump[half:]))), nil
	case strings.HasPrefix(path, "/clusters"):
		w.tooSoon = !w.begun
		close(w.asked)
		return io.NopCloser(strings.NewReader(`{"cluster_statuses":[{"name":"c0","host_statuses":[{"address":{"socket_address":{"address":"10.0.0.9","port_value":1}},"stats":[{"name":"cx_total","value":"7"}]}]}]}`)), nil
	}
	return nil, status(404)
}

// Read implements io.Reader, as the place in the dump where it waits.
func (w *waiting) Read([]byte) (int, error) {
	select {
	case <-w.asked:
		return 0, io.EOF
	case <-time.After(10 * time.Second):
		return 0, errors.New("nobody asked for the counters while the dump was read")
	}
}

// TestCountersWhileTheDumpIsRead proves that a live proxy is asked for what it counted once it answers the dump, and
// not only when that is decoded; and that what is missing of it is told.
func TestCountersWhileTheDumpIsRead(t *testing.T) {
	w := &waiting{asked: make(chan struct{}), dump: `{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump","dynamic_active_clusters":[{"cluster":{"name":"c0","type":"STRICT_DNS"}}]}]}`}
	p, err := Read(context.Background(), facts.Target{}, w, Scope{All: true})
	if err != nil {
		t.Fatal(err)
	}
	if w.tooSoon {
		t.Error("the counters were asked for before the configuration")
	}
	if len(p.Upstreams) != 1 || len(p.Upstreams[0].Endpoints) != 1 || p.Upstreams[0].Endpoints[0].Hosts == nil || p.Upstreams[0].Endpoints[0].Hosts.Total != 7 {
		t.Errorf("upstreams: %+v", p.Upstreams)
	}
	if _, missing := p.Missing[facts.FactHostCounters]; missing || p.Missing[facts.FactUpdates] == "" {
		t.Errorf("missing: %v", p.Missing)
	}
}
