package envoy

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
	network := func(kind, body string) string {
		return `{"dynamic_listeners":[{"active_state":{"listener":{"name":"l","filter_chains":[{"filters":[{"name":"x",` + anyType + "envoy.extensions.filters.network." + kind + `",` + body + `}}]}]}}}]}`
	}
	redis := func(body string) string { return network("redis_proxy.v3.RedisProxy", `"stat_prefix":"cluster",`+body) }
	thrift := func(route string) string {
		return network("thrift_proxy.v3.ThriftProxy", `"route_config":{"name":"cluster","routes":[{"match":{"method_name":"a"},"route":{`+route+`}}]}`)
	}
	const weighted = `"weighted_clusters":{"clusters":[{"name":"outbound|80||c"},{"name":"plain"}]}`
	plain := []facts.Shared{{Cluster: "plain", Kind: facts.SocketPlaintext}}
	for name, c := range map[string]struct {
		sections string
		want     []facts.Shared
	}{
		"alone":                         {tcp(`"cluster":"outbound|80||c"`), nil},
		"TCP by weight":                 {tcp(weighted), plain},
		"RDS by weight":                 {rds(`{"route":{` + weighted + `}}`), plain},
		"RDS, mirror":                   {rds(`{"route":{"cluster":"outbound|80||c","request_mirror_policies":[{"cluster":"tls"},{"cluster":"gone"},{"cluster":"auto"}]}}`), []facts.Shared{{Cluster: "auto"}, {Cluster: "gone"}, {Cluster: "tls", Kind: facts.SocketTLS}}},
		"RDS, other routes":             {rds(`{"route":{"cluster":"outbound|80||c"}},{"route":{"cluster":"plain"}}`), nil},
		"RDS by a plugin":               {rds(`{"route":{"weighted_clusters":{"clusters":[{"name":"outbound|80||c"}]},"inline_cluster_specifier_plugin":{"extension":{"name":"y"}}}}`), []facts.Shared{{Cluster: "the cluster that a cluster_specifier_plugin chooses"}}},
		"RDS, mirror by a header":       {rds(`{"route":{"cluster":"outbound|80||c","request_mirror_policies":[{"cluster_header":"x"}]}}`), []facts.Shared{{Cluster: "the cluster that header x names"}}},
		"RDS, mirror of the host":       {strings.Replace(rds(`{"route":{"cluster":"outbound|80||c"}},{"route":{"cluster":"tls"}}`), `"routes"`, `"request_mirror_policies":[{"cluster":"plain"}],"routes"`, 1), plain},
		"RDS, mirror behind the routes": {strings.Replace(rds(`{"route":{"cluster":"outbound|80||c"}}`), `]}]}}]}`, `],"request_mirror_policies":[{"cluster":"plain"}]}]}}]}`, 1), plain},
		"RDS, mirror of all hosts":      {strings.Replace(rds(`{"route":{"cluster":"outbound|80||c"}},{"route":{"cluster":"tls"}}`), `"virtual_hosts"`, `"request_mirror_policies":[{"cluster":"plain"}],"virtual_hosts"`, 1), plain},
		"inline by a plugin":            {hcm("", `{"route":{"cluster":"outbound|80||c","cluster_specifier_plugin":"y"}}`), []facts.Shared{{Cluster: "the cluster that a cluster_specifier_plugin chooses"}}},
		"inline, mirror by a header":    {hcm("", `{"route":{"cluster":"outbound|80||c","request_mirror_policies":[{"cluster_header":"x"}]}}`), []facts.Shared{{Cluster: "the cluster that header x names"}}},
		"RDS by a header":               {rds(`{"route":{"weighted_clusters":{"clusters":[{"name":"outbound|80||c"},{"cluster_header":"x"}]}}}`), []facts.Shared{{Cluster: "the cluster that header x names"}}},
		"inline by a header":            {hcm("", `{"route":{"weighted_clusters":{"clusters":[{"name":"outbound|80||c"},{"cluster_header":"x"}]}}}`), []facts.Shared{{Cluster: "the cluster that header x names"}}},
		"redis by key":                  {redis(`"prefix_routes":{"routes":[{"prefix":"a","cluster":"outbound|80||c","request_mirror_policy":[{"cluster":"plain"}]}],"catch_all_route":{"cluster":"tls"}}`), append(plain, facts.Shared{Cluster: "tls", Kind: facts.SocketTLS})},
		"redis, one":                    {redis(`"prefix_routes":{"catch_all_route":{"cluster":"outbound|80||c"}}`), nil},
		"thrift by weight":              {thrift(`"weighted_clusters":{"clusters":[{"name":"outbound|80||c","weight":1},{"name":"plain","weight":1}]}`), plain},
		"thrift by a header":            {thrift(`"cluster":"outbound|80||c"}},{"match":{"method_name":""},"route":{"cluster_header":"x"`), []facts.Shared{{Cluster: "the cluster that header x names"}}},
		"inline by weight":              {hcm("", `{"route":{`+weighted+`}}`), plain},
		"inline, mirror all":            {hcm(`"request_mirror_policies":[{"cluster":"plain"}],`, `{"route":{"cluster":"outbound|80||c"}}`), plain},
		"inline, others":                {hcm("", `{"route":{"cluster":"outbound|80||c"}},{"route":{"cluster":"plain"}}`), nil},
	} {
		p, err := readText(`{"configs":[` + plainAndTLS + "," + c.sections + `]}`)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, p.Upstreams[0].Shared); diff != "" {
			t.Errorf("%s: %s (problems %q)", name, diff, p.Problems)
		}
		anyone := "" // a cluster that only the call tells may be every cluster
		if len(c.want) > 0 && strings.HasPrefix(c.want[0].Cluster, "the cluster that ") {
			anyone = c.want[0].Cluster
		}
		if p.AnyCluster != anyone {
			t.Errorf("%s: among all clusters chooses %q, want %q", name, p.AnyCluster, anyone)
		}
	}
}

