package report

import (
	"slices"
	"strings"
)

const plainCluster = `{"name":"plain","type":"STATIC","load_assignment":{"cluster_name":"plain","endpoints":[{"lb_endpoints":[{"endpoint":{"address":{"socket_address":{"address":"192.0.2.7","port_value":80}}}}]}]}}`

// addPlain puts a cluster that sends plaintext beside the others.
func (e *edited) addPlain() {
	all := e.section("ClustersConfigDump")
	if all == nil {
		return
	}
	all["dynamic_active_clusters"] = append(items(all, "dynamic_active_clusters"), map[string]any{"cluster": parsed(plainCluster)})
}

// move takes the cluster's entry out of its section.
func (e *edited) move() bool {
	all, found := e.section("ClustersConfigDump"), false
	for _, s := range []string{"dynamic_active_clusters", "static_clusters"} {
		if all[s] == nil {
			continue
		}
		all[s] = slices.DeleteFunc(items(all, s), func(v any) bool {
			is := obj(v.(map[string]any), "cluster")["name"] == e.scene.cluster
			found = found || is
			return is
		})
	}
	return found
}

func stateHarms() []harm {
	return []harm{
		{"cluster gone", "calls go as they are", func(e *edited) bool { return e.move() }, nil, 0, false},
		{"cluster warms", "calls fail", func(e *edited) bool {
			had := e.move()
			e.section("ClustersConfigDump")["dynamic_warming_clusters"] = []any{e.entry}
			return had
		}, nil, 0, false},
		{"newer cluster warms, in plaintext", "calls will leave in plaintext", func(e *edited) bool {
			newer := copied(e.entry).(map[string]any)
			for _, k := range []string{"transport_socket", "transport_socket_matches", "tls_context"} {
				delete(obj(newer, "cluster"), k)
			}
			all := e.section("ClustersConfigDump")
			all["dynamic_warming_clusters"] = append(items(all, "dynamic_warming_clusters"), newer)
			return true
		}, nil, 0, false},
		{"newer cluster was refused", "what counts is older than what was wanted", func(e *edited) bool {
			e.entry["error_state"] = parsed(`{"details":"refused","version_info":"9","last_update_attempt":"2026-01-01T00:00:00Z"}`)
			return true
		}, nil, 0, false},
		{"cluster static and dynamic, one in plaintext", "one of them is not it", func(e *edited) bool {
			all := e.section("ClustersConfigDump")
			other := copied(e.entry).(map[string]any)
			for _, k := range []string{"transport_socket", "transport_socket_matches", "tls_context"} {
				delete(obj(other, "cluster"), k)
			}
			all["static_clusters"] = append(items(all, "static_clusters"), other)
			return true
		}, nil, 0, false},
		{"aggregate", "it chooses among others", func(e *edited) bool {
			delete(e.cluster, "type")
			e.cluster["cluster_type"] = parsed(`{"name":"envoy.clusters.aggregate","typed_config":{"@type":"type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig","clusters":["plain"]}}`)
			return true
		}, nil, 0, false},
		{"aggregate of another name", "it chooses among others", func(e *edited) bool {
			delete(e.cluster, "type")
			e.cluster["cluster_type"] = parsed(`{"name":"envoy.cluster.static","typed_config":{"@type":"type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig","clusters":["plain"]}}`)
			return true
		}, nil, 0, false},
		{"aggregate without a name", "it chooses among others", func(e *edited) bool {
			delete(e.cluster, "type")
			e.cluster["cluster_type"] = parsed(`{"typed_config":{"@type":"type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig","clusters":["plain"]}}`)
			return true
		}, nil, 0, false},
		{"cluster of an unknown type", "nobody knows", func(e *edited) bool {
			delete(e.cluster, "type")
			e.cluster["cluster_type"] = parsed(`{"name":"example.cluster","typed_config":{"@type":"type.googleapis.com/example.Cluster"}}`)
			return true
		}, nil, 0, false},
		{"no endpoints", "calls fail", func(e *edited) bool {
			found := false
			e.walk(func(m map[string]any) {
				if m["cluster_name"] == e.scene.cluster && len(items(m, "endpoints")) > 0 {
					m["endpoints"], found = []any{}, true
				}
			})
			e.other["clusters.json"] = []byte(`{"cluster_statuses":[]}`)
			return found && e.to != nil
		}, nil, 0, false},
		{"no endpoints in the dump", "nobody knows", func(e *edited) bool {
			s := e.section("EndpointsConfigDump")
			if s == nil || e.cluster["transport_socket_matches"] == nil {
				return false
			}
			clear(s)
			s["@type"] = "type.googleapis.com/example.Other"
			return true
		}, nil, 0, false},
		{"EDS by another name", "nobody knows its endpoints", func(e *edited) bool {
			if e.cluster["type"] != "EDS" || e.cluster["transport_socket_matches"] == nil {
				return false
			}
			must(e.cluster, "eds_cluster_config")["service_name"] = "other"
			return true
		}, nil, 0, false},
		{"clusters are refused", "what counts is older than what was wanted", func(e *edited) bool {
			for name, text := range e.files {
				if name == "stats" && strings.Contains(string(text), "cluster_manager.cds.update_rejected: 0") {
					e.other[name] = []byte(strings.Replace(string(text), "cluster_manager.cds.update_rejected: 0", "cluster_manager.cds.update_rejected: 3", 1))
					return true
				}
			}
			return false
		}, nil, 0, false},
	}
}

