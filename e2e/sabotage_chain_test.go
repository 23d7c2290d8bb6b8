//go:build e2e

package e2e

import "testing"

// past is a filter that leads past every cluster with TLS.
const past = "{name: envoy.filters.network.tcp_proxy, typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: past, cluster: PassthroughCluster}}"

// chainSabotages lead calls of some addresses past the TLS, by filter chains, listeners and filters that somebody adds.
func chainSabotages() []sabotage[*site] {
	chain := func(match string) func(*testing.T, *site) {
		return filter("{applyTo: FILTER_CHAIN, match: {context: SIDECAR_OUTBOUND, listener: {portNumber: $PORT}}, patch: {operation: ADD, value: {name: past, filter_chain_match: {" + match + "}, filters: [" + past + "]}}}")
	}
	const servers = "prefix_ranges: [{address_prefix: 10.0.0.0, prefix_len: 8}]"
	return []sabotage[*site]{
		{name: "a filter chain for the range of the server leads past the TLS", breaks: chain(servers), traffic: trafficFails, code: 1, id: "MT017", words: []string{"another filter chain", "PassthroughCluster", "plaintext"}},
		{name: "a filter chain for calls from everywhere leads past the TLS", breaks: chain("source_prefix_ranges: [{address_prefix: 10.0.0.0, prefix_len: 8}]"), rare: true,
			traffic: trafficFails, code: 1, id: "MT017", words: []string{"another filter chain", "plaintext"}},
		{name: "a filter chain for another range", breaks: chain("prefix_ranges: [{address_prefix: 192.0.2.0, prefix_len: 24}]"), traffic: trafficWorks, code: 0, id: "MT017", words: []string{"leads traffic"}},
		{name: "a filter chain for TLS of the application", breaks: chain("transport_protocol: tls"), traffic: trafficWorks, code: 0, id: "MT017", words: []string{"leads traffic"}, rare: true},
		{name: "a filter says where the connection goes", traffic: trafficFails, code: 2, id: "MT017", words: []string{"envoy.tcp_proxy.cluster"},
			breaks: filter("{applyTo: NETWORK_FILTER, match: {context: SIDECAR_OUTBOUND, listener: {portNumber: $PORT, filterChain: {filter: {name: envoy.filters.network.tcp_proxy}}}}, patch: {operation: INSERT_BEFORE, value: {name: state, " +
				"typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config, on_new_connection: [{object_key: envoy.tcp_proxy.cluster, format_string: {text_format_source: {inline_string: PassthroughCluster}}}]}}}}")},
		{name: "a listener of another name takes the address", traffic: trafficFails, code: 1, id: "MT017", words: []string{"are taken by the listener of another host"}, breaks: func(t *testing.T, x *site) {
			filter("{applyTo: LISTENER, match: {context: SIDECAR_OUTBOUND}, patch: {operation: ADD, value: {name: past, bind_to_port: false, traffic_direction: OUTBOUND, address: {socket_address: {address: "+x.node(t)+", port_value: $PORT}}, "+
				"filter_chains: [{filters: ["+past+"]}]}}}")(t, x)
		}},
	}
}

// handSabotages take from virtualOutbound what it is for: to hand all calls of the application over to the listeners of their ports.
func handSabotages() []sabotage[*site] {
	const remove = "{applyTo: LISTENER, match: {context: SIDECAR_OUTBOUND, listener: {name: virtualOutbound}}, patch: {operation: REMOVE}}"
	return []sabotage[*site]{
		{name: "virtualOutbound hands no calls over", traffic: trafficFails, code: 2, id: "MT017", words: []string{"no calls are handed over", "use_original_dst"}, repair: unfilter,
			breaks: filter(remove + ", {applyTo: LISTENER, match: {context: SIDECAR_OUTBOUND}, patch: {operation: ADD, value: " +
				"{name: virtualOutbound, traffic_direction: OUTBOUND, address: {socket_address: {address: 0.0.0.0, port_value: 15001}}, filter_chains: [{filters: [" + past + "]}]}}}")},
		{name: "nothing takes the calls of the application", traffic: trafficFails, code: 2, id: "MT017", words: []string{"no calls are handed over"}, breaks: filter(remove), repair: unfilter},
	}
}
