package report

import (
	"slices"
	"strings"
	"time"
)

func harms() []harm {
	return slices.Concat(socketHarms(), trustHarms(), nameHarms(), secretHarms(), stateHarms(), wayHarms())
}

const (
	rawSocket = `{"name":"envoy.transport_sockets.raw_buffer","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"}}`
	typeURL   = "type.googleapis.com/envoy.extensions.transport_sockets."
)

// inPlace puts another socket in place of every TLS one. INNER in it is the TLS socket that was there, RAW plaintext.
func inPlace(text string) func(*edited) bool {
	return func(e *edited) bool {
		if old := obj(e.cluster, "tls_context"); old != nil {
			delete(e.cluster, "tls_context")
			e.cluster["transport_socket"] = map[string]any{"name": "tls", "typed_config": withType(old, "type.googleapis.com/envoy.api.v2.auth.UpstreamTlsContext")}
		}
		all := e.sockets()
		for _, s := range all {
			inner := string(written(s))
			made := parsedObject(strings.NewReplacer("INNER", inner, "RAW", rawSocket, "TYPES", typeURL).Replace(text))
			clear(s)
			for k, v := range made {
				s[k] = v
			}
		}
		return len(all) > 0
	}
}

func withType(m map[string]any, url string) map[string]any {
	m["@type"] = url
	return m
}

func transportIs(want ...string) func(Upstream) bool {
	return func(u Upstream) bool { return slices.Contains(want, strings.SplitN(u.Transport, ":", 2)[0]) }
}

// ownEndpoints are the endpoints of the cluster, in its own assignment and in the section of endpoints.
func (e *edited) ownEndpoints() []map[string]any {
	var out []map[string]any
	if e.mixedUp() {
		return nil
	}
	name := e.scene.cluster
	if n, is := obj(e.cluster, "eds_cluster_config")["service_name"].(string); is && n != "" {
		name = n
	}
	e.walk(func(m map[string]any) {
		if m["cluster_name"] != name {
			return
		}
		for _, l := range items(m, "endpoints") {
			for _, one := range items(l.(map[string]any), "lb_endpoints") {
				out = append(out, one.(map[string]any))
			}
		}
	})
	return out
}

func firstMatch(match, socket string) func(*edited) bool {
	return func(e *edited) bool {
		if e.cluster["transport_socket"] == nil && e.cluster["transport_socket_matches"] == nil {
			return false
		}
		one := map[string]any{"name": "other", "match": parsed(match), "transport_socket": parsed(socket)}
		e.cluster["transport_socket_matches"] = append([]any{one}, items(e.cluster, "transport_socket_matches")...)
		return true
	}
}

