package envoy

import (
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestProtocol finds out how a cluster is used, from every place that can refer
// to it.
func TestProtocol(t *testing.T) {
	filter := func(name, body string) string {
		return `{"dynamic_listeners":[{"active_state":{"listener":{"name":"l","filter_chains":[{"filters":[{"name":"` + name + `",` + body + `}]}]}}}]}`
	}
	hcm := func(routes string) string {
		return filter("x", `"typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",`+routes+`}`)
	}
	route := func(r string) string {
		return `"route_config":{"name":"r","virtual_hosts":[{"routes":[{"route":` + r + `}]}]}`
	}
	rds := func(hosts string) string {
		return `{"dynamic_route_configs":[{"route_config":{"name":"80","virtual_hosts":[` + hosts + `]}}]}`
	}
	tcp := `"typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",`
	cases := map[string]struct {
		sections string
		want     facts.Protocol
	}{
		"nobody":                    {hcm(route(`{"cluster":"other"}`)), ""},
		"tcp_proxy":                 {filter("x", tcp+`"cluster":"c"}`), "tcp"},
		"tcp_proxy, weighted":       {filter("x", tcp+`"weighted_clusters":{"clusters":[{"name":"a"},{"name":"c"}]}}`), "tcp"},
		"tcp_proxy of v2":           {filter("envoy.tcp_proxy", `"config":{"cluster":"c"}`), "tcp"},
		"tcp_proxy, typed struct":   {filter("x", `"typed_config":{"@type":"type.googleapis.com/udpa.type.v1.TypedStruct","type_url":"type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy","value":{"cluster":"c"}}`), "tcp"},
		"tcp_proxy, a Struct":       {filter("envoy.tcp_proxy", `"typed_config":{"@type":"type.googleapis.com/google.protobuf.Struct","value":{"cluster":"c"}}`), "tcp"},
		"tcp_proxy of 2018":         {filter("envoy.tcp_proxy", `"config":{"deprecated_v1":true,"value":{"route_config":{"routes":[{"cluster":"c","destination_ip_list":["10.0.0.1/32"]}]}}}`), "tcp"},
		"tcp_proxy with old routes": {filter("envoy.tcp_proxy", `"config":{"deprecated_v1":{"routes":[{"cluster":"c"}]}}`), "tcp"},
		"HTTP of 2018":              {filter("envoy.http_connection_manager", `"config":{"deprecated_v1":true,"value":{`+route(`{"cluster":"c"}`)+`}}`), "http"},
		"redis_proxy":               {filter("x", `"typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy","prefix_routes":{"catch_all_route":{"cluster":"c"}}}`), "tcp"},
		"inline route":              {hcm(route(`{"cluster":"c"}`)), "http"},
		"inline route of v2":        {filter("envoy.http_connection_manager", `"config":{`+route(`{"cluster":"c"}`)+`}`), "http"},
		"weighted route":            {hcm(route(`{"weighted_clusters":{"clusters":[{"name":"c","weight":1}]}}`)), "http"},
		"mirror":                    {hcm(route(`{"cluster":"o","request_mirror_policies":[{"cluster":"c"}]}`)), "http"},
		"mirror of v2":              {hcm(route(`{"cluster":"o","request_mirror_policy":{"cluster":"c"}}`)), "http"},
		"RDS":                       {`{"dynamic_route_configs":[{"route_config":{"name":"80","virtual_hosts":[{"routes":[{"route":{"cluster":"c"}}]}]}}]}`, "http"},
		"RDS in camelCase":          {`{"dynamicRouteConfigs":[{"routeConfig":{"name":"80","virtualHosts":[{"routes":[{"route":{"weightedClusters":{"clusters":[{"name":"c"}]}}}]}]}}]}`, "http"},
		"RDS, weighted":             {rds(`{"routes":[{"route":{"weighted_clusters":{"total_weight":1,"clusters":[{"weight":1,"name":"c"}]}}}]}`), "http"},
		"RDS, mirror":               {rds(`{"routes":[{"route":{"cluster":"o","request_mirror_policies":[{"cluster":"c"}]}}]}`), "http"},
		"RDS, mirror of v2":         {rds(`{"routes":[{"route":{"cluster":"o","request_mirror_policy":{"cluster":"c"}}}]}`), "http"},
		"RDS, mirror of a host":     {rds(`{"request_mirror_policies":[{"cluster":"c"}]}`), "http"},
		"RDS, mirror of all":        {`{"dynamic_route_configs":[{"route_config":{"request_mirror_policies":[{"cluster":"c"}],"virtual_hosts":[]}}]}`, "http"},
		"RDS beside a broken host":  {rds(`{"routes":7},"x",null,{"routes":[{"route":{"cluster":7}},{"route":[]},{"redirect":{"cluster":"no"}},{"route":{"cluster":"c"}}]}`), "http"},
		"RDS, not a use":            {rds(`{"routes":[{"match":{"cluster":"c"},"route":{"cluster":"o","rate_limits":[{"cluster":"c"}]}}]}`), ""},
		"both":                      {hcm(route(`{"cluster":"c"}`)) + "," + filter("x", tcp+`"cluster":"c"}`), "mixed"},
		"an access log, not a use":  {hcm(`"access_log":[{"typed_config":{"cluster":"c"}}],` + route(`{"cluster":"o"}`)), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := readText(`{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"c"}}]},` + c.sections + `]}`)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Upstreams[0].Protocol; got != c.want || len(p.Problems) > 0 && name[:3] != "RDS" {
				t.Errorf("got %q, want %q (problems %q)", got, c.want, p.Problems)
			}
		})
	}
}
