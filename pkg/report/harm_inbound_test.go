package report

import (
	"slices"
	"strconv"
	"strings"
)

// portChains are the TLS filter chains that make the scene's inbound port STRICT, each with its listener.
func (e *edited) portChains(do func(l, chain map[string]any)) bool {
	found := false
	e.walk(func(l map[string]any) {
		if l["filter_chains"] == nil || l["traffic_direction"] == "OUTBOUND" {
			return
		}
		own := string(written(obj(l, "address", "socket_address")["port_value"])) == strconv.Itoa(e.port)
		for _, c := range slices.Clone(items(l, "filter_chains")) {
			chain := c.(map[string]any)
			port := obj(chain, "filter_chain_match")["destination_port"]
			of := port != nil && string(written(port)) == strconv.Itoa(e.port) || port == nil && (own || e.port == 0 && l["name"] == "virtualInbound")
			if of && (obj(chain, "transport_socket") != nil || obj(chain, "tls_context") != nil) {
				found = true
				do(l, chain)
			}
		}
	})
	return found
}

func byChain(do func(e *edited, l, chain map[string]any)) func(*edited) bool {
	return func(e *edited) bool { return e.portChains(func(l, c map[string]any) { do(e, l, c) }) }
}

// serverContext is the TLS context of a filter chain.
func serverContext(chain map[string]any) map[string]any {
	if c := obj(chain, "transport_socket", "typed_config"); c != nil {
		return c
	}
	return obj(chain, "tls_context")
}

func withServer(do func(ctx, common map[string]any)) func(*edited) bool {
	return byChain(func(_ *edited, _, c map[string]any) {
		if ctx := serverContext(c); ctx != nil {
			do(ctx, must(ctx, "common_tls_context"))
		}
	})
}

// beside puts another chain for the same port first.
func beside(match string) func(*edited) bool {
	return byChain(func(e *edited, l, c map[string]any) {
		m := parsedObject(match)
		if port := obj(c, "filter_chain_match")["destination_port"]; port != nil {
			m["destination_port"] = port
		}
		first(l, "filter_chains", chainFor(string(written(m))))
	})
}

// serverSocket puts another transport socket in place.
func serverSocket(text string) func(*edited) bool {
	return byChain(func(_ *edited, _, c map[string]any) {
		delete(c, "tls_context")
		c["transport_socket"] = parsed(strings.NewReplacer("RAW", rawSocket, "TYPES", typeURL).Replace(text))
	})
}

