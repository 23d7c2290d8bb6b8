package envoy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const (
	internalSocket = `{"name":"i","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport","transport_socket":` + rawSocket + `}}`
	meshSocket     = `{"name":"tls","typed_config":{` + tlsType + `,"common_tls_context":{"tls_certificate_sds_secret_configs":[{"name":"default"}],"combined_validation_context":{"default_validation_context":{},"validation_context_sds_secret_config":{"name":"ROOTCA"}}}}}`
)

func internalListener(name string, clusters ...string) string {
	var chains []string
	for _, c := range clusters {
		chains = append(chains, `{`+tcpTo(c)+`}`)
	}
	return fmt.Sprintf(`{"name":%q,"active_state":{"listener":{"name":%q,"internal_listener":{},"filter_chains":[%s]}}}`, name, name, strings.Join(chains, ","))
}

func internalHosts(cluster string, listeners ...string) string {
	var hosts []string
	for i, l := range listeners {
		hosts = append(hosts, fmt.Sprintf(`{"endpoint":{"address":{"envoy_internal_address":{"server_listener_name":%q,"endpoint_id":"10.0.0.%d:80"}}},"metadata":{"filter_metadata":{"envoy.transport_socket_match":{"tunnel":"http"}}}}`, l, i))
	}
	return fmt.Sprintf(`{"endpoint_config":{"cluster_name":%q,"endpoints":[{"lb_endpoints":[%s]}]}}`, cluster, strings.Join(hosts, ","))
}

// tunnelDump is a proxy of ambient mode: one upstream whose endpoints are given by their
// listeners, a tunnel, a tunnel in a tunnel, one in plaintext, one that parts, one that
// runs in a circle.
func tunnelDump(hosts ...string) string {
	const name = "outbound|80||a.shop.svc.cluster.local"
	list := func(clusters ...string) string { return strings.Join(clusters, ",") }
	inside := func(name, listener string) string {
		return fmt.Sprintf(`{"cluster":{"name":%q,"transport_socket":%s,"load_assignment":{"endpoints":[{"lb_endpoints":[{"endpoint":{"address":{"envoy_internal_address":{"server_listener_name":%q}}}}]}]}}}`, name, internalSocket, listener)
	}
	return `{"configs":[{"@type":"x/envoy.admin.v3.ClustersConfigDump","dynamic_active_clusters":[` + list(
		`{"cluster":{"name":"`+name+`","type":"EDS","transport_socket_matches":[{"name":"hbone","match":{"tunnel":"http"},"transport_socket":`+internalSocket+`},{"name":"tlsMode-disabled","match":{},"transport_socket":`+rawSocket+`}]}}`,
		`{"cluster":{"name":"connect_originate","type":"ORIGINAL_DST","transport_socket":`+meshSocket+`}}`,
		`{"cluster":{"name":"plain_originate","type":"ORIGINAL_DST"}}`,
		inside("encap", "connect_originate"), inside("circle", "circle"),
	) + `]},{"@type":"x/envoy.admin.v3.EndpointsConfigDump","dynamic_endpoint_configs":[` + internalHosts(name, hosts...) + `]},
	{"@type":"x/envoy.admin.v3.ListenersConfigDump","dynamic_listeners":[` + list(
		internalListener("connect_originate", "connect_originate"), internalListener("main_internal", "encap"), internalListener("plain", "plain_originate"),
		internalListener("parts", "connect_originate", "plain_originate"), internalListener("circle", "circle"), internalListener("gone", "not_there"), internalListener("closed"),
	) + `]}]}`
}

// TestTunnels follows connections through listeners inside Envoy to what leaves it.
func TestTunnels(t *testing.T) {
	const internal = "type.googleapis.com/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport"
	const unjudged = "other " + internal + " [" + internal + "]"
	const mesh = `tls sni="" alpn=[] cert=sds:default validation=true ca=sds:ROOTCA sans=[] in [` + internal + `]`
	for hosts, want := range map[string]string{
		"connect_originate":                   mesh,
		"connect_originate connect_originate": mesh,
		"main_internal":                       mesh,
		"main_internal connect_originate":     mesh,
		"plain":                               "plaintext  [" + internal + "]",
		"plain connect_originate":             unjudged,
		"parts":                               unjudged,
		"circle":                              unjudged,
		"gone":                                unjudged,
		"closed":                              unjudged,
		"unheard_of":                          unjudged,
		"":                                    unjudged,
	} {
		p, err := readText(tunnelDump(strings.Fields(hosts)...))
		if err != nil {
			t.Fatal(err)
		}
		k := p.Upstreams[0].Matches[0]
		if got := socketLine(k); got != want || k.Name != "hbone" || k.Match["tunnel"] != "http" {
			t.Errorf("%q\n got %s %s\nwant %s", hosts, k.Name, got, want)
		}
		if want == mesh && k.Through != "connect_originate" {
			t.Errorf("%q: through %q", hosts, k.Through)
		}
	}
}

// TestTunnelsOfOneHost: asked for one host only, the answer is as for all.
func TestTunnelsOfOneHost(t *testing.T) {
	var f fakeEnvoy
	if err := json.Unmarshal([]byte(tunnelDump("main_internal")), &f.dump); err != nil {
		t.Fatal(err)
	}
	p, err := Read(context.Background(), facts.Target{}, &f, Scope{Hosts: []string{"a.shop.svc.cluster.local"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Upstreams) != 1 || p.Upstreams[0].Matches[0].Through != "connect_originate" {
		t.Errorf("got %+v", p.Upstreams)
	}
}