// routesTo are the routes that lead to the cluster, each with its virtual host and route configuration.
func (e *edited) routesTo(do func(config, host, route map[string]any)) bool {
	found := false
	e.walk(func(config map[string]any) {
		for _, h := range items(config, "virtual_hosts") {
			host := h.(map[string]any)
			for _, r := range slices.Clone(items(host, "routes")) {
				if route := r.(map[string]any); obj(route, "route")["cluster"] == e.scene.cluster {
					do(config, host, route)
					found = true
				}
			}
		}
	})
	return found
}

// proxiesTo are the tcp_proxies that lead to the cluster, each with its listener and filter chain.
func (e *edited) proxiesTo(do func(listener, chain, filter map[string]any)) bool {
	found := false
	e.walk(func(l map[string]any) {
		for _, c := range items(l, "filter_chains") {
			chain := c.(map[string]any)
			for _, f := range slices.Clone(items(chain, "filters")) {
				if filter := f.(map[string]any); obj(filter, "typed_config")["cluster"] == e.scene.cluster {
					do(l, chain, filter)
					found = true
				}
			}
		}
	})
	return found
}

// listenersTo are the listeners that lead to the cluster, by a tcp_proxy or by routes.
func (e *edited) listenersTo(do func(l map[string]any)) bool {
	configs := map[any]bool{}
	e.routesTo(func(config, _, _ map[string]any) { configs[config["name"]] = true })
	found := false
	e.walk(func(l map[string]any) {
		if l["filter_chains"] == nil || l["traffic_direction"] == "INBOUND" {
			return
		}
		leads := false
		walk(l["filter_chains"], func(m map[string]any) {
			name, rds := m["route_config_name"]
			leads = leads || m["cluster"] == e.scene.cluster || rds && configs[name]
		})
		if leads {
			found = true
			do(l)
		}
	})
	return found
}

func byRoute(do func(e *edited, config, host, route map[string]any)) func(*edited) bool {
	return func(e *edited) bool {
		if e.to == nil {
			return false // of a foreign mesh's cluster nobody says which calls are meant for it
		}
		return e.routesTo(func(config, host, route map[string]any) { do(e, config, host, route) })
	}
}

func byProxy(do func(e *edited, listener, chain, filter map[string]any)) func(*edited) bool {
	return func(e *edited) bool {
		return e.to != nil && e.proxiesTo(func(l, c, f map[string]any) { do(e, l, c, f) })
	}
}

func byListener(do func(e *edited, l map[string]any)) func(*edited) bool {
	return func(e *edited) bool {
		return e.to != nil && e.listenersTo(func(l map[string]any) { do(e, l) })
	}
}

func first(m map[string]any, name, text string) {
	m[name] = append([]any{parsed(text)}, items(m, name)...)
}
func last(m map[string]any, name, text string) { m[name] = append(items(m, name), parsed(text)) }

func elsewhere(route map[string]any, text string) {
	delete(route, "route")
	for k, v := range parsedObject(text) {
		route[k] = v
	}
}

const plainChain = `{"filters":[{"name":"envoy.filters.network.tcp_proxy","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy","stat_prefix":"plain","cluster":"plain"}}]}`

func chainFor(match string) string {
	return `{"filter_chain_match":` + match + `,` + plainChain[1:]
}

