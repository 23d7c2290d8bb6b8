package envoy

import (
	"fmt"
	"strings"
	"testing"
)

const (
	serverTLS = `"transport_socket":{"name":"tls","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext","common_tls_context":{"tls_certificate_sds_secret_configs":[{"name":"default"}],"validation_context_sds_secret_config":{"name":"ROOTCA"}},"require_client_certificate":true}}`
	oneWayTLS = `"transport_socket":{"name":"tls","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext","common_tls_context":{"tls_certificate_sds_secret_configs":[{"name":"kubernetes://web"}]}}}`
	sidecarID = `{"bootstrap":{"node":{"id":"sidecar~10.0.0.1~web.shop~shop.svc.cluster.local"}}},`
	routerID  = `{"bootstrap":{"node":{"id":"router~10.0.0.1~gw.istio~istio.svc.cluster.local"}}},`
)

func tcpTo(cluster string) string {
	return `"filters":[{"name":"envoy.filters.network.tcp_proxy","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy","cluster":"` + cluster + `"}}]`
}

func listenerAt(port int, name, members string) string {
	return fmt.Sprintf(`{"name":%q,"active_state":{"listener":{"name":%q,"address":{"socket_address":{"address":"0.0.0.0","port_value":%d}},%s}}}`, name, name, port, members)
}

