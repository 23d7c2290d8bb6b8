package envoy

import (
	"fmt"
	"strings"
	"testing"
)

// TestClusterTypes: what only chooses among clusters has no socket of its own, whatever
// it is given; those behind it are used as it is.
func TestClusterTypes(t *testing.T) {
	tls := `"transport_socket":{"name":"x","typed_config":{` + tlsType + `}}`
	kind := func(name, body string) string {
		return fmt.Sprintf(`"cluster_type":{"name":"envoy.clusters.%s","typed_config":{"@type":"type.googleapis.com/envoy.extensions.clusters.%s.v3.ClusterConfig"%s}}`, name, name, body)
	}
	struct3 := `"cluster_type":{"name":"envoy.clusters.aggregate","typed_config":{"@type":"type.googleapis.com/xds.type.v3.TypedStruct","type_url":"type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig","value":{"clusters":["b"]}}}`
	for _, c := range []struct{ member, socket, members string }{
		{kind("aggregate", `,"clusters":["b","c"]`), "other", "b c"},
		{kind("aggregate", `,"clusters":["b"]`) + "," + tls, "other", "b"},
		{kind("composite", `,"clusters":[{"name":"b"},{"name":"c"}]`), "other", "b c"},
		{kind("aggregate", `,"clusters":[7]`), "other", ""},
		{kind("mcp_multicluster", ``), "other", ""},
		{struct3, "other", "b"},
		{kind("dynamic_forward_proxy", ``), "plaintext", ""},
		{kind("redis", ``) + "," + tls, "tls", ""},
		{`"type":4`, "plaintext", ""},
	} {
		p, err := readText(`{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"a",` + c.member + `}},{"cluster":{"name":"b"}}]},
			{"dynamic_listeners":[` + listenerAt(1, "l", `"filter_chains":[{`+tcpTo("a")+`}]`) + `]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		u := p.Upstreams[0]
		if got := socketLine(u.Socket); !strings.HasPrefix(got, c.socket) || strings.Join(u.Members, " ") != c.members {
			t.Errorf("%s: %s, members %q", c.member, got, u.Members)
		}
		if used := p.Upstreams[1].Protocol == "tcp"; used != (c.members != "") {
			t.Errorf("%s: the cluster behind it is used as %q", c.member, p.Upstreams[1].Protocol)
		}
		if c.member == `"type":4` && u.Type != "ORIGINAL_DST" {
			t.Errorf("type 4 is %s", u.Type)
		}
	}
}

// TestHTTPOptions reads both places of auto_sni, and the newer one as a Struct.
func TestHTTPOptions(t *testing.T) {
	const key = `"typed_extension_protocol_options":{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions":`
	const both = `"upstream_http_protocol_options":{"auto_sni":true,"auto_san_validation":true}`
	const options = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
	for member, want := range map[string]bool{
		both: true,
		key + `{"@type":"` + options + `",` + both + `}}`:                                                                     true,
		key + `{"@type":"type.googleapis.com/udpa.type.v1.TypedStruct","type_url":"` + options + `","value":{` + both + `}}}`: true,
		key + `{"@type":"` + options + `"}},` + both:                                                                          false,
		`"upstreamHttpProtocolOptions":{"autoSni":true,"autoSanValidation":true}`:                                             true,
		key + `{"@type":"` + options + `","value":"AAAA"}}`:                                                                   false,
	} {
		p, err := readText(`{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"a",` + member + `}}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if u := p.Upstreams[0]; u.AutoSNI != want || u.AutoSAN != want {
			t.Errorf("%s: %v %v", member, u.AutoSNI, u.AutoSAN)
		}
	}
}
