package envoy

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// chainDump is a proxy whose listener of port 80 has these filter chains, and is asked for by the routes 80.
func chainDump(listeners string) string {
	return `{"configs":[` + plainAndTLS + `,{"dynamic_listeners":[` + listeners + `]},{"dynamic_route_configs":[{"route_config":{"name":"80","virtual_hosts":[{"domains":["c"],"routes":[{"route":{"cluster":"outbound|80||c"}}]}]}}]}]}`
}

func listenerWith(name, address, chains string) string {
	return `{"name":"` + name + `","active_state":{"listener":{"name":"` + name + `","address":{"socket_address":{"address":"` + address + `","port_value":80}},"filter_chains":[` + chains + `]}}}`
}

const toCluster = `"filters":[{"name":"x",` + tcpProxy + `"cluster":"plain"}}]`

// TestFilterChains reads what a filter chain takes and where it leads, by a cluster, by routes, or by what a filter says.
func TestFilterChains(t *testing.T) {
	const hcm = `"filters":[{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager","rds":{"route_config_name":"80"}}}]`
	const state = `{"name":"s","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config","on_new_connection":[{"object_key":"envoy.tcp_proxy.cluster"}]}},`
	p, err := readText(chainDump(listenerWith("all", "0.0.0.0", `{"name":"r","filter_chain_match":{"prefix_ranges":[{"address_prefix":"10.1.2.3","prefix_len":8},{"address_prefix":"::","prefix_len":0}],"source_prefix_ranges":[{"address_prefix":"10.0.0.1","prefix_len":32}],
		"direct_source_prefix_ranges":[{"address_prefix":"fd00::","prefix_len":16}],"source_ports":[7],"source_type":2,"destination_port":80,"transport_protocol":"raw_buffer","application_protocols":["h2c"],"server_names":["n"]},`+toCluster+`},{`+hcm+`},
		{"filters":[`+state+`{"name":"x",`+tcpProxy+`"cluster":"tls"}}]},{"filter_chain_match":{"prefix_ranges":[{"address_prefix":"ten","prefix_len":8}]},`+toCluster+`}`) +
		"," + listenerWith("simple", "0.0.0.0", `{`+toCluster+`}`) + "," + listenerWith("odd", "0.0.0.0", `{"filter_chain_match":{"source_type":"EXTERNAL"},`+toCluster+`}`)))
	if err != nil {
		t.Fatal(err)
	}
	plain := []facts.Shared{{Cluster: "plain", Kind: facts.SocketPlaintext}}
	want := []facts.Outbound{
		{Listener: "all", Address: "0.0.0.0", Port: 80, Clusters: []string{"plain", "tls", "plain"}, Routes: []string{"80"}, Chains: []facts.FilterChain{
			{Name: "r", To: plain, Match: facts.ChainMatch{Port: 80, Ranges: []string{"10.0.0.0/8", ""}, Names: []string{"n"}, Transport: "raw_buffer", ALPN: []string{"h2c"},
				Direct: []string{"fd00::/16"}, Source: []string{"10.0.0.1/32"}, SourceType: "EXTERNAL", SourcePorts: []string{"7"}}},
			{Routes: "80"}, {To: []facts.Shared{{Cluster: "tls", Kind: facts.SocketTLS}}, Leads: "set_filter_state sets envoy.tcp_proxy.cluster"},
			{To: plain, Leads: "a range of addresses in its filter_chain_match could not be read"},
		}},
		{Listener: "simple", Address: "0.0.0.0", Port: 80, Clusters: []string{"plain"}},
		{Listener: "odd", Address: "0.0.0.0", Port: 80, Clusters: []string{"plain"}, Chains: []facts.FilterChain{{To: plain, Match: facts.ChainMatch{SourceType: "EXTERNAL"}}}},
	}
	u := p.Upstreams[0]
	if diff := cmp.Diff(want, u.Listeners); diff != "" || !cmp.Equal(u.Routes, []string{"80"}) {
		t.Errorf("routes %q, %s", u.Routes, diff)
	}
}

// TestStrays: a listener of the port whose name does not tell it is found when only one host is asked for, and an Envoy
// that has no list of listeners is asked for all.
func TestStrays(t *testing.T) {
	for _, refuse := range []string{"", "/listeners"} {
		f := &fakeEnvoy{refuse: refuse, stats: map[string]any{}, clusters: map[string]any{"cluster_statuses": []any{}}}
		text := chainDump(listenerWith("0.0.0.0_80", "0.0.0.0", `{"filters":[{"name":"x",`+tcpProxy+`"cluster":"outbound|80||c"}}]}`) + "," + listenerWith("stray", "192.0.2.1", `{`+toCluster+`}`))
		if err := json.Unmarshal([]byte(text), &f.dump); err != nil {
			t.Fatal(err)
		}
		p, err := Read(context.Background(), facts.Target{}, f, Scope{Hosts: []string{"c"}, Ports: []int{80}})
		if err != nil {
			t.Fatal(err)
		}
		if u := p.Upstreams; len(u) != 1 || len(u[0].Listeners) != 2 || u[0].Listeners[1].Listener != "stray" {
			t.Errorf("%q refused: %+v", refuse, u)
		}
	}
}
