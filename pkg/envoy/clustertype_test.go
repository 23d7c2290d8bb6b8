package envoy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
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
		{strings.Replace(struct3, "envoy.clusters.aggregate", "envoy.cluster.static", 1), "other", "b"},
		{strings.Replace(kind("aggregate", `,"clusters":["b"]`), `"name":"envoy.clusters.aggregate",`, "", 1) + "," + tls, "other", "b"},
		{strings.Replace(kind("dns", ``), "ClusterConfig", "DnsCluster", 1) + "," + tls, "tls", ""},
		{`"cluster_type":{"typed_config":{"@type":"type.googleapis.com/example.Cluster"}},` + tls, "other", ""},
		{`"cluster_type":{"name":"envoy.cluster.strict_dns","typed_config":{"@type":"type.googleapis.com/google.protobuf.Empty"}},` + tls, "tls", ""},
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

// TestMembers: what a cluster sends that chooses among others is what these send, and who leads to it leads to them.
func TestMembers(t *testing.T) {
	const ours, theirs, agg = "outbound|80||c", "outbound|81||d", "agg"
	composed := func(name string, members ...string) string {
		return `{"cluster":{"name":"` + name + `","cluster_type":{"name":"envoy.clusters.aggregate",` + anyType + `envoy.extensions.clusters.aggregate.v3.ClusterConfig","clusters":["` + strings.Join(members, `","`) + `"]}}}}`
	}
	simple := func(name, body string) string { return `{"cluster":{"name":"` + name + `"` + body + `}}` }
	const tls, odd = `,"type":"STRICT_DNS","transport_socket":{"name":"x","typed_config":{` + tlsType + `}}`, `,"type":"STRICT_DNS","transport_socket":{"name":"x","typed_config":{"@type":"type.googleapis.com/example.Socket"}}`
	const plain, drop = `,"type":"STRICT_DNS"`, `,"type":"STATIC"`
	for name, c := range map[string]struct {
		clusters []string
		want     facts.SocketKind
	}{
		"all TLS":            {[]string{composed(agg, ours, theirs), simple(theirs, tls)}, facts.SocketTLS},
		"one in plaintext":   {[]string{composed(agg, ours, theirs), simple(theirs, plain)}, facts.SocketPlaintext},
		"the first":          {[]string{composed(agg, theirs, ours), simple(theirs, plain)}, facts.SocketPlaintext},
		"one is odd":         {[]string{composed(agg, ours, theirs), simple(theirs, odd)}, facts.SocketUnknown},
		"odd and plaintext":  {[]string{composed(agg, "odd", theirs), simple(theirs, plain), simple("odd", odd)}, facts.SocketPlaintext},
		"one is not there":   {[]string{composed(agg, ours, theirs)}, facts.SocketUnknown},
		"one drops all":      {[]string{composed(agg, "BlackHoleCluster", ours), simple("BlackHoleCluster", drop)}, facts.SocketTLS},
		"of several levels":  {[]string{composed(agg, "a1", ours), composed("a1", "a2"), composed("a2", theirs), simple(theirs, tls)}, facts.SocketTLS},
		"plaintext far down": {[]string{composed(agg, ours, "a1"), composed("a1", "a2"), composed("a2", theirs), simple(theirs, plain)}, facts.SocketPlaintext},
		"of itself":          {[]string{composed(agg, agg, ours)}, facts.SocketUnknown},
	} {
		for _, way := range []string{
			`{"dynamic_listeners":[` + listenerAt(80, "l", `"filter_chains":[{`+tcpTo(agg)+`}]`) + `]}`,
			`{"dynamic_listeners":[` + listenerWith("r", "192.0.2.9", `{"filters":[{"name":"x",`+anyType+`envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager","rds":{"route_config_name":"80"}}}]}`) + `]},
				{"dynamic_route_configs":[{"route_config":{"name":"80","virtual_hosts":[{"domains":["c"],"routes":[{"route":{"cluster":"` + agg + `"}}]}]}}]}`,
		} {
			p, err := readText(`{"configs":[{"dynamic_active_clusters":[` + simple(ours, tls) + "," + strings.Join(c.clusters, ",") + `]},` + way + `]}`)
			if err != nil {
				t.Fatal(err)
			}
			u := p.Upstreams[0]
			behind := name != "odd and plaintext"
			if got := u.Protocol != facts.ProtocolUnknown; got != behind {
				t.Errorf("%s: used is %t", name, got)
			}
			if behind && len(u.Routes) == 0 && (len(u.Listeners) != 1 || !slices.Contains(u.Listeners[0].Clusters, ours)) {
				t.Errorf("%s: led to by %v", name, u.Listeners)
			}
			if name == "one in plaintext" && (len(u.Shared) != 1 || u.Shared[0] != facts.Shared{Cluster: theirs, Kind: c.want}) {
				t.Errorf("the other member gets some of the calls, too: %v", u.Shared)
			}
			if strings.Contains(way, "domains") && (len(u.Instead) != 1 || u.Instead[0] != facts.Shared{Cluster: agg, Kind: c.want}) {
				t.Errorf("%s: calls are led to %v, want kind %v", name, u.Instead, c.want)
			}
		}
	}
}

// TestMembersAsked: where some hosts only are asked for, what a listener leads to is looked up, and what that chooses among.
func TestMembersAsked(t *testing.T) {
	const ours, theirs, agg = "outbound|80||c", "outbound|81||d", "agg"
	composed := `{"cluster":{"name":"` + agg + `","cluster_type":{"name":"envoy.clusters.aggregate",` + anyType + `envoy.extensions.clusters.aggregate.v3.ClusterConfig","clusters":["` + ours + `","` + theirs + `"]}}}}`
	dump := `{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump","dynamic_active_clusters":[{"cluster":{"name":"` + ours + `","type":"STRICT_DNS"}},` + composed + `,{"cluster":{"name":"` + theirs + `","type":"STRICT_DNS"}}]},
		{"@type":"type.googleapis.com/envoy.admin.v3.ListenersConfigDump","dynamic_listeners":[` + listenerWith("192.0.2.9_80", "192.0.2.9", `{`+tcpTo(agg)+`}`) + `]}]}`
	f := &fakeEnvoy{}
	if err := json.Unmarshal([]byte(dump), &f.dump); err != nil {
		t.Fatal(err)
	}
	p, err := Read(t.Context(), facts.Target{}, f, Scope{Hosts: []string{"c"}})
	if err != nil {
		t.Fatal(err)
	}
	u := p.Upstreams[0]
	if u.Cluster != ours || u.Protocol != facts.ProtocolTCP || len(u.Shared) != 1 || u.Shared[0] != (facts.Shared{Cluster: theirs, Kind: facts.SocketPlaintext}) {
		t.Errorf("%s %q, shared with %v", u.Cluster, u.Protocol, u.Shared)
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
	for header, want := range map[string]string{"": "", "X-Name": "x-name", ":authority": "", "Host": ""} {
		p, err := readText(`{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"a",` + key + `{"@type":"` + options + `","upstream_http_protocol_options":{"auto_san_validation":true,"override_auto_sni_header":"` + header + `"}}}}}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Upstreams[0].NameHeader; got != want {
			t.Errorf("header %q: %q", header, got)
		}
	}
}