func socketHarms() []harm {
	plain := "calls leave in plaintext"
	return []harm{
		{"no socket", plain, func(e *edited) bool {
			delete(e.cluster, "transport_socket")
			delete(e.cluster, "transport_socket_matches")
			delete(e.cluster, "tls_context")
			return true
		}, transportIs("plaintext"), 0, false},
		{"raw_buffer", plain, inPlace(`RAW`), transportIs("plaintext", "per-endpoint"), 0, false},
		{"raw_buffer by its name", plain, inPlace(`{"name":"envoy.transport_sockets.raw_buffer"}`), transportIs("plaintext", "per-endpoint"), 0, false},
		{"raw_buffer called tls", plain, inPlace(`{"name":"envoy.transport_sockets.tls","typed_config":{"@type":"TYPESraw_buffer.v3.RawBuffer"}}`), transportIs("plaintext", "per-endpoint"), 0, false},
		{"raw_buffer in a TypedStruct", plain, inPlace(`{"name":"tls","typed_config":{"@type":"type.googleapis.com/xds.type.v3.TypedStruct","type_url":"TYPESraw_buffer.v3.RawBuffer","value":{}}}`), transportIs("plaintext", "per-endpoint"), 0, false},
		{"unknown type", "nobody knows what it sends", inPlace(`{"name":"tls","typed_config":{"@type":"type.googleapis.com/example.Other"}}`), transportIs("other", "per-endpoint"), 0, false},
		{"unknown type named UpstreamTlsContext", "nobody knows what it sends", inPlace(`{"name":"tls","typed_config":{"@type":"type.googleapis.com/example.UpstreamTlsContext"}}`), transportIs("other", "per-endpoint"), 0, false},
		{"empty socket", "no type", inPlace(`{"name":"envoy.transport_sockets.tls"}`), nil, 0, false},
		{"ALTS", "another protocol", inPlace(`{"name":"alts","typed_config":{"@type":"TYPESalts.v3.Alts"}}`), transportIs("other", "per-endpoint"), 0, false},
		{"tap around plaintext", plain, inPlace(`{"name":"tap","typed_config":{"@type":"TYPEStap.v3.Tap","transport_socket":RAW}}`), transportIs("plaintext", "per-endpoint"), 0, false},
		{"proxy protocol around plaintext", plain, inPlace(`{"name":"p","typed_config":{"@type":"TYPESproxy_protocol.v3.ProxyProtocolUpstreamTransport","transport_socket":RAW}}`), transportIs("plaintext", "per-endpoint"), 0, false},
		{"HTTP/1.1 proxy around plaintext", plain, inPlace(`{"name":"p","typed_config":{"@type":"TYPEShttp_11_proxy.v3.Http11ProxyUpstreamTransport","transport_socket":RAW}}`), transportIs("plaintext", "per-endpoint"), 0, false},
		{"tcp_stats around plaintext", plain, inPlace(`{"name":"p","typed_config":{"@type":"TYPEStcp_stats.v3.Config","transport_socket":RAW}}`), transportIs("plaintext", "per-endpoint"), 0, false},
		{"starttls", "begins in plaintext", inPlace(`{"name":"starttls","typed_config":{"@type":"TYPESstarttls.v3.UpstreamStartTlsConfig","cleartext_socket_config":{},"tls_socket_config":{}}}`), transportIs("other", "per-endpoint"), 0, false},
		{"internal listener around plaintext", plain, inPlace(`{"name":"i","typed_config":{"@type":"TYPESinternal_upstream.v3.InternalUpstreamTransport","transport_socket":RAW}}`), transportIs("other", "per-endpoint"), 0, false},
		{"tap around TLS", "the plain bytes are recorded", inPlace(`{"name":"tap","typed_config":{"@type":"TYPEStap.v3.Tap","transport_socket":INNER}}`), nil, 0, false},
		{"TLS without any configuration", "nothing is verified", inPlace(`{"name":"tls","typed_config":{"@type":"type.googleapis.com/xds.type.v3.TypedStruct","type_url":"TYPEStls.v3.UpstreamTlsContext","value":null}}`), func(u Upstream) bool {
			return u.CA == "none" && u.ClientCert == "none" && len(u.SANs) == 0 && u.SNI == ""
		}, 0, false},
		{"TLS in binary", "nobody knows", inPlace(`{"name":"tls","typed_config":{"@type":"TYPEStls.v3.UpstreamTlsContext","value":"CgA="}}`), nil, 0, false},
		{"first match for all is plaintext", plain, firstMatch(`{}`, rawSocket), transportIs("per-endpoint"), 0, false},
		{"first match for all, match left out", plain, func(e *edited) bool {
			if !firstMatch(`{}`, rawSocket)(e) {
				return false
			}
			delete(items(e.cluster, "transport_socket_matches")[0].(map[string]any), "match")
			return true
		}, nil, 0, false},
		{"first match without a socket", plain, func(e *edited) bool {
			if !firstMatch(`{}`, rawSocket)(e) {
				return false
			}
			delete(items(e.cluster, "transport_socket_matches")[0].(map[string]any), "transport_socket")
			return true
		}, nil, 0, false},
		{"match that an endpoint meets", "its calls leave in plaintext", func(e *edited) bool {
			ends := e.ownEndpoints()
			for _, one := range ends {
				must(one, "metadata", "filter_metadata", "envoy.transport_socket_match")["plain"] = "yes"
			}
			return len(ends) > 0 && firstMatch(`{"plain":"yes"}`, rawSocket)(e)
		}, nil, 0, false},
		{"match that a locality meets", "its calls leave in plaintext", func(e *edited) bool {
			found := false
			e.walk(func(m map[string]any) {
				if m["cluster_name"] == e.scene.cluster {
					for _, l := range items(m, "endpoints") {
						must(l.(map[string]any), "metadata", "filter_metadata", "envoy.transport_socket_match")["plain"] = "yes"
						found = found || len(items(l.(map[string]any), "lb_endpoints")) > 0
					}
				}
			})
			noneOwn := !slices.ContainsFunc(e.ownEndpoints(), func(m map[string]any) bool {
				return obj(m, "metadata", "filter_metadata", "envoy.transport_socket_match") != nil
			})
			return found && !e.mixedUp() && noneOwn && firstMatch(`{"plain":"yes"}`, rawSocket)(e)
		}, nil, 0, false},
		{"endpoint without a sidecar", "its calls leave in plaintext", func(e *edited) bool {
			ends := e.ownEndpoints()
			for _, one := range ends {
				delete(one, "metadata")
			}
			return len(ends) > 0 && e.cluster["transport_socket_matches"] != nil
		}, nil, 0, false},
		{"endpoint with tlsMode disabled", "its calls leave in plaintext", func(e *edited) bool {
			ends := e.ownEndpoints()
			for _, one := range ends {
				must(one, "metadata", "filter_metadata", "envoy.transport_socket_match")["tlsMode"] = "disabled"
			}
			return len(ends) > 0 && e.cluster["transport_socket_matches"] != nil
		}, nil, 0, false},
		{"another endpoint, without a sidecar", "its calls leave in plaintext", func(e *edited) bool {
			found := false
			e.walk(func(m map[string]any) {
				if m["cluster_name"] == e.scene.cluster && len(items(m, "endpoints")) > 0 {
					m["endpoints"] = append(items(m, "endpoints"), parsed(`{"priority":1,"lb_endpoints":[{"endpoint":{"address":{"socket_address":{"address":"192.0.2.9","port_value":80}}}}]}`))
					found = true
				}
			})
			return found && e.cluster["transport_socket_matches"] != nil
		}, nil, 0, false},
		{"transport_socket_matcher", "nobody knows which socket", func(e *edited) bool {
			e.cluster["transport_socket_matcher"] = parsed(`{"on_no_match":{"action":{"name":"x"}}}`)
			return true
		}, nil, 0, false},
		{"keys are logged", "who has the file reads the calls", func(e *edited) bool {
			return e.eachContext(func(_, common map[string]any) bool {
				common["key_log"] = parsed(`{"path":"/keys"}`)
				return true
			})
		}, nil, 0, false},
		{"at most TLS 1.0", "broken versions", tlsParams(`{"tls_maximum_protocol_version":"TLSv1_0"}`), func(u Upstream) bool { return u.MaxTLS == "TLSv1_0" }, 0, false},
		{"TLS 1.0 by its number", "broken versions", tlsParams(`{"tls_minimum_protocol_version":1,"tls_maximum_protocol_version":4}`), func(u Upstream) bool { return u.MinTLS == "TLSv1_0" }, 0, false},
		{"NULL ciphers", "no encryption", tlsParams(`{"tls_maximum_protocol_version":"TLSv1_2","cipher_suites":["NULL-SHA"]}`), nil, 0, false},
		{"anonymous ciphers", "no certificate", tlsParams(`{"tls_maximum_protocol_version":"TLSv1_2","cipher_suites":["[ECDHE-RSA-AES128-GCM-SHA256|ADH-AES128-SHA]"]}`), nil, 0, false},
		{"3DES", "a broken cipher", tlsParams(`{"tls_maximum_protocol_version":"TLSv1_2","cipher_suites":["DES-CBC3-SHA"]}`), nil, 0, false},
		{"custom handshaker", "an extension checks, or does not", func(e *edited) bool {
			return e.eachContext(func(_, common map[string]any) bool {
				common["custom_handshaker"] = parsed(`{"name":"example.handshaker","typed_config":{"@type":"type.googleapis.com/google.protobuf.Empty"}}`)
				return true
			})
		}, nil, 0, false},
	}
}

