package envoy

import (
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestRoutesOfAHost: what one name's routes lead to shares its calls, and a name that routes give is that of the cluster;
// both as they stand in RDS and in a listener.
func TestRoutesOfAHost(t *testing.T) {
	const c = "outbound|80||c"
	plain := []facts.Shared{{Cluster: "plain", Kind: facts.SocketPlaintext}}
	two := `{"route":{"cluster":"` + c + `"}},{"match":{"prefix":"/b"},"route":{"cluster":"plain"}}`
	for name, tt := range map[string]struct {
		domains, routes string
		shared          []facts.Shared
		authority       string
	}{
		"two routes of the host":         {`"c","c:80"`, two, plain, ""},
		"two routes, the host by a port": {`"C:80"`, two, plain, ""},
		"two routes of another name":     {`"other"`, two, nil, ""},
		"one name given":                 {`"c"`, `{"route":{"cluster":"` + c + `","host_rewrite_literal":"d"}}`, nil, "d"},
		"a name given by some routes":    {`"c"`, `{"route":{"cluster":"` + c + `","host_rewrite_literal":"d"}},{"route":{"cluster":"` + c + `"}}`, nil, ""},
		"given by the weighted cluster":  {`"x"`, `{"route":{"weighted_clusters":{"clusters":[{"name":"` + c + `","host_rewrite_literal":"d"}]}}}`, nil, "d"},
		"given to all weighted clusters": {`"x"`, `{"route":{"host_rewrite_literal":"e","weighted_clusters":{"clusters":[{"name":"` + c + `"}]}}}`, nil, "e"},
		"the mirror's name is another's": {`"x"`, `{"route":{"cluster":"tls","host_rewrite_literal":"e","request_mirror_policies":[{"cluster":"plain"}]}}`, nil, ""},
	} {
		hosts := `"virtual_hosts":[{"domains":[` + tt.domains + `],"routes":[` + tt.routes + `]}]`
		for where, section := range map[string]string{
			"RDS": `{"dynamic_route_configs":[{"route_config":{"name":"80",` + hosts + `}}]}`,
			"listener": `{"dynamic_listeners":[{"active_state":{"listener":{"name":"l","filter_chains":[{"filters":[{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",` +
				`"route_config":{` + hosts + `}}}]}]}}}]}`,
		} {
			p, err := readText(`{"configs":[` + plainAndTLS + "," + section + `]}`)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.shared, p.Upstreams[0].Shared); diff != "" {
				t.Errorf("%s, %s: %s", name, where, diff)
			}
			if got := p.Upstreams[0].Authority; got != tt.authority {
				t.Errorf("%s, %s: authority %q, want %q", name, where, got, tt.authority)
			}
		}
	}
}

