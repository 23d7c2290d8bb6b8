package bundle

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
)

// mark is in every planted secret, in this form or in base64.
const mark = "PL4NT3D"

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// key is put together here so that no tool that looks for keys finds one.
func key(kind string) string {
	return "-----BEGIN " + kind + "PRIVATE KEY-----\n" + b64(mark+mark+mark+mark) + "\n-----END " + kind + "PRIVATE KEY-----\n"
}

func token() string {
	return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"`+mark+mark+mark+`"}`)) + ".c2lnbmF0dXJl"
}

// planted is a config dump with a secret wherever Envoy can hold one.
func planted() string {
	quoted := func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }
	inlineBytes, inlineString := fmt.Sprintf(`{"inline_bytes": %q}`, b64(key(""))), `{"inline_string": "`+quoted(key("EC "))+`"}`
	word := `{"inline_string": "` + mark + `"}`
	http := `{"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "x",
	  "http_filters": [
	   {"name": "basic", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth", "users": ` + word + `}},
	   {"name": "oauth", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.oauth2.v3.OAuth2", "config": {"credentials": {"client_id": "x", "token_secret": ` + word + `}}}},
	   {"name": "lua", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua", "inline_code": "local k = '` + mark + `'", "default_source_code": ` + word + `}},
	   {"name": "wasm", "typed_config": {"@type": "type.googleapis.com/udpa.type.v1.TypedStruct", "type_url": "wasm", "value": {"config": {"name": "x", "configuration": {"value": "` + mark + `"}}}}}],
	  "access_log": [{"typed_config": {"@type": "x", "path": "/x", "headers": {"authorization": "` + mark + `"}}}],
	  "route_config": ` + route() + `}`
	return `{"configs": [
	 {"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": {"node": {"id": "sidecar~1.2.3.4~p.n~n.svc.cluster.local", "metadata": {
	   "ISTIO_VERSION": "1.31.1", "NAMESPACE": "n", "ENV_PASSWORD": "` + mark + `", "PROXY_CONFIG": {"proxyMetadata": {"REDIS_PASSWORD": "` + mark + `"}}, "ANNOTATIONS": {"x": "` + mark + `"}, "LABELS": {"token": "` + mark + `"}}},
	  "static_resources": {"clusters": [` + cluster("xds", inlineString) + `], "secrets": [{"name": "g", "generic_secret": {"secret": ` + word + `}}]},
	  "layered_runtime": {"layers": [{"static_layer": {"p": "` + mark + `"}}]}, "dynamic_resources": {"ads_config": {"grpc_services": [{"initial_metadata": [{"key": "authorization", "value": "` + mark + `"}]}]}}}},
	 {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [{"cluster": ` + cluster("outbound|1||a", inlineBytes) + `}, {"cluster": ` + cluster("outbound|2||b", inlineString) + `}]},
	 {"@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump", "dynamic_endpoint_configs": [{"endpoint_config": {"cluster_name": "outbound|1||a", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": "1.2.3.4", "port_value": 1}}},
	   "metadata": {"filter_metadata": {"envoy.transport_socket_match": {"tlsMode": "istio", "token": "` + token() + `"}, "other": {"password": "` + mark + `"}}}}]}]}}]},
	 {"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [{"name": "l", "active_state": {"listener": {"name": "l", "address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}}, "filter_chains": [{"filters": [
	    {"name": "http", "typed_config": ` + http + `},
	    {"name": "redis", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy", "prefix_routes": {"catch_all_route": {"cluster": "outbound|1||a"}}, "downstream_auth_password": ` + word + `, "downstream_auth_username": {"inline_string": "u"}}}],
	   "transport_socket": {"name": "tls", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", "common_tls_context": {"tls_certificates": [{"certificate_chain": ` + inlineBytes + `, "private_key": ` + inlineBytes + `, "password": ` + word + `}]}, "session_ticket_keys": {"keys": [` + inlineString + `]}}}}]}},
	   "error_state": {"failed_configuration": {"name": "l", "private_key": ` + inlineString + `}, "details": "refused\n` + mark + ` {\"password\": \"` + mark + `\"}"}}]},
	 {"@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump", "dynamic_route_configs": [{"route_config": ` + route() + `}]},
	 {"@type": "type.googleapis.com/envoy.admin.v3.ScopedRoutesConfigDump", "dynamic_scoped_route_configs": [{"name": "` + mark + `"}]},
	 {"@type": "type.googleapis.com/envoy.admin.v3.EcdsConfigDump", "ecds_filters": [{"ecds_filter": {"name": "x", "typed_config": {"@type": "x", "value": "` + mark + `"}}}]},
	 {"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump", "dynamic_active_secrets": [
	  {"name": "default", "secret": {"name": "default", "tls_certificate": {"certificate_chain": ` + inlineBytes + `, "private_key": ` + inlineBytes + `, "pkcs12": ` + inlineBytes + `}}},
	  {"name": "der", "secret": {"name": "der", "tls_certificate": {"certificate_chain": {"inline_bytes": "` + b64("\x30\x82"+mark) + `"}}}},
	  {"name": "ca", "secret": {"name": "ca", "validation_context": {"trusted_ca": {"inline_string": "password: ` + mark + `\n` + quoted(key("RSA ")) + `"}}}},
	  {"name": "spiffe", "secret": {"name": "spiffe", "validation_context": {"custom_validator_config": {"name": "s", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig",
	    "trust_bundles": {"inline_string": "{\"trust_domains\": {\"d\": {\"keys\": [{\"use\": \"x509-svid\", \"kty\": \"oct\", \"k\": \"` + mark + `\", \"d\": \"` + mark + `\"}]}}}"}}}}}},
	  {"name": "generic", "secret": {"name": "generic", "generic_secret": {"secret": ` + word + `}}},
	  {"name": "tickets", "secret": {"name": "tickets", "session_ticket_keys": {"keys": [{"inline_bytes": "` + b64(mark) + `"}]}}}]},
	 {"@type": "something.new", "` + mark + `": 1, "nested": {"name": "` + mark + `"}}]}`
}

func cluster(name, key string) string {
	return `{"name": "` + name + `", "type": "EDS", "http_protocol_options": {"x": "` + mark + `"},
	 "health_checks": [{"tcp_health_check": {"send": {"text": "` + mark + `"}}, "http_health_check": {"path": "/x?token=` + mark + `", "request_headers_to_add": [{"header": {"key": "authorization", "value": "Bearer ` + mark + `"}}]}}],
	 "typed_extension_protocol_options": {"envoy.filters.network.redis_proxy": {"@type": "x", "auth_password": {"inline_string": "` + mark + `"}},
	  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {"@type": "x", "upstream_http_protocol_options": {"auto_sni": true}, "http_filters": [{"name": "credential_injector", "typed_config": {"@type": "x", "credential": {"value": "` + mark + `"}}}]}},
	 "metadata": {"filter_metadata": {"istio": {"config": "/apis/x", "password": "` + mark + `"}, "mine": {"secret": "` + mark + `"}}},
	 "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", "sni": "https://user:` + mark + `@host",
	  "common_tls_context": {"tls_certificates": [{"certificate_chain": ` + key + `, "private_key": ` + key + `, "password": {"inline_string": "` + mark + `"}, "private_key_provider": {"provider_name": "p", "typed_config": {"@type": "x", "private_key": ` + key + `}}}],
	   "validation_context": {"trusted_ca": ` + key + `}}}}}`
}

func route() string {
	return `{"name": "80", "request_headers_to_add": [{"header": {"key": "x-api-key", "value": "` + mark + `"}}], "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [
	 {"match": {"prefix": "/", "headers": [{"name": "authorization", "string_match": {"exact": "` + mark + `"}}]}, "route": {"cluster": "outbound|1||a", "prefix_rewrite": "` + mark + `"}, "typed_per_filter_config": {"x": {"@type": "x", "value": "` + mark + `"}}},
	 {"match": {"path": "/` + mark + `"}, "direct_response": {"status": 200, "body": {"inline_string": "` + mark + `"}}},
	 {"name": "Bearer ` + token() + `", "redirect": {"path_redirect": "/x?password=` + mark + `"}}]}]}`
}

// TestNoSecret looks for every planted secret in the bytes of a bundle: plain, and
// in whatever is base64 there, twice over.
func TestNoSecret(t *testing.T) {
	proxy := answers{"/config_dump": planted(), "/ready": "LIVE " + mark,
		"/clusters":    `{"cluster_statuses": [{"name": "outbound|1||a", "` + mark + `": 1, "host_statuses": [{"address": {"socket_address": {"address": "1.2.3.4", "port_value": 1}}, "locality": {"region": "` + mark + `"}}]}]}`,
		"/stats":       "cluster.a.ssl.handshake: 1\n" + mark + " is no counter\nserver.x: " + mark + "\n",
		"/server_info": `{"version": "a/1.2.3/b", "command_line_options": {"config_yaml": "` + mark + `"}, "node": {"metadata": {"X": "` + mark + `"}}}`,
	}
	target := Target{Error: "password=" + mark, NoProbe: "Authorization: Bearer " + mark}
	target.Target.Annotations = map[string]string{"traffic.sidecar.istio.io/x": "token=" + mark}
	packed, saved := pack(t, proxy, target)
	object, err := Object(map[string]any{"apiVersion": "v1", "kind": "X", "data": map[string]any{"p": mark}, "stringData": mark, "status": mark,
		"metadata": map[string]any{"name": "x", "managedFields": mark, "annotations": map[string]any{"a": mark, "mesh-tls.io/intent": "password=" + mark}},
		"spec":     map[string]any{"a": []any{key("RSA "), "redis://:" + mark + "@h", "Basic " + b64(mark+mark)}, "b": token()}})
	if err != nil {
		t.Fatal(err)
	}
	gz, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(gz)
	if err != nil {
		t.Fatal(err)
	}
	plain = append(plain, object...)
	for depth := 0; depth < 3; depth++ {
		if i := bytes.Index(plain, []byte(mark)); i >= 0 {
			t.Errorf("at depth %d: ...%s", depth, plain[max(0, i-300):min(len(plain), i+50)])
		}
		if i := bytes.Index(plain, []byte("PRIVATE KEY")); i >= 0 {
			t.Errorf("a private key at depth %d: %s", depth, plain[max(0, i-300):i])
		}
		plain = decoded(plain)
	}
	if n := strings.Count(planted(), mark) + strings.Count(planted(), b64(key(""))); n < 50 {
		t.Fatalf("only %d secrets were planted", n)
	}
	p := read(t, saved.Replay(), envoyAll())
	if len(p.Upstreams) != 2 || len(p.Secrets) != 6 || p.Istio != "1.31.1" || len(p.Rejected) != 1 {
		t.Errorf("with the secrets went facts: %d upstreams, %d secrets, Istio %q", len(p.Upstreams), len(p.Secrets), p.Istio)
	}
}

// decoded is everything that looks like base64, decoded.
func decoded(text []byte) []byte {
	var out []byte
	for _, word := range regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}`).FindAll(bytes.ReplaceAll(text, []byte(`\n`), nil), -1) {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			for cut := 0; cut < 4 && cut < len(word); cut++ {
				if raw, err := enc.DecodeString(string(word[:len(word)-cut])); err == nil {
					out = append(append(out, raw...), '\n')
				}
			}
		}
	}
	return out
}