func tlsParams(text string) func(*edited) bool {
	return func(e *edited) bool {
		return e.eachContext(func(_, common map[string]any) bool {
			common["tls_params"] = parsed(text)
			return true
		})
	}
}

func setValidation(name, text string) func(*edited) bool {
	return func(e *edited) bool {
		return e.eachValidation(func(v map[string]any) bool {
			v[name] = parsed(text)
			return true
		})
	}
}

func inSecret(name func(*edited) string, member, text string) func(*edited) bool {
	return func(e *edited) bool {
		return e.eachSecret(name(e), func(_ string, entry map[string]any) {
			must(entry, "secret", "validation_context")[member] = parsed(text)
		})
	}
}

func ca(e *edited) string   { return e.caSecret() }
func cert(e *edited) string { return e.certSecret() }

func caIs(want string) func(Upstream) bool { return func(u Upstream) bool { return u.CA == want } }

func trustHarms() []harm {
	anyone := "any certificate is accepted"
	return []harm{
		{"no validation", anyone, func(e *edited) bool {
			return e.eachContext(func(_, common map[string]any) bool {
				delete(common, "validation_context")
				delete(common, "combined_validation_context")
				delete(common, "validation_context_sds_secret_config")
				return true
			})
		}, caIs("none"), 0, false},
		{"empty validation", anyone, func(e *edited) bool {
			return e.eachContext(func(_, common map[string]any) bool {
				delete(common, "combined_validation_context")
				delete(common, "validation_context_sds_secret_config")
				common["validation_context"] = map[string]any{}
				return true
			})
		}, caIs("none"), 0, false},
		{"no CA beside the names", "the chain is not verified", func(e *edited) bool {
			return e.eachContext(func(_, common map[string]any) bool {
				if c := obj(common, "combined_validation_context"); c != nil {
					delete(c, "validation_context_sds_secret_config")
					return true
				}
				if v := obj(common, "validation_context"); v != nil {
					delete(v, "trusted_ca")
					return true
				}
				return false
			})
		}, caIs("none"), 0, false},
		{"empty trusted_ca", "the chain is not verified", func(e *edited) bool {
			return e.eachContext(func(_, common map[string]any) bool {
				v := obj(common, "validation_context")
				if v == nil {
					return false
				}
				v["trusted_ca"] = map[string]any{}
				return true
			})
		}, caIs("none"), 0, false},
		{"CA that does not parse", "nobody knows", func(e *edited) bool {
			return e.eachContext(func(_, common map[string]any) bool {
				delete(common, "combined_validation_context")
				delete(common, "validation_context_sds_secret_config")
				must(common, "validation_context")["trusted_ca"] = parsed(`{"inline_string":"no PEM"}`)
				return true
			})
		}, nil, 0, false},
		{"CA of an environment variable", "nobody knows", func(e *edited) bool {
			return e.eachContext(func(_, common map[string]any) bool {
				delete(common, "combined_validation_context")
				delete(common, "validation_context_sds_secret_config")
				must(common, "validation_context")["trusted_ca"] = parsed(`{"environment_variable":"CA"}`)
				return true
			})
		}, nil, 0, false},
		{"system_root_certs", "Envoy verifies nothing", func(e *edited) bool {
			return e.eachContext(func(_, common map[string]any) bool {
				delete(common, "combined_validation_context")
				delete(common, "validation_context_sds_secret_config")
				v := must(common, "validation_context")
				delete(v, "trusted_ca")
				v["system_root_certs"] = map[string]any{}
				return true
			})
		}, nil, 0, false},
		{"certificate provider", "nobody knows", func(e *edited) bool {
			return e.eachContext(func(_, common map[string]any) bool {
				delete(common, "combined_validation_context")
				delete(common, "validation_context_sds_secret_config")
				v := must(common, "validation_context")
				delete(v, "trusted_ca")
				v["ca_certificate_provider_instance"] = parsed(`{"instance_name":"x"}`)
				return true
			})
		}, nil, 0, false},
		{"ACCEPT_UNTRUSTED", anyone, setValidation("trust_chain_verification", `"ACCEPT_UNTRUSTED"`), caIs("none"), 0, false},
		{"ACCEPT_UNTRUSTED by its number", anyone, setValidation("trust_chain_verification", `1`), caIs("none"), 0, false},
		{"ACCEPT_UNTRUSTED in the secret", anyone, inSecret(ca, "trust_chain_verification", `"ACCEPT_UNTRUSTED"`), caIs("none"), 0, false},
		{"expired certificates are accepted", "expired certificates are accepted", setValidation("allow_expired_certificate", `true`), nil, 0, false},
		{"the same in the secret", "expired certificates are accepted", inSecret(ca, "allow_expired_certificate", `true`), nil, 0, false},
		{"validator of its own", "nobody knows what it checks", setValidation("custom_validator_config", `{"name":"example.validator","typed_config":{"@type":"type.googleapis.com/google.protobuf.Empty"}}`), nil, 0, false},
		{"validator of its own in the secret", "nobody knows what it checks", inSecret(ca, "custom_validator_config", `{"name":"example.validator","typed_config":{"@type":"type.googleapis.com/google.protobuf.Empty"}}`), nil, 0, false},
	}
}