// TestInstead: where the calls to a host's own name and port are led, when its cluster is left to others.
func TestInstead(t *testing.T) {
	const c, route = "outbound|80||c", `"routes":[{"route":{"cluster":"`
	to := func(domain, cluster string) string {
		return `{"domains":["` + domain + `"],` + route + cluster + `"}}]}`
	}
	for name, tt := range map[string]struct {
		routes, hosts string
		want          []facts.Shared
	}{
		"its own":                   {"80", to("c", c) + "," + to("d", "plain"), nil},
		"another takes it":          {"80", to("C:80", "plain") + "," + to("d", c), []facts.Shared{{Cluster: "plain", Kind: facts.SocketPlaintext}}},
		"named after the host, too": {"c:80", to("c", "tls"), []facts.Shared{{Cluster: "tls", Kind: facts.SocketTLS}}},
		"another port of its own":   {"80", to("c", "outbound|81||c"), []facts.Shared{{Cluster: "outbound|81||c"}}},
		"a subset of its own":       {"80", to("c", "outbound|80|v1|c"), []facts.Shared{{Cluster: "outbound|80|v1|c"}}},
		"on a port of nobody's":     {"99", to("c", "plain"), nil},
		"another host":              {"80", to("d", "plain"), nil},
		"it answers by itself":      {"80", `{"domains":["c"],"routes":[{"redirect":{}}]}`, nil},
		"a part is its own":         {"80", `{"domains":["c"],` + route + `plain"}},{"route":{"cluster":"` + c + `"}}]}`, nil},
	} {
		p, err := readText(`{"configs":[` + plainAndTLS + `,{"dynamic_listeners":[{"name":"0.0.0.0_80","active_state":{"listener":{"name":"0.0.0.0_80","address":{"socket_address":{"address":"0.0.0.0","port_value":80}},"filter_chains":[{"filters":[{"name":"x","typed_config":
			{"@type":"type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager","rds":{"route_config_name":"` + strings.Replace(tt.routes, "99", "98", 1) + `"}}}]}]}}}]},
			{"dynamic_route_configs":[{"route_config":{"name":"` + tt.routes + `","virtual_hosts":[` + tt.hosts + `]}}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, p.Upstreams[0].Instead); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestInsteadOnTCP: an idle cluster's port is taken by what its listener leads to.
func TestInsteadOnTCP(t *testing.T) {
	for at, want := range map[string]int{"0.0.0.0:80": 1, "0.0.0.0:81": 0, "10.0.0.9:80": 0} {
		address, port, _ := strings.Cut(at, ":")
		p, err := readText(`{"configs":[` + plainAndTLS + `,{"dynamic_listeners":[{"name":"l","active_state":{"listener":{"name":"l","address":{"socket_address":{"address":"` + address + `","port_value":` + port + `}},
			"filter_chains":[{"filters":[{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy","cluster":"tls"}}]}]}}}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Upstreams[0].Instead; len(got) != want || want == 1 && got[0] != (facts.Shared{Cluster: "tls", Kind: facts.SocketTLS}) {
			t.Errorf("%s: %v", at, got)
		}
	}
}

// TestNamesOfAHost: addresses and other names of a host's own routes are kept, its shorter names are not.
func TestNamesOfAHost(t *testing.T) {
	const cluster = "outbound|80||b.s.svc.cluster.local"
	for domains, want := range map[string][]string{
		`"b.s.svc.cluster.local","b.s.svc.cluster.local.","b.s","b.s.svc","b","10.97.0.9"`:                               {"10.97.0.9"},
		`"b.s.svc.cluster.local","ext.s.svc.cluster.local","ext.s.svc.cluster.local.","*.b.s.svc.cluster.local","*.b.s"`: {"ext.s.svc.cluster.local", "*.b.s.svc.cluster.local"},
		`"B.s.svc.cluster.local:80","*","10.97.0.9","10.97.0.9"`:                                                         {"10.97.0.9"},
		`"other.s.svc.cluster.local","10.97.0.9"`:                                                                        nil,
	} {
		p, err := readText(`{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"` + cluster + `","type":"EDS"}}]},
			{"dynamic_route_configs":[{"route_config":{"name":"80","virtual_hosts":[{"domains":[` + domains + `],"routes":[{"route":{"cluster":"` + cluster + `"}}]}]}}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, p.Upstreams[0].Names); diff != "" {
			t.Errorf("%s: %s", domains, diff)
		}
	}
}

// TestRevocationLists keeps the lists of a context, and only lists.
func TestRevocationLists(t *testing.T) {
	list := pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: []byte("one")})
	text := base64.StdEncoding.EncodeToString([]byte(testPEM(t) + string(list)))
	for content, want := range map[string]facts.Validation{
		`"crl":{"inline_bytes":"` + text + `"},"only_verify_leaf_cert_crl":true`: {CRL: facts.Source{Kind: facts.SourceInline}, Revoked: [][]byte{[]byte("one")}, CRLLeafOnly: true},
		`"crl":{"filename":"/etc/crl.pem"}`:                                      {CRL: facts.Source{Kind: facts.SourceFile, Name: "/etc/crl.pem"}},
		`"allow_expired_certificate":false`:                                      {CRL: facts.Source{Kind: facts.SourceNone}},
	} {
		p, err := readText(`{"configs":[{"dynamic_active_secrets":[{"name":"s","secret":{"validation_context":{` + content + `}}}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		got := p.Secrets[0].Validation
		if diff := cmp.Diff(want, facts.Validation{CRL: got.CRL, Revoked: got.Revoked, CRLLeafOnly: got.CRLLeafOnly}); diff != "" {
			t.Errorf("%s: %s", content, diff)
		}
	}
}
