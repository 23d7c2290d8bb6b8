package envoy

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const (
	tlsType   = `"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"`
	rawSocket = `{"name":"raw","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"}}`
)

func testPEM(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type socketCase struct{ member, want string }

// socketCases are the ways in which a cluster can say what its socket is: the
// validation, and the certificate.
func socketCases(t *testing.T) map[string]socketCase {
	ca := base64.StdEncoding.EncodeToString([]byte(testPEM(t)))
	wrap := func(typeName, inner string) string {
		return `{"name":"x","typed_config":{"@type":"type.googleapis.com/` + typeName + `","transport_socket":` + inner + `}}`
	}
	tls := func(body string) string { return `{"name":"x","typed_config":{` + tlsType + `,` + body + `}}` }
	common := func(body string) string { return tls(`"common_tls_context":{` + body + `}`) }
	socket := func(s string) string { return `"transport_socket":` + s }
	const noCA = `tls sni="" alpn=[] cert=none validation=true ca=none sans=[]`
	const internal = "type.googleapis.com/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport"
	const proxyProtocol = "type.googleapis.com/envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport"
	return map[string]socketCase{
		"nothing":                  {`"type":"EDS"`, `plaintext  []`},
		"raw by type":              {socket(rawSocket), `plaintext type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer []`},
		"raw by name":              {socket(`{"name":"envoy.transport_sockets.raw_buffer"}`), `plaintext  []`},
		"named tls, is raw":        {socket(strings.Replace(rawSocket, `"raw"`, `"envoy.transport_sockets.tls"`, 1)), `plaintext type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer []`},
		"no validation":            {socket(tls(`"sni":"a"`)), `tls sni="a" alpn=[] cert=none validation=false ca=none sans=[]`},
		"empty validation":         {socket(common(`"validation_context":{}`)), noCA},
		"empty CA":                 {socket(common(`"validation_context":{"trusted_ca":{}}`)), noCA},
		"camelCase":                {`"transportSocket":{"name":"x","typedConfig":{` + tlsType + `,"sni":"a","commonTlsContext":{"alpnProtocols":["h2"],"validationContext":{"trustedCa":{"filename":"/ca"},"matchSubjectAltNames":[{"safeRegex":{"regex":"a.*"}}]}}}}`, `tls sni="a" alpn=[h2] cert=none validation=true ca=file:/ca sans=[regex:a.*]`},
		"inline CA":                {socket(common(`"validation_context":{"trusted_ca":{"inline_bytes":"` + ca + `"}}`)), `tls sni="" alpn=[] cert=none validation=true ca=inline sans=[] inline=1`},
		"broken inline CA":         {socket(common(`"validation_context":{"trusted_ca":{"inline_string":"junk"}}`)), `tls sni="" alpn=[] cert=none validation=true ca=inline sans=[] problem="the text holds no certificate (no PEM block of type CERTIFICATE)"`},
		"CA from environment":      {socket(common(`"validation_context":{"trusted_ca":{"environment_variable":"CA"}}`)), `tls sni="" alpn=[] cert=none validation=true ca=other:environment variable CA sans=[]`},
		"system roots":             {socket(common(`"validation_context":{"system_root_certs":{}}`)), `tls sni="" alpn=[] cert=none validation=true ca=system sans=[]`},
		"CA provider":              {socket(common(`"validation_context":{"ca_certificate_provider_instance":{"instance_name":"p","certificate_name":"c"}}`)), `tls sni="" alpn=[] cert=none validation=true ca=other:p/c sans=[]`},
		"CA beside a provider":     {socket(common(`"validation_context":{"trusted_ca":{"filename":"/ca"},"system_root_certs":{},"ca_certificate_provider_instance":{"instance_name":"p"}}`)), `tls sni="" alpn=[] cert=none validation=true ca=file:/ca sans=[]`},
		"provider, or the system":  {socket(common(`"validation_context":{"trusted_ca":{},"system_root_certs":{},"ca_certificate_provider_instance":{"instance_name":"p"}}`)), `tls sni="" alpn=[] cert=none validation=true ca=other:p sans=[]`},
		"certificate beside SDS":   {socket(common(`"tls_certificate_sds_secret_configs":[{"name":"c"}],"tls_certificates":[{"certificate_chain":{"filename":"/c"}}]`)), `tls sni="" alpn=[] cert=file:/c validation=false ca=none sans=[]`},
		"CA by SDS":                {socket(common(`"validation_context_sds_secret_config":{"name":"s"}`)), `tls sni="" alpn=[] cert=none validation=true ca=sds:s sans=[]`},
		"combined":                 {socket(common(`"combined_validation_context":{"default_validation_context":{"match_subject_alt_names":[{"exact":"a"},{"prefix":"b"},{"suffix":"c"},{"contains":"d"}]},"validation_context_sds_secret_config":{"name":"s"}}`)), `tls sni="" alpn=[] cert=none validation=true ca=sds:s sans=[a prefix:b suffix:c contains:d]`},
		"combined without SDS":     {socket(common(`"combined_validation_context":{"default_validation_context":{"trusted_ca":{"filename":"/ca"}}}`)), `tls sni="" alpn=[] cert=none validation=true ca=file:/ca sans=[]`},
		"typed SANs win":           {socket(common(`"validation_context":{"trusted_ca":{"filename":"/ca"},"match_subject_alt_names":[{"exact":"old"}],"match_typed_subject_alt_names":[{"san_type":"DNS","matcher":{"exact":"new"}}]}`)), `tls sni="" alpn=[] cert=none validation=true ca=file:/ca sans=[new]`},
		"old SANs":                 {socket(common(`"validation_context":{"trusted_ca":{"filename":"/ca"},"verify_subject_alt_name":["spiffe://a"],"match_subject_alt_names":[{"regex":"r.*"}]}`)), `tls sni="" alpn=[] cert=none validation=true ca=file:/ca sans=[regex:r.* spiffe://a]`},
		"unknown matcher":          {socket(common(`"validation_context":{"trusted_ca":{"filename":"/ca"},"match_subject_alt_names":[{"new_kind":"x"}]}`)), `tls sni="" alpn=[] cert=none validation=true ca=file:/ca sans=[custom:]`},
		"pins":                     {socket(common(`"validation_context":{"verify_certificate_hash":["a","b"],"verify_certificate_spki":["c"],"trust_chain_verification":"ACCEPT_UNTRUSTED","allow_expired_certificate":true}`)), noCA + ` pins=3 untrusted=true expired=true`},
		"SPIFFE":                   {socket(common(`"validation_context":{"trusted_ca":{},"custom_validator_config":{"name":"envoy.tls.cert_validator.spiffe","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig","trust_domains":[{"name":"a.org","trust_bundle":{"inline_bytes":"` + ca + `"}}]}}}`)), `tls sni="" alpn=[] cert=none validation=true ca=spiffe sans=[] spiffe:a.org=1`},
		"SPIFFE as a TypedStruct":  {socket(common(`"validation_context":{"custom_validator_config":{"name":"envoy.tls.cert_validator.spiffe","typed_config":{"@type":"type.googleapis.com/xds.type.v3.TypedStruct","type_url":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig","value":{"trust_domains":[{"name":"a.org","trust_bundle":{"inline_bytes":"` + ca + `"}}]}}}}`)), `tls sni="" alpn=[] cert=none validation=true ca=spiffe sans=[] spiffe:a.org=1`},
		"the default, by name":     {socket(common(`"validation_context":{"trusted_ca":{"filename":"/ca"},"custom_validator_config":{"name":"envoy.tls.cert_validator.default","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig","trust_domains":[{"name":"a.org","trust_bundle":{"inline_bytes":"` + ca + `"}}]}}}`)), `tls sni="" alpn=[] cert=none validation=true ca=file:/ca sans=[]`},
		"unknown validator":        {socket(common(`"validation_context":{"trusted_ca":{"filename":"/ca"},"custom_validator_config":{"name":"v","typed_config":{"@type":"type.googleapis.com/acme.V","x":[{}]}}}`)), `tls sni="" alpn=[] cert=none validation=true ca=other:v sans=[]`},
		"own handshaker":           {socket(common(`"custom_handshaker":{"name":"h"},"validation_context":{"trusted_ca":{"filename":"/ca"}}`)), `tls sni="" alpn=[] cert=none validation=true ca=other:handshaker h sans=[]`},
		"file certificate":         {socket(common(`"tls_certificates":[{"certificate_chain":{"filename":"/c"},"private_key":{"filename":"[redacted]"}}]`)), `tls sni="" alpn=[] cert=file:/c validation=false ca=none sans=[]`},
		"inline certificate":       {socket(common(`"tls_certificates":[{"certificate_chain":{"inline_bytes":"` + ca + `"},"private_key":{"inline_bytes":"W3JlZGFjdGVkXQ=="}}]`)), `tls sni="" alpn=[] cert=inline validation=false ca=none sans=[]`},
		"certificate by SDS":       {socket(common(`"tls_certificate_sds_secret_configs":[{"name":"c"}]`)), `tls sni="" alpn=[] cert=sds:c validation=false ca=none sans=[]`},
		"certificate by provider":  {socket(common(`"tls_certificate_provider_instance":{"instance_name":"p"}`)), `tls sni="" alpn=[] cert=other:p validation=false ca=none sans=[]`},
		"parameters":               {socket(common(`"tls_params":{"tls_minimum_protocol_version":"TLSv1_2","tls_maximum_protocol_version":"TLSv9_9","cipher_suites":["a"],"ecdh_curves":["b"],"new_field":{}}`)), `tls sni="" alpn=[] cert=none validation=false ca=none sans=[] TLSv1_2- ciphers=1 curves=1`},
		"v2 member":                {`"tls_context":{"sni":"a","common_tls_context":{"validation_context":{"trusted_ca":{"filename":"/ca"}}}}`, `tls sni="a" alpn=[] cert=none validation=true ca=file:/ca sans=[]`},
		"v2 member, hidden":        {`"hidden_envoy_deprecated_tls_context":{"sni":"a"}`, `tls sni="a" alpn=[] cert=none validation=false ca=none sans=[]`},
		"v2 type":                  {socket(`{"name":"tls","typed_config":{"@type":"type.googleapis.com/envoy.api.v2.auth.UpstreamTlsContext","sni":"a"}}`), `tls sni="a" alpn=[] cert=none validation=false ca=none sans=[]`},
		"v2 Struct":                {socket(`{"name":"envoy.transport_sockets.tls","config":{"sni":"a"}}`), `tls sni="a" alpn=[] cert=none validation=false ca=none sans=[]`},
		"TypedStruct":              {socket(`{"name":"x","typed_config":{"@type":"type.googleapis.com/xds.type.v3.TypedStruct","type_url":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext","value":{"sni":"a"}}}`), `tls sni="a" alpn=[] cert=none validation=false ca=none sans=[]`},
		"Struct, by name":          {socket(`{"name":"tls","typed_config":{"@type":"type.googleapis.com/google.protobuf.Struct","value":{"sni":"a"}}}`), `tls sni="a" alpn=[] cert=none validation=false ca=none sans=[]`},
		"Struct of another":        {socket(`{"name":"acme.tls","typed_config":{"@type":"type.googleapis.com/google.protobuf.Struct","value":{"sni":"a"}}}`), `other type.googleapis.com/google.protobuf.Struct []`},
		"PROXY around TLS":         {socket(wrap("envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport", tls(`"sni":"a"`))), `tls sni="a" alpn=[] cert=none validation=false ca=none sans=[] in [` + proxyProtocol + `]`},
		"PROXY around raw":         {socket(wrap("envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport", rawSocket)), `plaintext type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer [` + proxyProtocol + `]`},
		"tcp_stats around raw":     {socket(wrap("envoy.extensions.transport_sockets.tcp_stats.v3.Config", rawSocket)), `plaintext type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer [type.googleapis.com/envoy.extensions.transport_sockets.tcp_stats.v3.Config]`},
		"internal around raw":      {socket(wrap("envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport", rawSocket)), `other ` + internal + ` [` + internal + `]`},
		"internal around TLS":      {socket(wrap("envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport", tls(`"sni":"a"`))), `tls sni="a" alpn=[] cert=none validation=false ca=none sans=[] in [` + internal + `]`},
		"QUIC":                     {socket(`{"name":"q","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicUpstreamTransport","upstream_tls_context":{"sni":"a"}}}`), `tls sni="a" alpn=[] cert=none validation=false ca=none sans=[]`},
		"start_tls":                {socket(`{"name":"s","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.starttls.v3.UpstreamStartTlsConfig"}}`), `other type.googleapis.com/envoy.extensions.transport_sockets.starttls.v3.UpstreamStartTlsConfig []`},
		"ALTS":                     {socket(`{"name":"s","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.alts.v3.Alts"}}`), `other type.googleapis.com/envoy.extensions.transport_sockets.alts.v3.Alts []`},
		"another's TLS":            {socket(`{"name":"envoy.transport_sockets.tls","typed_config":{"@type":"type.googleapis.com/acme.UpstreamTlsContext","sni":7}}`), `other type.googleapis.com/acme.UpstreamTlsContext []`},
		"picked by a new matcher":  {socket(rawSocket) + `,"transport_socket_matcher":{"on_no_match":{}}`, `unknown  [] the cluster picks its socket by transport_socket_matcher, which is not evaluated here`},
		"null socket is no socket": {`"transport_socket":null`, `plaintext  []`},
	}
}

// TestSockets reads every way in which a cluster can say what its socket is.
func TestSockets(t *testing.T) {
	for name, c := range socketCases(t) {
		t.Run(name, func(t *testing.T) {
			p, err := readText(`{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump","dynamic_active_clusters":[{"cluster":{"name":"outbound|1||a.example",` + c.member + `}}]}]}`)
			if err != nil {
				t.Fatal(err)
			}
			if got := socketLine(p.Upstreams[0].Socket); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestChoiceOfNothing: one of several sockets that is not there is not plaintext, and a port may be written as a float.
func TestChoiceOfNothing(t *testing.T) {
	for port, want := range map[string]string{"443": "10.0.0.1:443", "443.0": "10.0.0.1:443", "4.43e2": "10.0.0.1:443", `"443"`: "10.0.0.1:443", "443.5": "", "-1": "", "1e300": ""} {
		p, err := readText(`{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"a","transport_socket_matches":[{"name":"m"}],"load_assignment":{"endpoints":[{"lb_endpoints":[{"endpoint":{"address":{"socket_address":{"address":"10.0.0.1","port_value":` + port + `}}}}]}]}}}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		u := p.Upstreams[0]
		if want == "" {
			if u.Socket.Kind != facts.SocketUnknown || u.Problem == "" {
				t.Errorf("port %s: socket of kind %d, problem %q", port, u.Socket.Kind, u.Problem)
			}
			continue
		}
		if k := u.SocketFor(u.Endpoints[0]); k.Kind != facts.SocketUnknown || u.Endpoints[0].Address != want {
			t.Errorf("port %s: %s gets a socket of kind %d", port, u.Endpoints[0].Address, k.Kind)
		}
	}
}

// TestSectionsByName: before 1.8 Envoy gave its sections names instead of places.
func TestSectionsByName(t *testing.T) {
	p, err := readText(`{"configs":{"bootstrap":{"@type":"type.googleapis.com/envoy.admin.v2alpha.BootstrapConfigDump","bootstrap":{"node":{"id":"n"}}},
		"clusters":{"@type":"type.googleapis.com/envoy.admin.v2alpha.ClustersConfigDump","dynamic_active_clusters":[{"cluster":{"name":"a","tls_context":{"sni":"a"}}}]}}}`)
	if err != nil {
		t.Fatal(err)
	}
	if p.Node.ID != "n" || len(p.Upstreams) != 1 || p.Upstreams[0].Socket.SNI != "a" {
		t.Errorf("node %q, upstreams %+v", p.Node.ID, p.Upstreams)
	}
}

// TestEDSAlone: a cluster that gets its endpoints by EDS has no others, and DNS needs no section of endpoints.
func TestEDSAlone(t *testing.T) {
	for kind, want := range map[string]int{"EDS": 0, "STRICT_DNS": 1} {
		p, err := readText(`{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"a","type":"` + kind + `","load_assignment":{"endpoints":[{"lb_endpoints":[{"endpoint":{"address":{"socket_address":{"address":"a.example","port_value":1}}}}]}]}}}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if u := p.Upstreams[0]; len(u.Endpoints) != want || u.EndpointsKnown != (want > 0) {
			t.Errorf("%s: %d endpoints, known %t", kind, len(u.Endpoints), u.EndpointsKnown)
		}
	}
}
