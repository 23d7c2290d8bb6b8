package envoy

import (
	"context"
	"encoding/json"
	"strings"
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

// TestMatcherChains: with a filter_chain_matcher, too, it is told where the chains lead.
func TestMatcherChains(t *testing.T) {
	listener := listenerWith("all", "0.0.0.0", `{`+toCluster+`},{"filters":[{"name":"x",`+tcpProxy+`"cluster":7}}]}`)
	p, err := readText(chainDump(strings.Replace(listener, `"filter_chains"`, `"filter_chain_matcher":{"matcher_tree":{}},"filter_chains"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	want := []facts.Outbound{{Listener: "all", Address: "0.0.0.0", Port: 80, Clusters: []string{"plain"}, Chooses: "filter_chain_matcher", Chains: []facts.FilterChain{
		{To: []facts.Shared{{Cluster: "plain", Kind: facts.SocketPlaintext}}}, {Leads: "a tcp_proxy could not be decoded"}}}}
	if diff := cmp.Diff(want, p.Upstreams[0].Listeners); diff != "" {
		t.Error(diff)
	}
}

// TestStrays: a listener of the port whose name does not tell it is found when only one host is asked for, and an Envoy
// whose list of listeners is not there, or not understood, is asked for all.
func TestStrays(t *testing.T) {
	entry := func(name, address any) map[string]any { return map[string]any{"name": name, "local_address": address} }
	list := func(entries ...any) map[string]any { return map[string]any{"listener_statuses": entries} }
	own := entry("0.0.0.0_80", map[string]any{"socket_address": map[string]any{"address": "0.0.0.0", "port_value": 80}})
	for name, c := range map[string]struct {
		refuse string
		list   map[string]any
	}{
		"a static one, named as Istio's": {"", list(own, entry("192.0.2.1_80", map[string]any{"socket_address": map[string]any{"address": "192.0.2.1", "port_value": 80}}))},
		"all listed":                     {"", nil},
		"refused":                        {"/listeners", nil},
		"an empty list":                  {"", map[string]any{}},
		"no list":                        {"", map[string]any{"listener_statuses": map[string]any{"a": own}}},
		"an odd entry":                   {"", list(own, entry(7, nil))},
		"an odd port":                    {"", list(entry("stray", map[string]any{"socket_address": map[string]any{"address": "192.0.2.1", "port_value": "eighty"}}), own)},
		"an address that is none":        {"", list(own, entry("stray", map[string]any{}))},
	} {
		f := &fakeEnvoy{refuse: c.refuse, listeners: c.list, stats: map[string]any{}, clusters: map[string]any{"cluster_statuses": []any{}}}
		text := chainDump(listenerWith("0.0.0.0_80", "0.0.0.0", `{"filters":[{"name":"x",`+tcpProxy+`"cluster":"outbound|80||c"}}]}`) + "," + listenerWith("stray", "192.0.2.1", `{`+toCluster+`}`))
		if strings.HasPrefix(name, "a static one") {
			static := strings.TrimSuffix(strings.Replace(listenerWith("192.0.2.1_80", "192.0.2.1", `{`+toCluster+`}`), `"active_state":{`, "", 1), "}")
			text = strings.Replace(chainDump(listenerWith("0.0.0.0_80", "0.0.0.0", `{"filters":[{"name":"x",`+tcpProxy+`"cluster":"outbound|80||c"}}]}`)), `{"dynamic_listeners"`, `{"static_listeners":[`+static+`],"dynamic_listeners"`, 1)
		}
		if err := json.Unmarshal([]byte(text), &f.dump); err != nil {
			t.Fatal(err)
		}
		p, err := Read(context.Background(), facts.Target{}, f, Scope{Hosts: []string{"c"}, Ports: []int{80}})
		if err != nil {
			t.Fatal(err)
		}
		if u := p.Upstreams; len(u) != 1 || len(u[0].Listeners) != 2 || u[0].Listeners[1].Address != "192.0.2.1" {
			t.Errorf("%s: problems %q, %d upstreams, listeners %+v", name, p.Problems, len(u), u[0].Listeners)
		}
	}
}
