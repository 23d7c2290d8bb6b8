package envoy

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestRecount reads counters anew, keeps everything else, and does not touch what was read before. Without host counters
// there is nothing to compare, which is an error.
func TestRecount(t *testing.T) {
	files := map[string]string{"config_dump.json": counterDump, "clusters.json": `{"cluster_statuses":[{"name":"outbound|443||a.example","host_statuses":[
		{"address":{"socket_address":{"address":"10.0.0.1","port_value":443}},"hostname":"a.example","stats":[{"name":"cx_total","value":"7"}]}]},
		{"name":"inbound|8080||","host_statuses":[{"address":{"socket_address":{"address":"127.0.0.6","port_value":8080}},"stats":[{"name":"rq_total","value":"2"}]}]}]}`,
		"stats": "cluster.outbound|443||a.example;.ssl.handshake: 5\n"}
	p := readFiles(t, files)
	p.Inbound = []facts.Inbound{{Port: 8080, Served: &facts.HostCounters{Requests: 9}}}
	old := facts.HostCounters{Total: 1}
	p.Upstreams[0].Endpoints[0].Hosts = &old
	again, err := Recount(t.Context(), filesOf(files), p, Scope{All: true})
	if err != nil {
		t.Fatal(err)
	}
	if h := again.Upstreams[0].Endpoints[0].Hosts; h == nil || h.Total != 7 || *again.Upstreams[0].TLS.Handshake != 5 || again.Inbound[0].Served.Requests != 2 {
		t.Errorf("not read anew: %+v, %+v", again.Upstreams[0], again.Inbound)
	}
	if p.Upstreams[0].Endpoints[0].Hosts.Total != 1 || p.Inbound[0].Served.Requests != 9 {
		t.Error("what was read before was changed")
	}
	delete(files, "clusters.json")
	if _, err := Recount(t.Context(), filesOf(files), p, Scope{All: true}); err == nil || !strings.Contains(err.Error(), "clusters") {
		t.Errorf("without counters: %v", err)
	}
}