// TestKinds: what another cluster sends is TLS only where every endpoint of the one that serves gets TLS; one that drops all
// is nobody's share.
func TestKinds(t *testing.T) {
	const (
		context = `"transport_socket":{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"}}`
		odd     = `"transport_socket":{"name":"x","typed_config":{"@type":"type.googleapis.com/example.Socket"}}`
		tls     = `{"name":"t","match":{"kind":"tls"},` + context + `}`
		matches = `"transport_socket_matches":[` + tls + `,{"name":"o","match":{"kind":"odd"},` + odd + `},{"name":"p","match":{"kind":"plain"},"transport_socket":{"name":"envoy.transport_sockets.raw_buffer"}}]`
	)
	endpoints := func(kinds ...string) string {
		var list []string
		for _, k := range kinds {
			list = append(list, `{"endpoint":{"address":{"socket_address":{"address":"10.0.0.1","port_value":1}}},"metadata":{"filter_metadata":{"envoy.transport_socket_match":{"kind":"`+k+`"}}}}`)
		}
		return matches + `,"load_assignment":{"cluster_name":"o","endpoints":[{"lb_endpoints":[` + strings.Join(list, ",") + `]}]}`
	}
	const name = "BlackHoleCluster"
	for why, c := range map[string]struct {
		active, warming string
		want            []facts.Shared
	}{
		"TLS to all":                   {endpoints("tls", "tls"), "", []facts.Shared{{Cluster: name, Kind: facts.SocketTLS}}},
		"plaintext to one":             {endpoints("tls", "plain"), "", []facts.Shared{{Cluster: name, Kind: facts.SocketPlaintext}}},
		"not known of the first":       {endpoints("odd", "tls"), "", []facts.Shared{{Cluster: name}}},
		"not known of the last":        {endpoints("tls", "odd"), "", []facts.Shared{{Cluster: name}}},
		"plaintext, and TLS to come":   {`"type":"STRICT_DNS"`, context, []facts.Shared{{Cluster: name, Kind: facts.SocketPlaintext}}},
		"TLS, and plaintext to come":   {`"type":"STRICT_DNS",` + context, `"type":"STRICT_DNS"`, []facts.Shared{{Cluster: name, Kind: facts.SocketTLS}}},
		"no endpoint":                  {`"type":"STATIC"`, "", nil},
		"no endpoint, but that of DNS": {`"type":"STRICT_DNS"`, "", []facts.Shared{{Cluster: name, Kind: facts.SocketPlaintext}}},
	} {
		warming := ""
		if c.warming != "" {
			warming = `,{"dynamic_warming_clusters":[{"cluster":{"name":"` + name + `",` + c.warming + `}}]}`
		}
		p, err := readText(`{"configs":[` + plainAndTLS + `,{"dynamic_active_clusters":[{"cluster":{"name":"` + name + `",` + c.active + `}}]}` + warming + `,{"dynamic_listeners":[` +
			listenerWith("l", "0.0.0.0", `{"filter_chain_match":{"source_type":"EXTERNAL"},"filters":[{"name":"x",`+tcpProxy+`"weighted_clusters":{"clusters":[{"name":"outbound|80||c"},{"name":"`+name+`"}]}}}]}`) + "," +
			listenerWith("r", "192.0.2.9", `{"filters":[{"name":"x",`+anyType+`envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager","rds":{"route_config_name":"80"}}}]}`) +
			`]},{"dynamic_route_configs":[{"route_config":{"name":"80","virtual_hosts":[{"domains":["c"],"routes":[{"route":{"cluster":"` + name + `"}}]}]}}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		u := p.Upstreams[0]
		if diff := cmp.Diff(c.want, u.Shared); diff != "" {
			t.Errorf("%s: %s (problems %q)", why, diff, p.Problems)
		}
		if diff := cmp.Diff(c.want, u.Listeners[0].Chains[0].To[1:], cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: of the chain: %s", why, diff)
		}
		if diff := cmp.Diff(c.want, u.Instead); diff != "" {
			t.Errorf("%s: of the routes: %s", why, diff)
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
		listener("two", "192.0.2.2", `"listener_filters":[{"name":"o","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst"}}],`, "plain") + "," +
		listener("virtualOutbound", "0.0.0.0", `"use_original_dst":true,`, "plain") + `]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []facts.Outbound{{Listener: "all", Address: "0.0.0.0", Port: 80, Clusters: []string{"outbound|80||c"}}, {Listener: "one", Address: "192.0.2.1", Port: 80, Clusters: []string{"plain"}}, {Listener: "two", Address: "192.0.2.2", Port: 80, Clusters: []string{"plain"}}}
	if diff := cmp.Diff(want, p.Upstreams[0].Listeners); diff != "" {
		t.Error(diff)
	}
}