func inboundHarms() []harm {
	plain, anybody := "plaintext is taken", "clients need no certificate"
	return []harm{
		{"no socket", plain, byChain(func(_ *edited, _, c map[string]any) { delete(c, "transport_socket"); delete(c, "tls_context") }), nil, 0, false},
		{"raw_buffer", plain, serverSocket(`RAW`), nil, 0, false},
		{"tap around plaintext", plain, serverSocket(`{"name":"tap","typed_config":{"@type":"TYPEStap.v3.Tap","transport_socket":RAW}}`), nil, 0, false},
		{"starttls", "begins in plaintext", serverSocket(`{"name":"s","typed_config":{"@type":"TYPESstarttls.v3.StartTlsConfig","cleartext_socket_config":{},"tls_socket_config":{}}}`), nil, 0, false},
		{"unknown type", "nobody knows", serverSocket(`{"name":"s","typed_config":{"@type":"type.googleapis.com/example.Other"}}`), nil, 0, false},
		{"require_client_certificate false", anybody, withServer(func(ctx, common map[string]any) {
			delete(ctx, "require_client_certificate")
			for _, v := range []map[string]any{obj(common, "validation_context"), obj(common, "combined_validation_context", "default_validation_context")} {
				for _, m := range []string{"match_subject_alt_names", "match_typed_subject_alt_names", "verify_subject_alt_name"} {
					delete(v, m)
				}
			}
		}), nil, 0, false},
		{"no validation", anybody, withServer(func(_, common map[string]any) {
			for _, m := range []string{"validation_context", "combined_validation_context", "validation_context_sds_secret_config"} {
				delete(common, m)
			}
		}), nil, 0, false},
		{"ACCEPT_UNTRUSTED", "any certificate is taken", withServer(func(_, common map[string]any) {
			v := obj(common, "validation_context")
			if c := obj(common, "combined_validation_context"); c != nil {
				v = must(c, "default_validation_context")
			} else if v == nil {
				common["combined_validation_context"] = map[string]any{"default_validation_context": map[string]any{}, "validation_context_sds_secret_config": common["validation_context_sds_secret_config"]}
				delete(common, "validation_context_sds_secret_config")
				v = must(common, "combined_validation_context", "default_validation_context")
			}
			v["trust_chain_verification"] = "ACCEPT_UNTRUSTED"
		}), nil, 0, false},
		{"custom handshaker", "nobody knows", withServer(func(_, common map[string]any) { common["custom_handshaker"] = parsed(`{"name":"x"}`) }), nil, 0, false},
		{"another CA", "clients of another CA", func(e *edited) bool { // without the secret nothing tells which CA is the mesh's
			return e.eachSecret("ROOTCA", func(string, map[string]any) {}) && withServer(func(_, common map[string]any) {
				delete(common, "combined_validation_context")
				delete(common, "validation_context_sds_secret_config")
				common["validation_context"] = parsed(`{"trusted_ca":{"filename":"/other.pem"}}`)
			})(e)
		}, nil, 0, false},
		{"a chain without a match", plain, beside(`{}`), nil, 0, false},
		{"a chain for plaintext", plain, beside(`{"transport_protocol":"raw_buffer"}`), nil, 0, false},
		{"a chain for HTTP", plain, beside(`{"application_protocols":["http/1.1"]}`), nil, 0, false},
		{"a chain for one source", "plaintext of some is taken", beside(`{"source_prefix_ranges":[{"address_prefix":"10.0.0.0","prefix_len":8}]}`), nil, 0, false},
		{"a chain for the pod's own calls", "plaintext of some is taken", beside(`{"source_type":"SAME_IP_OR_LOOPBACK"}`), nil, 0, false},
		{"a chain for an address", "plaintext is taken", beside(`{"prefix_ranges":[{"address_prefix":"10.0.0.0","prefix_len":8}]}`), nil, 0, false},
		{"a chain for direct sources", "plaintext of some is taken", beside(`{"direct_source_prefix_ranges":[{"address_prefix":"10.0.0.0","prefix_len":8}]}`), nil, 0, false},
		{"a chain for source ports", "plaintext of some is taken", beside(`{"source_ports":[4000]}`), nil, 0, false},
		{"a chain for TLS that goes on unopened", "TLS without a client certificate", beside(`{"transport_protocol":"tls","server_names":["a.example"]}`), nil, 0, false},
		{"default_filter_chain", plain, byChain(func(_ *edited, l, _ map[string]any) { l["default_filter_chain"] = parsed(plainChain) }), nil, 0, false},
		{"filter_chain_matcher", "nobody knows", byChain(func(_ *edited, l, _ map[string]any) {
			l["filter_chain_matcher"] = parsed(`{"on_no_match":{"action":{"name":"x"}}}`)
			first(l, "filter_chains", plainChain)
		}), nil, 0, false},
		{"no chain of TLS", "nobody is taken", byChain(func(_ *edited, l, c map[string]any) {
			l["filter_chains"] = slices.DeleteFunc(slices.Clone(items(l, "filter_chains")), func(v any) bool { return string(written(v)) == string(written(c)) })
		}), nil, 0, false},
		{"listener gone", "nobody knows", byChain(func(_ *edited, l, _ map[string]any) { clear(l) }), nil, 0, false},
		{"listener that cannot be read", "nobody knows", byChain(func(_ *edited, l, _ map[string]any) { l["filter_chains"] = "none" }), nil, 0, false},
		{"CA secret without a CA", "any certificate, or none, is taken", func(e *edited) bool {
			return e.eachSecret("ROOTCA", func(_ string, m map[string]any) { must(m, "secret")["validation_context"] = map[string]any{} })
		}, nil, 0, false},
		{"ACCEPT_UNTRUSTED in the CA secret", "any certificate is taken", func(e *edited) bool {
			return e.eachSecret("ROOTCA", func(_ string, m map[string]any) {
				must(m, "secret", "validation_context")["trust_chain_verification"] = "ACCEPT_UNTRUSTED"
			})
		}, nil, 0, false},
	}
}
