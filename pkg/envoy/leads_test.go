package envoy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const anyType = `"typed_config":{"@type":"type.googleapis.com/`

// TestUnknownLeads: a filter chain of which it is not known where it leads says why; none of those that close, answer by
// themselves or lead on as Istio's do is such a one.
func TestUnknownLeads(t *testing.T) {
	const (
		network  = anyType + `envoy.extensions.filters.network.`
		manager  = network + `http_connection_manager.v3.HttpConnectionManager",`
		exchange = `{"name":"istio.metadata_exchange",` + anyType + `udpa.type.v1.TypedStruct","type_url":"type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange","value":{"protocol":"istio-peer-exchange"}}},`
		rbac     = `{"name":"envoy.filters.network.rbac",` + network + `rbac.v3.RBAC","stat_prefix":"tcp."}},`
		stats    = `{"name":"istio.stats",` + anyType + `stats.PluginConfig"}},`
		plain    = `{"name":"x",` + tcpProxy + `"cluster":"plain"}}`
	)
	broken := "could not be decoded"
	for name, c := range map[string]struct {
		filters, why string
		to           []string
	}{
		"tcp_proxy":                    {plain, "", []string{"plain"}},
		"behind Istio's filters":       {exchange + rbac + stats + plain, "", []string{"plain"}},
		"Istio's blackhole":            {stats + `{"name":"x",` + tcpProxy + `"stat_prefix":"BlackHoleCluster","cluster":"BlackHoleCluster"}}`, "", []string{"BlackHoleCluster"}},
		"weights":                      {`{"name":"x",` + tcpProxy + `"weighted_clusters":{"clusters":[{"name":"plain","weight":1},{"name":"tls","weight":99}]}}}`, "", []string{"plain", "tls"}},
		"no filter":                    {"", "", nil},
		"direct_response":              {`{"name":"x",` + network + `direct_response.v3.Config","response":{"inline_string":"no"}}}`, "", nil},
		"echo":                         {`{"name":"x",` + network + `echo.v3.Echo"}}`, "", nil},
		"HTTP that answers by itself":  {`{"name":"x",` + manager + `"route_config":{"virtual_hosts":[{"domains":["*"],"routes":[{"match":{"prefix":"/"},"direct_response":{"status":404}}]}]}}}`, "", nil},
		"HTTP with routes elsewhere":   {`{"name":"x",` + manager + `"rds":{"route_config_name":"80"}}}`, "", nil},
		"HTTP with inline routes":      {`{"name":"x",` + manager + `"route_config":{"virtual_hosts":[{"domains":["*"],"routes":[{"route":{"cluster":"plain"}}]}]}}}`, "", []string{"plain"}},
		"tcp_proxy, broken":            {`{"name":"x",` + tcpProxy + `"cluster":{"name":"plain"}}}`, "a tcp_proxy " + broken, nil},
		"tcp_proxy without a cluster":  {`{"name":"x",` + tcpProxy + `"stat_prefix":"y"}}`, "lead anywhere: x", nil},
		"HTTP, broken":                 {`{"name":"x",` + manager + `"rds":"80"}}`, "an HTTP connection manager " + broken, nil},
		"HTTP, broken routes":          {`{"name":"x",` + manager + `"route_config":{"virtual_hosts":{}}}}`, "the routes of an HTTP connection manager " + broken, nil},
		"HTTP with scoped routes":      {`{"name":"x",` + manager + `"scoped_routes":{"name":"s"}}}`, "lead anywhere: x", nil},
		"a filter that is not known":   {stats + `{"name":"io.example.proxy",` + anyType + `example.Proxy","upstream":"plain"}}`, "lead anywhere: istio.stats, io.example.proxy", nil},
		"a filter without a type":      {`{"name":"y","typed_config":{}}`, "lead anywhere: y", nil},
		"an old tcp_proxy, no content": {`{"name":"envoy.tcp_proxy"}`, "a tcp_proxy " + broken, nil},
		"routes of another protocol":   {`{"name":"meta",` + anyType + `aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy","rds":{"route_config_name":"r"}}}`, "lead anywhere: meta", nil},
	} {
		p, err := readText(chainDump(listenerWith("all", "0.0.0.0", `{"filter_chain_match":{"prefix_ranges":[{"address_prefix":"10.1.2.3","prefix_len":8}]},"filters":[`+c.filters+`]},{`+toCluster+`}`)))
		if err != nil {
			t.Fatal(err)
		}
		got := p.Upstreams[0].Listeners[0].Chains[0]
		var to []string
		for _, one := range got.To {
			to = append(to, one.Cluster)
		}
		if diff := cmp.Diff(c.to, to); diff != "" || (got.Leads == "") != (c.why == "") || !strings.HasSuffix(got.Leads, c.why) {
			t.Errorf("%s: leads %q, want %q; to %s", name, got.Leads, c.why, diff)
		}
	}
}