// noWay are harms of everything that leads to the cluster, in a proxy whose calls for it are known.
func wayHarms() []harm {
	some, all := "some calls leave in plaintext", "calls leave in plaintext"
	route := func(name, why, text string) harm {
		return harm{name, why, byRoute(func(_ *edited, _, _, r map[string]any) {
			for k, v := range parsedObject(text) {
				obj(r, "route")[k] = v
			}
		}), nil, 0, true}
	}
	return []harm{
		{"routes lead elsewhere", all, byRoute(func(_ *edited, _, _, r map[string]any) { elsewhere(r, `{"route":{"cluster":"plain"}}`) }), nil, 0, true},
		{"routes lead to no cluster", "calls fail", byRoute(func(_ *edited, _, _, r map[string]any) { elsewhere(r, `{"route":{"cluster":"nobody"}}`) }), nil, 0, true},
		{"a header's route first", some, byRoute(func(_ *edited, _, h, _ map[string]any) {
			first(h, "routes", `{"match":{"prefix":"/","headers":[{"name":"x"}]},"route":{"cluster":"plain"}}`)
		}), nil, 0, true},
		{"weights", some, byRoute(func(_ *edited, _, _, r map[string]any) {
			to := obj(r, "route")
			to["weighted_clusters"] = parsed(`{"clusters":[{"name":"plain","weight":1},{"name":` + string(written(to["cluster"])) + `,"weight":99}]}`)
			delete(to, "cluster")
		}), nil, 0, true},
		{"weights with a header", some, byRoute(func(_ *edited, _, _, r map[string]any) {
			to := obj(r, "route")
			to["weighted_clusters"] = parsed(`{"clusters":[{"cluster_header":"x","weight":1},{"name":` + string(written(to["cluster"])) + `,"weight":99}]}`)
			delete(to, "cluster")
		}), nil, 0, true},
		{"cluster_header", some, byRoute(func(_ *edited, _, h, _ map[string]any) {
			first(h, "routes", `{"match":{"prefix":"/a"},"route":{"cluster_header":"x"}}`)
		}), nil, 0, true},
		{"cluster_specifier_plugin", some, byRoute(func(_ *edited, _, h, _ map[string]any) {
			first(h, "routes", `{"match":{"prefix":"/a"},"route":{"cluster_specifier_plugin":"x"}}`)
		}), nil, 0, true},
		{"inline plugin", some, byRoute(func(_ *edited, _, h, _ map[string]any) {
			first(h, "routes", `{"match":{"prefix":"/a"},"route":{"inline_cluster_specifier_plugin":{"extension":{"name":"x"}}}}`)
		}), nil, 0, true},
		{"redirect", "nobody comes here", byRoute(func(e *edited, _, _, r map[string]any) {
			if e.row.Protocol == "mixed" {
				return // what is not HTTP comes
			}
			elsewhere(r, `{"redirect":{"host_redirect":"other.example"}}`)
		}), nil, 0, true},
		{"direct response", "nobody comes here", byRoute(func(e *edited, _, _, r map[string]any) {
			if e.row.Protocol == "mixed" {
				return
			}
			elsewhere(r, `{"direct_response":{"status":200}}`)
		}), nil, 0, true},
		route("mirror of a route", "copies leave in plaintext", `{"request_mirror_policies":[{"cluster":"plain"}]}`),
		route("mirror of a route, old", "copies leave in plaintext", `{"request_mirror_policy":{"cluster":"plain"}}`),
		route("mirror to a header's cluster", "copies go nobody knows where", `{"request_mirror_policies":[{"cluster_header":"x"}]}`),
		{"mirror of a host", "copies leave in plaintext", byRoute(func(_ *edited, _, h, _ map[string]any) {
			h["request_mirror_policies"] = parsed(`[{"cluster":"plain"}]`)
		}), nil, 0, true},
		{"mirror of all hosts", "copies leave in plaintext", byRoute(func(_ *edited, c, _, _ map[string]any) {
			c["request_mirror_policies"] = parsed(`[{"cluster":"plain"}]`)
		}), nil, 0, true},
		{"matcher of a host", "nobody knows", byRoute(func(_ *edited, _, h, _ map[string]any) {
			delete(h, "routes")
			h["matcher"] = parsed(`{"on_no_match":{"action":{"name":"x"}}}`)
		}), nil, 0, true},
		{"another virtual host has the name", all, byRoute(func(e *edited, c, h, _ map[string]any) {
			if e.row.Subset != "" {
				return // that of other names leads there: known and open
			}
			last(c, "virtual_hosts", `{"name":"other","domains":`+string(written(h["domains"]))+`,"routes":[{"match":{"prefix":"/"},"route":{"cluster":"plain"}}]}`)
			h["domains"] = []any{"unused.example"}
		}), nil, 0, true},
		{"tcp_proxy leads elsewhere", all, byProxy(func(_ *edited, _, _, f map[string]any) { obj(f, "typed_config")["cluster"] = "plain" }), nil, 0, true},
		{"tcp_proxy with weights", some, byProxy(func(_ *edited, _, _, f map[string]any) {
			c := obj(f, "typed_config")
			c["weighted_clusters"] = parsed(`{"clusters":[{"name":"plain","weight":1},{"name":` + string(written(c["cluster"])) + `,"weight":99}]}`)
			delete(c, "cluster")
		}), nil, 0, true},
		{"set_filter_state before tcp_proxy", "nobody knows", byProxy(func(_ *edited, _, c, _ map[string]any) {
			first(c, "filters", `{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config","on_new_connection":[{"object_key":"envoy.tcp_proxy.cluster","format_string":{"text_format_source":{"inline_string":"plain"}}}]}}`)
		}), nil, 0, true},
		{"a chain for half of the addresses", "nobody knows, or all", byListener(func(_ *edited, l map[string]any) {
			first(l, "filter_chains", chainFor(`{"prefix_ranges":[{"address_prefix":"0.0.0.0","prefix_len":1},{"address_prefix":"128.0.0.0","prefix_len":1}]}`))
		}), nil, 0, true},
		{"a chain for the port", all, byListener(func(_ *edited, l map[string]any) {
			port := string(written(obj(l, "address", "socket_address")["port_value"]))
			first(l, "filter_chains", chainFor(`{"destination_port":`+port+`}`))
		}), nil, 0, true},
		{"filter_chain_matcher", "nobody knows", byListener(func(_ *edited, l map[string]any) {
			l["filter_chain_matcher"] = parsed(`{"on_no_match":{"action":{"name":"x"}}}`)
			last(l, "filter_chains", plainChain)
		}), nil, 0, true},
		{"all chains replaced by a default one", all, byListener(func(_ *edited, l map[string]any) {
			delete(l, "filter_chains")
			l["default_filter_chain"] = parsed(plainChain)
		}), nil, 0, true},
		{"a network filter of an unknown kind alone", "nobody knows", byListener(func(_ *edited, l map[string]any) {
			l["filter_chains"] = parsed(`[{"filters":[{"name":"x","typed_config":{"@type":"type.googleapis.com/example.Filter"}}]}]`)
		}), nil, 0, true},
		{"listener gone", "calls go as they are", byListener(func(_ *edited, l map[string]any) { clear(l) }), nil, 0, true},
		{"listener on loopback", "calls go as they are", byListener(func(_ *edited, l map[string]any) { obj(l, "address", "socket_address")["address"] = "127.0.0.1" }), nil, 0, true},
		{"listener inside Envoy", "calls go as they are", byListener(func(_ *edited, l map[string]any) { delete(l, "address"); l["internal_listener"] = map[string]any{} }), nil, 0, true},
		{"listener is inbound", "it takes other people's calls", byListener(func(_ *edited, l map[string]any) { l["traffic_direction"] = "INBOUND" }), nil, 0, true},
		{"listener warms", "calls go as they are", byListener(func(e *edited, l map[string]any) {
			e.walk(func(m map[string]any) {
				if a := obj(m, "active_state"); a != nil && obj(a, "listener")["name"] == l["name"] {
					delete(m, "active_state")
					m["warming_state"] = a
				}
			})
		}), nil, 0, true},
		{"listener drains", "calls go as they are", byListener(func(e *edited, l map[string]any) {
			e.walk(func(m map[string]any) {
				if a := obj(m, "active_state"); a != nil && obj(a, "listener")["name"] == l["name"] {
					delete(m, "active_state")
					m["draining_state"] = a
				}
			})
		}), nil, 0, true},
		{"newer listener was refused", "what counts is older than what was wanted", byListener(func(e *edited, l map[string]any) {
			e.walk(func(m map[string]any) {
				if a := obj(m, "active_state"); a != nil && obj(a, "listener")["name"] == l["name"] {
					m["error_state"] = parsed(`{"details":"refused","last_update_attempt":"2026-01-01T00:00:00Z"}`)
				}
			})
		}), nil, 0, true},
		{"routes asked for by another name", "nobody knows", byListener(func(_ *edited, l map[string]any) {
			walk(l, func(m map[string]any) {
				if m["route_config_name"] != nil {
					m["route_config_name"] = "other"
				}
			})
		}), nil, 0, true},
		{"scoped routes", "nobody knows", byListener(func(_ *edited, l map[string]any) {
			walk(l, func(m map[string]any) {
				if m["rds"] != nil {
					delete(m, "rds")
					m["scoped_routes"] = parsed(`{"name":"x"}`)
				}
			})
		}), nil, 0, true},
		{"virtualOutbound hands nothing over", "every call goes as it is", func(e *edited) bool {
			found := false
			e.walk(func(m map[string]any) {
				if m["name"] == "virtualOutbound" && m["filter_chains"] != nil {
					found = found || m["use_original_dst"] != nil
					delete(m, "use_original_dst")
				}
			})
			return found && e.to != nil
		}, nil, 0, true},
		{"no section of listeners", "nobody knows", func(e *edited) bool {
			s := e.section("ListenersConfigDump")
			if s == nil || e.to == nil {
				return false
			}
			clear(s)
			s["@type"] = "type.googleapis.com/example.Other"
			return true
		}, nil, 0, true},
	}
}
