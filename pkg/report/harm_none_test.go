package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// shown are changes that alone are no fault, because nobody said what is wanted, or that the proxy refuses connections by:
// the report shows them.
func shown() []harm {
	return []harm{
		{"client certificate gone", "the server may refuse", func(e *edited) bool {
			return e.eachContext(func(_, common map[string]any) bool {
				had := common["tls_certificate_sds_secret_configs"] != nil || common["tls_certificates"] != nil
				delete(common, "tls_certificate_sds_secret_configs")
				delete(common, "tls_certificates")
				return had
			})
		}, func(u Upstream) bool { return u.ClientCert == "none" && u.Mode == "SIMPLE" }, 0, false},
		{"another SNI", "the server may have another certificate for it", func(e *edited) bool {
			return e.eachContext(func(ctx, _ map[string]any) bool { ctx["sni"] = "other.example"; return true })
		}, func(u Upstream) bool { return u.SNI == "other.example" && u.SNISent == "yes" }, 0, false},
		{"another name", "another server is wanted", sans("match_typed_subject_alt_names", `[{"san_type":"DNS","matcher":{"exact":"other.example"}}]`), func(u Upstream) bool { return slices.Equal(u.SANs, []string{"other.example"}) }, 0, false},
		{"CA in a file", "another CA", func(e *edited) bool {
			return e.eachContext(func(_, common map[string]any) bool {
				delete(common, "combined_validation_context")
				delete(common, "validation_context_sds_secret_config")
				common["validation_context"] = parsed(`{"trusted_ca":{"filename":"/other.pem"},"match_subject_alt_names":[{"exact":"other.example"}]}`)
				return true
			})
		}, func(u Upstream) bool { return u.CA == "file:/other.pem" }, 0, false},
		{"at least TLS 1.3", "older servers are refused", tlsParams(`{"tls_minimum_protocol_version":"TLSv1_3","tls_maximum_protocol_version":"TLSv1_3"}`), func(u Upstream) bool { return u.MinTLS == "TLSv1_3" && u.MaxTLS == "TLSv1_3" }, 0, false},
	}
}

// renamed writes a tree with every member of a proto message under another name. Maps of protobuf keep theirs.
func renamed(v any, name func(string) string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, one := range v {
			switch k {
			case "filter_metadata", "match", "typed_extension_protocol_options", "metadata", "typed_per_filter_config":
				if k != "metadata" {
					out[name(k)] = one
					continue
				}
			}
			out[name(k)] = renamed(one, name)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = renamed(v[i], name)
		}
		return out
	}
	return v
}

func camel(name string) string {
	var b strings.Builder
	for i, part := range strings.Split(name, "_") {
		if i > 0 && part != "" {
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		b.WriteString(part)
	}
	return b.String()
}

// backwards writes a tree with the members of every object in the order of their names, from the last to the first: @type,
// that says what the others mean, comes last.
func backwards(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case map[string]any:
		names := sortedKeys(v)
		slices.Reverse(names)
		for i, k := range names {
			b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
			b.Write(written(k))
			b.WriteString(":")
			backwards(b, v[k])
		}
		if len(names) == 0 {
			b.WriteString("{")
		}
		b.WriteString("}")
	case []any:
		b.WriteString("[")
		for i, one := range v {
			if i > 0 {
				b.WriteString(",")
			}
			backwards(b, one)
		}
		b.WriteString("]")
	default:
		b.Write(written(v))
	}
}

// put puts an entry into a section that it was not in, or beside others.
func (e *edited) put(section, list, text string) bool {
	s := e.section(section)
	if s == nil {
		return false
	}
	s[list] = append(items(s, list), parsed(text))
	return true
}

func member(name, text string) func(*edited) bool {
	return func(e *edited) bool { e.cluster[name] = parsed(text); return true }
}

func noHarms() []harm {
	return slices.Concat(sameText(), sameDump(), sameCluster(), sameWay())
}

