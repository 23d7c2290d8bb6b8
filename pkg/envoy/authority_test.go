package envoy

import (
	"encoding/base64"
	"encoding/pem"
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