// TestListenersOfOtherPorts: a listener of another port that leads to the cluster is its own, by whatever filter.
func TestListenersOfOtherPorts(t *testing.T) {
	at := func(name, port, filter string) string {
		return strings.Replace(listenerWith(name, "0.0.0.0", `{"filters":[`+filter+`]}`), `"port_value":80`, `"port_value":`+port, 1)
	}
	const manager = `{"name":"x",` + anyType + `envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",`
	p, err := readText(chainDump(strings.Join([]string{at("tcp", "7000", `{"name":"x",`+tcpProxy+`"weighted_clusters":{"clusters":[{"name":"outbound|80||c"},{"name":"outbound|80||c"}]}}}`),
		at("inline", "7001", manager+`"route_config":{"virtual_hosts":[{"domains":["c"],"routes":[{"route":{"cluster":"outbound|80||c"}}]}]}}}`),
		at("asks", "7002", manager+`"rds":{"route_config_name":"80"}}}`), at("other", "7003", `{"name":"x",`+tcpProxy+`"cluster":"plain"}}`)}, ",")))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range p.Upstreams[0].Listeners {
		names = append(names, l.Listener)
	}
	if diff := cmp.Diff([]string{"tcp", "inline", "asks"}, names); diff != "" {
		t.Error(diff)
	}
}