func sameText() []harm {
	return []harm{
		{"white space", "", func(e *edited) bool {
			var b bytes.Buffer
			_ = json.Indent(&b, written(e.root), "\t", "\r\n \t")
			e.raw = b.Bytes()
			return true
		}, nil, 0, false},
		{"order of members", "", func(e *edited) bool {
			var b bytes.Buffer
			backwards(&b, e.root)
			e.raw = b.Bytes()
			return true
		}, nil, 0, false},
		{"camelCase", "", func(e *edited) bool { e.raw = written(renamed(e.root, camel)); return true }, nil, 0, false},
		{"numbers as strings", "", func(e *edited) bool {
			found := false
			e.walk(func(m map[string]any) {
				if n, is := m["port_value"].(json.Number); is {
					m["port_value"], found = n.String(), true
				}
			})
			return found
		}, nil, 0, false},
		{"members that nobody knows", "", func(e *edited) bool {
			e.cluster["x_unknown"] = parsed(`{"a":[1,{"transport_socket":null}]}`)
			e.entry["x_unknown"] = parsed(`[]`)
			for _, ctx := range e.contexts() {
				ctx["x_unknown"] = true
				must(ctx, "common_tls_context")["x_unknown"] = parsed(`{"trust_chain_verification":"ACCEPT_UNTRUSTED"}`)
			}
			return true
		}, nil, 0, false},
		{"members that are null", "", func(e *edited) bool {
			for _, m := range []string{"tls_context", "transport_socket_matcher", "health_checks", "cluster_type", "hosts"} {
				if e.cluster[m] == nil {
					e.cluster[m] = nil
				}
			}
			return true
		}, nil, 0, false},
	}
}

func sameDump() []harm {
	return []harm{
		{"an unused cluster without TLS", "", func(e *edited) bool {
			return e.put("ClustersConfigDump", "dynamic_active_clusters", `{"cluster":`+strings.ReplaceAll(plainCluster, "plain", "unused")+`}`)
		}, nil, 0, false},
		{"a damaged cluster", "", func(e *edited) bool {
			return e.to != nil && e.put("ClustersConfigDump", "dynamic_active_clusters", `{"cluster":{"name":"outbound|1||damaged.example","transport_socket":[7]}}`)
		}, nil, 0, false},
		{"another cluster without a CA", "", func(e *edited) bool {
			return e.to != nil && e.put("ClustersConfigDump", "dynamic_active_clusters", `{"cluster":{"name":"outbound|1||other.example","transport_socket":{"name":"tls","typed_config":{"@type":"`+typeURL+`tls.v3.UpstreamTlsContext"}}}}`)
		}, nil, 0, false},
		{"another cluster warms", "", func(e *edited) bool {
			return e.to != nil && e.put("ClustersConfigDump", "dynamic_warming_clusters", `{"cluster":{"name":"outbound|1||other.example"}}`)
		}, nil, 0, false},
		{"another secret waits", "", func(e *edited) bool {
			return e.put("SecretsConfigDump", "dynamic_warming_secrets", `{"name":"other","version_info":"uninitialized","secret":{"name":"other"}}`)
		}, nil, 0, false},
		{"secrets twice", "", func(e *edited) bool {
			s := e.section("SecretsConfigDump")
			l := items(s, "dynamic_active_secrets")
			if len(l) == 0 {
				return false
			}
			s["dynamic_active_secrets"] = append(slices.Clone(l), copied(l).([]any)...)
			return true
		}, nil, 0, false},
		{"other versions", "", func(e *edited) bool {
			found := false
			e.walk(func(m map[string]any) {
				if m["version_info"] != nil {
					m["version_info"], found = "other", true
				}
			})
			return found
		}, nil, 0, false},
		{"a static cluster", "", func(e *edited) bool {
			all := e.section("ClustersConfigDump")
			if all["static_clusters"] == nil {
				return false
			}
			had := e.move()
			all["static_clusters"] = append(items(all, "static_clusters"), any(e.entry))
			return had
		}, nil, 0, false},
		{"another listener, without TLS", "", func(e *edited) bool {
			return e.put("ListenersConfigDump", "dynamic_listeners", `{"name":"other","active_state":{"listener":{"name":"other","address":{"socket_address":{"address":"0.0.0.0","port_value":61999}},"traffic_direction":"OUTBOUND","filter_chains":[`+plainChain+`]}}}`)
		}, nil, 0, false},
	}
}

