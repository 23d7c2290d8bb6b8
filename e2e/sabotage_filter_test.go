//go:build e2e

package e2e

import (
	"slices"
	"testing"
)

// filterSabotages leave every rule as it is and change what Istio makes of it, as an EnvoyFilter may.
func filterSabotages() []sabotage[*site] {
	const tlsOf = "transport_socket: {name: envoy.transport_sockets.tls, typed_config: {'@type': type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext, common_tls_context: "
	const raw = "{name: envoy.transport_sockets.raw_buffer, typed_config: {'@type': type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}}"
	cluster := func(value string) func(*testing.T, *site) {
		return filter("{applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND, cluster: {name: 'outbound|$PORT||$HOST'}}, patch: {operation: MERGE, value: {" + value + "}}}")
	}
	list := []sabotage[*site]{
		{name: "the wire is plain because of an EnvoyFilter", breaks: cluster("transport_socket: " + raw), traffic: trafficFails,
			code: 1, id: "MT002", words: []string{"plaintext", "overruled"}},
		{name: "a plain socket goes before the one with TLS", breaks: cluster("transport_socket_matches: [{name: plain, match: {}, transport_socket: " + raw + "}]"), traffic: trafficFails,
			code: 1, id: "MT002", words: []string{"plaintext"}},
		{name: "certificates that do not verify are accepted", breaks: cluster(tlsOf + "{combined_validation_context: {default_validation_context: {trust_chain_verification: ACCEPT_UNTRUSTED}}}}}"), traffic: trafficWorks,
			code: 1, id: "MT003", words: []string{"any certificate is accepted"}},
		{name: "any name is accepted", breaks: cluster(tlsOf + "{combined_validation_context: {default_validation_context: {match_typed_subject_alt_names: [{san_type: DNS, matcher: {safe_regex: {regex: '.*'}}}]}}}}}"), traffic: trafficWorks,
			code: 1, id: "MT006", words: []string{"name is not checked"}},
		{name: "a socket that begins in plaintext", breaks: cluster("transport_socket: {name: envoy.transport_sockets.starttls, typed_config: {'@type': type.googleapis.com/envoy.extensions.transport_sockets.starttls.v3.UpstreamStartTlsConfig, cleartext_socket_config: {}, " +
			"tls_socket_config: {common_tls_context: {}}}}"), traffic: trafficFails, code: 2, id: "MT002", words: []string{"does not judge", "UpstreamStartTlsConfig"}},
		{name: "the listener leads past the cluster", traffic: trafficFails, code: 1, id: "MT017", words: []string{"another way"},
			breaks: filter("{applyTo: NETWORK_FILTER, match: {context: SIDECAR_OUTBOUND, listener: {portNumber: $PORT, filterChain: {filter: {name: envoy.filters.network.tcp_proxy}}}}, " +
				"patch: {operation: MERGE, value: {name: envoy.filters.network.tcp_proxy, typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, cluster: PassthroughCluster}}}}")},
	}
	list = append(slices.Concat(list, chainSabotages()), contextSabotages()...)
	for i := range list {
		if list[i].repair == nil {
			list[i].repair = unfilter
		}
	}
	return list
}

func unfilter(t *testing.T, x *site) {
	t.Helper()
	x.kube(t, "delete", "envoyfilter", x.name, "-n", x.namespace)
}

func filter(patch string) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		x.apply(t, x.fill("{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: $NAME, namespace: $NS}, spec: {configPatches: ["+patch+"]}}"))
	}
}