// TestInbound reads the listeners of sidecars, gateways and other control
// planes, and tells what each port demands.
func TestInbound(t *testing.T) {
	const original = `"listener_filters":[{"name":"envoy.filters.listener.original_dst"}]`
	tls := `"filter_chain_match":{"transport_protocol":"tls"},` + serverTLS
	cases := map[string]struct{ node, listeners, want string }{
		"virtualInbound": {sidecarID, listenerAt(15006, "virtualInbound", `"traffic_direction":"INBOUND",`+original+`,"filter_chains":[
			{"name":"virtualInbound-blackhole","filter_chain_match":{"destination_port":15006},`+tcpTo("BlackHoleCluster")+`},
			{`+tls+`,`+tcpTo("InboundPassthroughCluster")+`},
			{"filter_chain_match":{"destination_port":8080,"transport_protocol":"raw_buffer"},`+tcpTo("inbound|8080||")+`},
			{"filter_chain_match":{"destination_port":9000,"transport_protocol":"tls"},`+serverTLS+`},
			{"filter_chain_match":{"destination_port":9000,"transport_protocol":"raw_buffer"},`+tcpTo("inbound|9000||")+`}]`),
			"0 STRICT, 8080 DISABLE, 9000 PERMISSIVE"},
		"Istio 1.5, both listeners": {sidecarID, listenerAt(15006, "virtualInbound", original+`,"filter_chains":[{"filter_chain_match":{"destination_port":9080},`+serverTLS+`}]`) + "," +
			listenerAt(9080, "10.0.0.1_9080", `"traffic_direction":"INBOUND","deprecated_v1":{"bind_to_port":false},"filter_chains":[{`+serverTLS+`}]`) + "," +
			listenerAt(9090, "10.0.0.1_9090", `"traffic_direction":"INBOUND","deprecated_v1":{"bind_to_port":false},"filter_chains":[{`+tcpTo("inbound|9090||")+`}]`),
			"9080 STRICT, 9090 DISABLE"},
		"no direction, sends to inbound": {sidecarID, listenerAt(8080, "10.0.0.1_8080", `"filter_chains":[{`+tcpTo("inbound|8080|http|a")+`}]`), "8080 DISABLE"},
		"sidecar's outbound side":        {sidecarID, listenerAt(443, "10.1.1.1_443", `"traffic_direction":"OUTBOUND","bind_to_port":false,"filter_chains":[{`+tcpTo("outbound|443||a")+`}]`), ""},
		"default chain":                  {sidecarID, listenerAt(8080, "bound", `"traffic_direction":"INBOUND","filter_chains":[{`+tls+`}],"default_filter_chain":{`+tcpTo("inbound|8080||")+`}`), "8080 PERMISSIVE"},
		"default chain behind a port's own": {sidecarID, listenerAt(15006, "virtualInbound", original+`,"traffic_direction":"INBOUND","filter_chains":[{"filter_chain_match":{"destination_port":8080},`+serverTLS+`},{"filter_chain_match":{"destination_port":9090},`+serverTLS+`}],"default_filter_chain":{`+tcpTo("InboundPassthroughCluster")+`}`),
			"0 DISABLE, 8080 PERMISSIVE, 9090 PERMISSIVE"},
		"captures by a filter of another name": {"", listenerAt(15006, "in", `"traffic_direction":"INBOUND","listener_filters":[{"name":"od","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst"}}],"filter_chains":[{"filter_chain_match":{"destination_port":8080},`+serverTLS+`}]`), "8080 STRICT"},
		"direction by number":                  {"", listenerAt(8080, "a", `"traffic_direction":1,"filter_chains":[{`+serverTLS+`}]`), "8080 STRICT"},
		"outbound by number":                   {"", listenerAt(8080, "a", `"traffic_direction":2,"filter_chains":[{`+tcpTo("a")+`}]`), ""},
		"a name like the black hole's":         {sidecarID, listenerAt(15006, "virtualInbound", original+`,"filter_chains":[{"filter_chain_match":{"destination_port":8080},`+tcpTo("inbound|8080|http|blackhole.shop.svc.cluster.local")+`},{"filter_chain_match":{"destination_port":9090},`+tcpTo("BlackHoleCluster")+`}]`), "8080 DISABLE"},
		"HBONE":                                {sidecarID, listenerAt(15008, "connect_terminate", `"filter_chains":[{`+serverTLS+`}]`), "15008 STRICT"},
		"inside Envoy":                         {sidecarID, `{"active_state":{"listener":{"name":"main_internal","internal_listener":{},"traffic_direction":"INBOUND","filter_chains":[{` + serverTLS + `}]}}}`, ""},
		"gateway": {routerID, listenerAt(8443, "0.0.0.0_8443", `"traffic_direction":"OUTBOUND","filter_chains":[{"filter_chain_match":{"server_names":["a.example"]},`+serverTLS+`}]`) + "," +
			listenerAt(443, "0.0.0.0_443", `"traffic_direction":"OUTBOUND","filter_chains":[{"filter_chain_match":{"server_names":["b.example"]},`+oneWayTLS+`},{"filter_chain_match":{"server_names":["c.example"]},`+tcpTo("outbound|443||c.example")+`}]`) + "," +
			listenerAt(8080, "0.0.0.0_8080", `"traffic_direction":"OUTBOUND","filter_chains":[{`+tcpTo("outbound|80||a")+`}]`),
			"443 SIMPLE gateway, 8080 DISABLE gateway, 8443 MUTUAL gateway"},
		"another control plane's gateway": {"", listenerAt(10443, "eg-https", `"filter_chains":[{`+oneWayTLS+`}]`) + "," + listenerAt(10080, "eg-http", `"default_filter_chain":{`+tcpTo("a")+`}`), "10443 SIMPLE gateway"},
		"App Mesh before 1.16, by name": {"", listenerAt(15000, "lds_ingress_0.0.0.0_15000", original+`,"filter_chains":[{"filter_chain_match":{"destination_port":9001},`+serverTLS+`}]`) + "," +
			listenerAt(15001, "lds_egress_0.0.0.0_15001", original+`,"filter_chains":[{"filter_chain_match":{"destination_port":9002},`+tcpTo("cds_egress_a")+`}]`), "9001 STRICT"},
		"Consul before 1.8, by name":      {"", listenerAt(21000, "public_listener:0.0.0.0:21000", `"filter_chains":[{`+serverTLS+`}]`) + "," + listenerAt(19191, "nginx:127.0.0.1:19191", `"filter_chains":[{`+tcpTo("nginx")+`}]`), "21000 STRICT"},
		"early Kuma, by name":             {"", listenerAt(8080, "inbound:10.0.0.1:8080", `"filter_chains":[{`+tcpTo("localhost:8080")+`}]`) + "," + listenerAt(9090, "outbound:127.0.0.1:9090", `"filter_chains":[{`+tcpTo("web")+`}]`), "8080 DISABLE"},
		"what is told counts, not a name": {"", listenerAt(8080, "inbound:10.0.0.1:8080", `"traffic_direction":"OUTBOUND","filter_chains":[{`+tcpTo("web")+`}]`), ""},
		"Kuma":                            {"", listenerAt(10010, "inbound:10.0.0.1:10010", `"traffic_direction":"INBOUND","filter_chains":[{`+serverTLS+`}]`), "10010 STRICT"},
		"other addresses": {"", listenerAt(8443, "a", `"traffic_direction":"INBOUND","additional_addresses":[{"address":{"socket_address":{"address":"::","port_value":8443}}},{"address":{"socket_address":{"address":"::","port_value":9443}}},{"address":{"pipe":{"path":"/x"}}},{"address":{"socket_address":{"address":"0.0.0.0","port_value":9443}}}],"filter_chains":[{`+serverTLS+`}]`),
			"8443 STRICT, 9443 STRICT"},
		"v2 context":        {"", listenerAt(8080, "a", `"traffic_direction":"INBOUND","filter_chains":[{"tls_context":{"require_client_certificate":true,"common_tls_context":{"validation_context":{"trusted_ca":{"filename":"/ca"}}}}}]`), "8080 STRICT"},
		"QUIC":              {routerID, listenerAt(443, "q", `"filter_chains":[{"transport_socket":{"name":"quic","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport","downstream_tls_context":{"require_client_certificate":false}}}}]`), "443 SIMPLE gateway"},
		"unknown socket":    {"", listenerAt(8080, "a", `"traffic_direction":"INBOUND","filter_chains":[{"transport_socket":{"name":"x","typed_config":{"@type":"acme/a.B"}}}]`), "8080 UNKNOWN"},
		"cannot be decoded": {"", listenerAt(8080, "a", `"traffic_direction":"INBOUND","filter_chains":"x"`), "8080 UNKNOWN"},
		"draining only":     {"", `{"name":"a","draining_state":{"listener":{"name":"a"}}}`, ""},
		"warming only":      {"", `{"name":"a","warming_state":{"listener":{"name":"a","address":{"socket_address":{"address":"0.0.0.0","port_value":80}},"traffic_direction":"INBOUND","filter_chains":[{` + serverTLS + `}]}}}`, "80 STRICT"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := readText(`{"configs":[` + c.node + `{"@type":"type.googleapis.com/envoy.admin.v3.ListenersConfigDump","static_listeners":[
				{"listener":{"address":{"socket_address":{"address":"0.0.0.0","port_value":15090}},"traffic_direction":"INBOUND","filter_chains":[{` + serverTLS + `}]}}],"dynamic_listeners":[` + c.listeners + `]}]}`)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, in := range p.Inbound {
				text := fmt.Sprintf("%d %s", in.Port, in.Mode(p))
				if in.Gateway {
					text += " gateway"
				}
				got = append(got, text)
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}

// TestRejectedListener keeps Envoy's reason, and nothing of the configuration.
func TestRejectedListener(t *testing.T) {
	p, err := readText(`{"configs":[{"dynamic_listeners":[
		{"name":"virtualInbound","active_state":{"listener":{"name":"virtualInbound"}},"error_state":{"failed_configuration":{"name":"virtualInbound"},"last_update_attempt":"2026-11-22T10:00:00Z","details":"Failed to load private key {inline: hunter2}\nkey: hunter2"}},
		{"error_state":{"failed_configuration":{"name":"virtualInbound"},"details":"Failed to load private key {inline: hunter2}"}}]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Rejected) != 1 || p.Rejected[0].Why != "Failed to load private key" || !p.Rejected[0].Serving {
		t.Errorf("got %+v", p.Rejected)
	}
	if strings.Contains(fmt.Sprintf("%+v", p), "hunter2") {
		t.Error("a secret of the configuration got into the facts")
	}
}

// TestFilterChainMatcher: where it picks the chain, what the chains themselves match says nothing.
func TestFilterChainMatcher(t *testing.T) {
	const tls = `{"filter_chain_match":{"destination_port":80,"transport_protocol":"tls"},"transport_socket":{"typed_config":{"@type":"x/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"}}}`
	const plain = `{"filter_chain_match":{"destination_port":81,"transport_protocol":"tls"}}`
	for chains, want := range map[string]string{tls: "SIMPLE", plain: "DISABLE", tls + "," + plain: "UNKNOWN"} {
		p, err := readText(`{"configs":[{"dynamic_listeners":[{"active_state":{"listener":{"name":"l","traffic_direction":"INBOUND","address":{"socket_address":{"address":"0.0.0.0","port_value":443}},"filter_chain_matcher":{"matcher_tree":{}},"filter_chains":[` + chains + `]}}}]}]}`)
		if err != nil || len(p.Inbound) != 1 || string(p.Inbound[0].Mode(p)) != want {
			t.Errorf("%s: %+v (%v), want %s", chains, p.Inbound, err, want)
		}
	}
}