func sameCluster() []harm {
	return []harm{
		{"tcp_stats around TLS", "", inPlace(`{"name":"p","typed_config":{"@type":"TYPEStcp_stats.v3.Config","transport_socket":INNER}}`), nil, 0, false},
		{"HTTP/1.1 proxy around TLS", "", inPlace(`{"name":"p","typed_config":{"@type":"TYPEShttp_11_proxy.v3.Http11ProxyUpstreamTransport","transport_socket":INNER}}`), nil, 0, false},
		{"another name of the socket", "", func(e *edited) bool {
			for _, s := range e.sockets() {
				s["name"] = "mine"
			}
			return len(e.sockets()) > 0
		}, nil, 0, false},
		{"TLS in a TypedStruct", "", func(e *edited) bool {
			for _, s := range e.sockets() {
				inner := obj(s, "typed_config")
				url := inner["@type"]
				delete(inner, "@type")
				s["typed_config"] = map[string]any{"@type": "type.googleapis.com/xds.type.v3.TypedStruct", "type_url": url, "value": inner}
			}
			return e.cluster["transport_socket"] != nil || e.cluster["transport_socket_matches"] != nil
		}, nil, 0, false},
		{"a match that no endpoint meets", "", func(e *edited) bool {
			return e.row.Endpoints != nil && firstMatch(`{"nobody":"has it"}`, rawSocket)(e)
		}, nil, 0, false},
		{"plaintext behind a match for all", "", func(e *edited) bool {
			own := obj(e.cluster, "transport_socket")
			if own == nil || e.cluster["transport_socket_matches"] != nil || len(e.ownEndpoints()) == 0 {
				return false
			}
			e.cluster["transport_socket_matches"] = []any{map[string]any{"name": "all", "match": map[string]any{}, "transport_socket": copied(own)}, map[string]any{"name": "never", "match": map[string]any{}, "transport_socket": parsed(rawSocket)}}
			return true
		}, nil, 0, false},
		{"timeout of the handshake", "", member("transport_socket_connect_timeout", `"1s"`), nil, 0, false},
		{"load reports", "", member("lrs_server", `{"self":{}}`), nil, 0, false},
		{"source address", "", member("upstream_bind_config", `{"source_address":{"address":"192.0.2.1","port_value":0}}`), nil, 0, false},
		{"network namespace", "", member("upstream_bind_config", `{"source_address":{"address":"192.0.2.1","port_value":0,"network_namespace_filepath":"/run/netns/x"}}`), nil, 0, false},
		{"override_host", "", member("load_balancing_policy", `{"policies":[{"typed_extension_config":{"name":"o","typed_config":{"@type":"type.googleapis.com/envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost"}}}]}`), nil, 0, false},
		{"one more endpoint that drains", "", func(e *edited) bool {
			ends := e.ownEndpoints()
			for _, one := range ends {
				one["health_status"] = "DRAINING"
			}
			return len(ends) > 0
		}, nil, 0, false},
		{"other ALPN", "", func(e *edited) bool {
			return e.row.Mode != "MUTUAL" && e.eachContext(func(_, common map[string]any) bool { common["alpn_protocols"] = parsed(`["istio","h2"]`); return true })
		}, nil, 0, false},
		{"lists of revoked certificates only for the leaf, and none there", "", setValidation("only_verify_leaf_cert_crl", `true`), nil, 0, false},
		{"certificates verified as by default", "", setValidation("trust_chain_verification", `"VERIFY_TRUST_CHAIN"`), nil, 0, false},
		{"the default validator by its name", "", setValidation("custom_validator_config", `{"name":"envoy.tls.cert_validator.default"}`), nil, 0, false},
	}
}

func sameWay() []harm {
	return []harm{
		{"a path is redirected", "", byRoute(func(_ *edited, _, h, _ map[string]any) {
			first(h, "routes", `{"match":{"prefix":"/old"},"redirect":{"path_redirect":"/new"}}`)
		}), nil, 0, false},
		{"a host that is not this one", "", byRoute(func(_ *edited, c, _, _ map[string]any) {
			last(c, "virtual_hosts", `{"name":"x","domains":["unrelated.example"],"routes":[{"match":{"prefix":"/"},"route":{"cluster":"plain"}}]}`)
		}), nil, 0, false},
		{"set_filter_state of another object", "", byProxy(func(_ *edited, _, c, _ map[string]any) {
			first(c, "filters", `{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config","on_new_connection":[{"object_key":"x","factory_key":"envoy.tcp_proxy.cluster","format_string":{"text_format_source":{"inline_string":"plain"}}}]}}`)
		}), nil, 0, false},
		{"a chain for calls to the pod itself", "", byListener(func(_ *edited, l map[string]any) {
			first(l, "filter_chains", chainFor(`{"source_type":"SAME_IP_OR_LOOPBACK"}`))
		}), nil, 0, false},
		{"a chain for another port", "", byListener(func(_ *edited, l map[string]any) { first(l, "filter_chains", chainFor(`{"destination_port":61998}`)) }), nil, 0, false},
		{"a chain for TLS of the application", "", byListener(func(_ *edited, l map[string]any) {
			first(l, "filter_chains", chainFor(`{"transport_protocol":"tls","server_names":["other.example"]}`))
		}), nil, 0, false},
		{"names of filter chains", "", byListener(func(_ *edited, l map[string]any) {
			for _, c := range items(l, "filter_chains") {
				c.(map[string]any)["name"] = "mine"
			}
		}), nil, 0, false},
	}
}