func nameless(v map[string]any) {
	for _, m := range []string{"match_subject_alt_names", "match_typed_subject_alt_names", "verify_subject_alt_name"} {
		delete(v, m)
	}
}

// sans puts other rules for the name in place of those that are there.
func sans(member, text string) func(*edited) bool {
	return func(e *edited) bool {
		return e.eachValidation(func(v map[string]any) bool {
			if len(e.row.SANs) == 0 && text == "null" {
				return false
			}
			e.eachSecret(e.caSecret(), func(_ string, entry map[string]any) { nameless(obj(entry, "secret", "validation_context")) })
			nameless(v)
			v[member] = parsed(text)
			return true
		})
	}
}

func nameHarms() []harm {
	anyone := "any certificate of the CA is accepted"
	return []harm{
		{"no names", anyone, sans("match_subject_alt_names", `null`), func(u Upstream) bool { return len(u.SANs) == 0 }, 0, false},
		{"prefix of nothing", anyone, sans("match_subject_alt_names", `[{"prefix":""}]`), nil, 0, false},
		{"suffix of nothing", anyone, sans("match_subject_alt_names", `[{"suffix":""}]`), nil, 0, false},
		{"contains nothing", anyone, sans("match_subject_alt_names", `[{"contains":""}]`), nil, 0, false},
		{"contains a dot", anyone, sans("match_subject_alt_names", `[{"contains":"."}]`), nil, 0, false},
		{"regex of all", anyone, sans("match_subject_alt_names", `[{"safe_regex":{"google_re2":{},"regex":".*"}}]`), nil, 0, false},
		{"regex of all in other words", anyone, sans("match_subject_alt_names", `[{"safe_regex":{"regex":"(?s)^[^\\x00]+$"}}]`), nil, 0, false},
		{"suffix .com", anyone, sans("match_subject_alt_names", `[{"suffix":".com"}]`), nil, 0, false},
		{"prefix spiffe://", anyone, sans("match_subject_alt_names", `[{"prefix":"spiffe://"}]`), nil, 0, false},
		{"regex of a trust domain", "any workload is accepted", sans("match_subject_alt_names", `[{"safe_regex":{"regex":"spiffe://cluster\\.local/.*"}}]`), nil, 0, false},
		{"prefix of a trust domain", "any workload is accepted", sans("match_subject_alt_names", `[{"prefix":"spiffe://cluster.local/"}]`), nil, 0, false},
		{"a name, or any", anyone, sans("match_subject_alt_names", `[{"exact":"x.example"},{"suffix":""}]`), nil, 0, false},
		{"typed, of any", anyone, sans("match_typed_subject_alt_names", `[{"san_type":"DNS","matcher":{"prefix":""}}]`), nil, 0, false},
		{"typed, by number", anyone, sans("match_typed_subject_alt_names", `[{"san_type":3,"matcher":{"contains":""}}]`), nil, 0, false},
		{"typed, of an OID", anyone, sans("match_typed_subject_alt_names", `[{"san_type":"OTHER_NAME","oid":"1.3.6.1.4.1.311.20.2.3","matcher":{"prefix":""}}]`), nil, 0, false},
		{"typed go before", anyone, func(e *edited) bool {
			return e.eachValidation(func(v map[string]any) bool {
				v["match_typed_subject_alt_names"] = parsed(`[{"san_type":"URI","matcher":{"safe_regex":{"regex":".+"}}}]`)
				return true
			})
		}, nil, 0, false},
		{"matcher of an extension", "nobody knows", sans("match_subject_alt_names", `[{"custom":{"name":"x","typed_config":{"@type":"type.googleapis.com/google.protobuf.Empty"}}}]`), nil, 0, false},
		{"empty name", "every server is refused", sans("match_subject_alt_names", `[{"exact":""}]`), nil, 0, false},
		{"names in the secret for anybody", anyone, func(e *edited) bool {
			e.eachSecret(ca(e), func(_ string, entry map[string]any) { nameless(obj(entry, "secret", "validation_context")) })
			return inSecret(ca, "match_subject_alt_names", `[{"prefix":""}]`)(e)
		}, nil, 0, false},
		{"no SNI", "the server may answer with another certificate", func(e *edited) bool {
			return e.to != nil && e.row.SNI != "" && e.row.Mode == "SIMPLE" && e.eachContext(func(ctx, _ map[string]any) bool { delete(ctx, "sni"); return true })
		}, func(u Upstream) bool { return u.SNI == "" }, 0, false},
		{"no HTTP options", anyone, func(e *edited) bool {
			had := len(e.row.SANs) == 0 && obj(e.cluster, "typed_extension_protocol_options") != nil && e.to != nil
			delete(e.cluster, "typed_extension_protocol_options")
			return had
		}, nil, 0, false},
		{"auto_san_validation off", anyone, httpOption("auto_san_validation"), nil, 0, false},
		{"auto_sni off", "no SNI is sent", httpOption("auto_sni"), nil, 0, false},
		{"HTTP options of another place", anyone, func(e *edited) bool {
			had := httpOption("auto_san_validation")(e)
			e.cluster["upstream_http_protocol_options"] = parsed(`{"auto_sni":true,"auto_san_validation":true}`)
			return had
		}, nil, 0, false},
		{"name of a header", "the caller says which name is checked", func(e *edited) bool {
			o := obj(e.cluster, "typed_extension_protocol_options", httpOptions, "upstream_http_protocol_options")
			if o["auto_san_validation"] != true {
				return false
			}
			o["override_auto_sni_header"] = "x-name"
			return true
		}, nil, 0, false},
	}
}

const httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

func httpOption(name string) func(*edited) bool {
	return func(e *edited) bool {
		o := obj(e.cluster, "typed_extension_protocol_options", httpOptions, "upstream_http_protocol_options")
		had := o[name] == true
		delete(o, name)
		return had
	}
}

func toState(from, to string, name func(*edited) string) func(*edited) bool {
	return func(e *edited) bool {
		all := e.section("SecretsConfigDump")
		var moved []any
		kept := slices.DeleteFunc(slices.Clone(items(all, from)), func(v any) bool {
			m := v.(map[string]any)
			is := m["name"] == name(e) || obj(m, "secret")["name"] == name(e)
			if is {
				moved = append(moved, v)
			}
			return is
		})
		if len(moved) == 0 {
			return false
		}
		all[from] = kept
		if to != "" {
			for _, v := range moved {
				m := v.(map[string]any)
				m["version_info"], m["secret"] = "uninitialized", map[string]any{"@type": obj(m, "secret")["@type"], "name": m["name"]}
			}
			all[to] = append(items(all, to), moved...)
		}
		return true
	}
}

func secretHarms() []harm {
	fails := "no connection can be made"
	var out []harm
	for what, name := range map[string]func(*edited) string{"CA": ca, "client certificate": cert} {
		out = append(out, []harm{
			{"secret warms: " + what, fails, toState("dynamic_active_secrets", "dynamic_warming_secrets", name), nil, 0, false},
			{"secret is not there: " + what, fails, toState("dynamic_active_secrets", "", name), nil, 0, false},
			{"secret has another name: " + what, fails, func(e *edited) bool {
				n := name(e)
				return n != "" && e.eachContext(func(_, common map[string]any) bool {
					found := false
					walk(common, func(m map[string]any) {
						if m["name"] == n {
							m["name"], found = "other", true
						}
					})
					return found
				})
			}, nil, 0, false},
			{"secret is empty: " + what, fails, func(e *edited) bool {
				return e.eachSecret(name(e), func(_ string, m map[string]any) { m["secret"] = map[string]any{"name": m["name"]} })
			}, nil, 0, false},
			{"secret without content: " + what, fails, func(e *edited) bool {
				return e.eachSecret(name(e), func(_ string, m map[string]any) {
					s := obj(m, "secret")
					for _, k := range []string{"validation_context", "tls_certificate"} {
						if s[k] != nil {
							s[k] = map[string]any{}
						}
					}
				})
			}, nil, 0, false},
			{"secret that does not parse: " + what, fails, func(e *edited) bool {
				return e.eachSecret(name(e), func(_ string, m map[string]any) {
					walk(m, func(m map[string]any) {
						for _, k := range []string{"trusted_ca", "certificate_chain"} {
							if m[k] != nil {
								m[k] = parsed(`{"inline_string":"no PEM"}`)
							}
						}
					})
				})
			}, nil, 0, false},
			{"secret of another kind: " + what, fails, func(e *edited) bool {
				return e.eachSecret(name(e), func(_ string, m map[string]any) {
					m["secret"] = map[string]any{"name": m["name"], "generic_secret": map[string]any{"secret": map[string]any{"inline_string": "x"}}}
				})
			}, nil, 0, false},
			{"no section of secrets: " + what, "nobody knows", func(e *edited) bool {
				if name(e) == "" {
					return false
				}
				s := e.section("SecretsConfigDump")
				clear(s)
				s["@type"] = "type.googleapis.com/example.Other"
				return true
			}, nil, 0, false},
			{"a second secret of the name waits: " + what, "the place that it is for has none", func(e *edited) bool {
				n, all := name(e), e.section("SecretsConfigDump")
				if n == "" || all == nil {
					return false
				}
				all["dynamic_warming_secrets"] = append(items(all, "dynamic_warming_secrets"), map[string]any{"name": n, "version_info": "uninitialized", "secret": map[string]any{"name": n}})
				return true
			}, nil, 0, false},
		}...)
	}
	return append(out, harm{"a second secret of the name without a CA", "the place that it is for checks nothing", func(e *edited) bool {
		n, all := ca(e), e.section("SecretsConfigDump")
		if n == "" || all == nil {
			return false
		}
		all["dynamic_active_secrets"] = append(items(all, "dynamic_active_secrets"), map[string]any{"name": n, "version_info": "1", "secret": map[string]any{"name": n, "validation_context": map[string]any{}}})
		return true
	}, nil, 0, false}, harm{"years later", "certificates are expired", func(e *edited) bool { return ca(e) != "" && e.section("SecretsConfigDump") != nil }, nil, 40 * 365 * 24 * time.Hour, false},
		harm{"before", "certificates are not valid yet", func(e *edited) bool { return ca(e) != "" && e.section("SecretsConfigDump") != nil }, nil, -60 * 365 * 24 * time.Hour, false})
}