// TestUnreadListeners: a listener that could not be decoded may take calls, on its port or, where that is not told, on any.
func TestUnreadListeners(t *testing.T) {
	const problem = "the listener could not be decoded: "
	state := func(listener string) string { return `{"name":"odd","active_state":{"listener":` + listener + `}}` }
	address := func(port string) string {
		return `"address":{"socket_address":{"address":"192.0.2.1","port_value":` + port + `}}`
	}
	for name, c := range map[string]struct {
		entry string
		want  []facts.Outbound
	}{
		"its filters":          {state(`{"name":"odd",` + address("80") + `,"filter_chains":[{"filters":7}]}`), []facts.Outbound{{Listener: "odd", Address: "192.0.2.1", Port: 80, Unread: problem}}},
		"a chain that is null": {state(`{"name":"odd",` + address("80") + `,"filter_chains":[null]}`), []facts.Outbound{{Listener: "odd", Address: "192.0.2.1", Port: 80, Unread: problem}}},
		"of another port":      {state(`{"name":"odd",` + address("81") + `,"filter_chains":[{"filters":7}]}`), nil},
		"its port":             {state(`{"name":"odd",` + address(`"eighty"`) + `}`), []facts.Outbound{{Listener: "odd", Address: "192.0.2.1", Unread: problem}}},
		"for calls of others":  {state(`{"name":"odd","traffic_direction":"INBOUND",` + address("80") + `,"filter_chains":[{"filters":7}]}`), nil},
		"it is no object":      {state(`[7]`), []facts.Outbound{{Unread: "a listener could not be decoded"}}},
		"there is none":        {`{"name":"odd","active_state":{}}`, []facts.Outbound{{Listener: "odd", Unread: "a listener could not be decoded"}}},
		"it was refused":       {`{"name":"odd","error_state":{"details":"no"}}`, nil},
	} {
		p, err := readText(chainDump(c.entry))
		if err != nil {
			t.Fatal(err)
		}
		got := p.Upstreams[0].Listeners
		for i := range got {
			if strings.HasPrefix(got[i].Unread, problem) {
				got[i].Unread = problem
			}
		}
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
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

// TestIdleListeners: a listener that only warms, and one that waits for calls which nothing hands over to it, take none.
func TestIdleListeners(t *testing.T) {
	const waits, hands = `{"name":"l","STATE":{"listener":{"name":"l","address":{"socket_address":{"address":"0.0.0.0","port_value":80}},"bind_to_port":false,"filter_chains":[{` + toCluster + `}]}}}`,
		`,{"name":"virtualOutbound","active_state":{"listener":{"name":"virtualOutbound","address":{"socket_address":{"address":"0.0.0.0","port_value":15001}},HANDS"filter_chains":[{` + toCluster + `}]}}}`
	for name, c := range map[string]struct {
		state, other string
		listeners    int
		stranded     bool
	}{
		"handed over":         {"active_state", strings.Replace(hands, "HANDS", `"use_original_dst":true,`, 1), 1, false},
		"of an old Envoy":     {"active_state", strings.Replace(hands, "HANDS", `"hidden_envoy_deprecated_use_original_dst":true,`, 1), 1, false},
		"not handed over":     {"active_state", strings.Replace(hands, "HANDS", "", 1), 1, true},
		"explicitly not":      {"active_state", strings.Replace(hands, "HANDS", `"use_original_dst":false,`, 1), 1, true},
		"by another listener": {"active_state", strings.Replace(hands, "HANDS", "", 1) + strings.ReplaceAll(strings.Replace(hands, "HANDS", `"use_original_dst":true,`, 1), "virtualOutbound", "mine"), 1, false},
		"nobody is there":     {"active_state", "", 1, true},
		"warms":               {"warming_state", strings.Replace(hands, "HANDS", `"use_original_dst":true,`, 1), 0, false},
	} {
		p, err := readText(`{"configs":[` + plainAndTLS + `,{"dynamic_listeners":[` + strings.Replace(waits, "STATE", c.state, 1) + c.other + `]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		on := slices.DeleteFunc(slices.Clone(p.Upstreams[0].Listeners), func(l facts.Outbound) bool { return l.Listener != "l" })
		if len(on) != c.listeners || len(on) > 0 && (on[0].Unread != "") != c.stranded {
			t.Errorf("%s: %+v", name, on)
		}
	}
}
