//go:build e2e

package e2e

import (
	"fmt"
	"testing"
)

// openInbound lets plaintext in beside whatever the policies say: a filter chain of its own, for every source.
const openInbound = `{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: hole, namespace: %s}, spec: {configPatches: [{applyTo: FILTER_CHAIN,
  match: {context: SIDECAR_INBOUND, listener: {name: virtualInbound}}, patch: {operation: ADD, value: {name: hole,
    filter_chain_match: {destination_port: 8080, transport_protocol: raw_buffer, source_prefix_ranges: [{address_prefix: 0.0.0.0, prefix_len: 0}]},
    filters: [{name: envoy.filters.network.tcp_proxy, typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: hole, cluster: 'inbound|8080||'}}]}}}]}}`

// sabotaged proves the way back of the recipe: something keeps the workloads from being strict, enable says what was
// seen and what does it, and takes exactly its own change back. The objects are as before, and so is the traffic.
func (x *strictField) sabotaged(t *testing.T) {
	for _, c := range []struct {
		name, object, kind string
		flags, words       []string
	}{
		{"an-EnvoyFilter-leaves-a-hole", openInbound, "envoyfilter/hole", []string{"--timeout", "8s"},
			[]string{"do not have it after", "MT016", "port 8080 is PERMISSIVE", "something else changes its listener"}},
		{"an-older-policy-wins", "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: hole, namespace: %s}, spec: {mtls: {mode: PERMISSIVE}}}", "peerauthentication/hole",
			[]string{"--ignore", "MT030"}, []string{"MT016", "PeerAuthentication " + x.namespace + "/hole", "of 2 policies there the oldest counts", "verify found a failure"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Logf("proves: enable strict %v -> exit code 1, naming %q, and objects and traffic as before", c.flags, c.words)
			x.apply(t, fmt.Sprintf(c.object, x.namespace))
			defer x.kube(t, "delete", c.kind, "-n", x.namespace)
			before := x.snapshot(t, x.namespace, false)
			r := x.enable(t, c.flags...)
			x.takenBack(t, r, x.namespace, before, c.words)
			x.want(t, "taken back", x.outside, "plain", "200", 0)
			x.want(t, "taken back", x.namespace, "front", "200", 0)
		})
	}
}
