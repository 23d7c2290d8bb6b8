package envoy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const (
	tcpProxy    = `"typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",`
	plainAndTLS = `{"dynamic_active_clusters":[{"cluster":{"name":"outbound|80||c"}},{"cluster":{"name":"plain"}},
		{"cluster":{"name":"tls","transport_socket":{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"}}}},
		{"cluster":{"name":"auto","transport_socket_matches":[{"name":"m","match":{"a":"b"},"transport_socket":{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"}}}]}}]}`
)

// TestShared finds who else gets parts of the calls of a cluster, from every place that can say so.
func TestShared(t *testing.T) {
	rds := func(routes string) string {
		return `{"dynamic_route_configs":[{"route_config":{"name":"80","virtual_hosts":[{"routes":[` + routes + `]}]}}]}`
	}
	hcm := func(more, routes string) string {
		return `{"dynamic_listeners":[{"active_state":{"listener":{"name":"l","filter_chains":[{"filters":[{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
			"route_config":{` + more + `"virtual_hosts":[{"routes":[` + routes + `]}]}}}]}]}}}]}`
	}
	tcp := func(body string) string {
		return `{"dynamic_listeners":[{"active_state":{"listener":{"name":"l","filter_chains":[{"filters":[{"name":"x",` + tcpProxy + body + `}}]}]}}}]}`
	}
	const weighted = `"weighted_clusters":{"clusters":[{"name":"outbound|80||c"},{"name":"plain"}]}`
	plain := []facts.Shared{{Cluster: "plain", Kind: facts.SocketPlaintext}}
	for name, c := range map[string]struct {
		sections string
		want     []facts.Shared
	}{
		"alone":              {tcp(`"cluster":"outbound|80||c"`), nil},
		"TCP by weight":      {tcp(weighted), plain},
		"RDS by weight":      {rds(`{"route":{` + weighted + `}}`), plain},
		"RDS, mirror":        {rds(`{"route":{"cluster":"outbound|80||c","request_mirror_policies":[{"cluster":"tls"},{"cluster":"gone"},{"cluster":"auto"}]}}`), []facts.Shared{{Cluster: "auto"}, {Cluster: "gone"}, {Cluster: "tls", Kind: facts.SocketTLS}}},
		"RDS, other routes":  {rds(`{"route":{"cluster":"outbound|80||c"}},{"route":{"cluster":"plain"}}`), nil},
		"RDS by a header":    {rds(`{"route":{"weighted_clusters":{"clusters":[{"name":"outbound|80||c"},{"cluster_header":"x"}]}}}`), []facts.Shared{{Cluster: "the cluster that header x names"}}},
		"inline by a header": {hcm("", `{"route":{"weighted_clusters":{"clusters":[{"name":"outbound|80||c"},{"cluster_header":"x"}]}}}`), []facts.Shared{{Cluster: "the cluster that header x names"}}},
		"inline by weight":   {hcm("", `{"route":{`+weighted+`}}`), plain},
		"inline, mirror all": {hcm(`"request_mirror_policies":[{"cluster":"plain"}],`, `{"route":{"cluster":"outbound|80||c"}}`), plain},
		"inline, others":     {hcm("", `{"route":{"cluster":"outbound|80||c"}},{"route":{"cluster":"plain"}}`), nil},
	} {
		p, err := readText(`{"configs":[` + plainAndTLS + "," + c.sections + `]}`)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, p.Upstreams[0].Shared); diff != "" {
			t.Errorf("%s: %s (problems %q)", name, diff, p.Problems)
		}
	}
}

// TestRouteByHeader: beside the cluster, a route of the same host leads to whichever cluster a header names.
func TestRouteByHeader(t *testing.T) {
	p, err := readText(`{"configs":[` + plainAndTLS + `,{"dynamic_route_configs":[{"route_config":{"name":"80","virtual_hosts":[{"domains":["c"],"routes":[{"route":{"cluster_header":"x"}},{"route":{"cluster":"outbound|80||c"}}]}]}}]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]facts.Shared{{Cluster: "the cluster that header x names"}}, p.Upstreams[0].Shared); diff != "" {
		t.Error(diff)
	}
}

// TestOutboundListeners: an upstream has the listeners of its port, those of other hosts too; what takes calls of others
// or captures for all ports is none.
func TestOutboundListeners(t *testing.T) {
	listener := func(name, address, more, cluster string) string {
		return `{"active_state":{"listener":{"name":"` + name + `","address":{"socket_address":{"address":"` + address + `","port_value":80}},` + more + `"filter_chains":[{"filters":[{"name":"x",` + tcpProxy + `"cluster":"` + cluster + `"}}]}]}}}`
	}
	p, err := readText(`{"configs":[` + plainAndTLS + `,{"dynamic_listeners":[` + listener("all", "0.0.0.0", "", "outbound|80||c") + "," +
		listener("one", "192.0.2.1", `"traffic_direction":"OUTBOUND",`, "plain") + "," + listener("in", "0.0.0.0", `"traffic_direction":"INBOUND",`, "plain") + "," +
		listener("virtualOutbound", "0.0.0.0", `"use_original_dst":true,`, "plain") + `]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []facts.Outbound{{Listener: "all", Address: "0.0.0.0", Port: 80, Clusters: []string{"outbound|80||c"}}, {Listener: "one", Address: "192.0.2.1", Port: 80, Clusters: []string{"plain"}}}
	if diff := cmp.Diff(want, p.Upstreams[0].Listeners); diff != "" {
		t.Error(diff)
	}
}

// TestPlainHosts: what a gateway answers without TLS: the routes of its plain ports that lead somewhere, and that do not
// send their callers to https.
func TestPlainHosts(t *testing.T) {
	host := func(name, more, route string) string {
		return `{"domains":["` + name + `","` + name + `:*"],"routes":[{` + route + `}]` + more + `}`
	}
	const leads = `"route":{"cluster":"plain"}`
	config := func(name, hosts string) string {
		return `{"route_config":{"name":"` + name + `","virtual_hosts":[` + hosts + `]}}`
	}
	p, err := readText(`{"configs":[{"dynamic_route_configs":[` + config("http.8080", host("open.example", "", leads)+","+host("sent.example", `,"require_tls":"ALL"`, leads)+","+host("gone.example", "", `"redirect":{}`)) + "," +
		config("https.443.x.gw.ns", host("tls.example", "", leads)) + "," + config("80", host("sidecar.example", "", leads)) + `]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]facts.PlainHost{{Host: "open.example", Port: 8080}}, p.Plain); diff != "" {
		t.Error(diff)
	}
}
