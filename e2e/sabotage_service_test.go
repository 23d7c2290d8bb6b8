//go:build e2e

package e2e

import (
	"fmt"
	"testing"
)

// serviceSabotages change what leads the traffic to the upstream: the ServiceEntry, and what stands before it.
func serviceSabotages() []sabotage {
	return []sabotage{
		{name: "ServiceEntry deleted", traffic: trafficFails,
			breaks: func(t *testing.T, x *site) { x.kube(t, "delete", "serviceentry", x.name, "-n", x.namespace) },
			code:   1, id: "MT001", words: []string{"does not know", "$HOST"}},
		{name: "ServiceEntry of another port", breaks: patchEntry("{ports: [{number: 9999, name: tcp, protocol: TCP}]}"), traffic: trafficFails,
			code: 1, id: "MT001", words: []string{"does not know", "$HOST:$PORT"}},
		{name: "ServiceEntry for another namespace", breaks: patchEntry("{exportTo: [istio-system]}"), traffic: trafficFails,
			code: 1, id: "MT001", words: []string{"does not know", "$HOST"}},
		{name: "ServiceEntry that expects TLS of the application", breaks: patchEntry("{ports: [{number: $PORT, name: tls, protocol: TLS}]}"), traffic: trafficFails,
			code: 1, id: "MT016", words: []string{"TLS"}},
		{name: "one of two endpoints has a certificate of another CA", breaks: endpoints(1), repair: oneEndpoint, traffic: trafficAny,
			code: 1, id: "MT013", words: []string{"wrong CA", "e2e-wrong-ca"}},
		{name: "the last of five endpoints has a certificate of another CA", breaks: endpoints(4), repair: oneEndpoint, traffic: trafficAny,
			code: 1, id: "MT013", words: []string{"wrong CA", "e2e-wrong-ca"}},
	}
}

// endpoints gives the upstream good endpoints and, as the last, one whose certificate is of the wrong CA.
func endpoints(good int) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		node, list := x.node(t), ""
		for i := range good {
			list += fmt.Sprintf("{address: %s, labels: {n: '%d'}}, ", node, i)
		}
		bad := *x
		bad.port += 500
		t.Cleanup(func() { bad.stop(t) })
		bad.serve(t, x.wrong, leaf{names: []string{x.host}})
		list += fmt.Sprintf("{address: %s, ports: {tcp: %d}}", node, bad.port)
		patchEntry("{resolution: STATIC, ports: [{number: $PORT, name: tcp, protocol: TCP}], endpoints: ["+list+"]}")(t, x)
	}
}

// oneEndpoint: a list that somebody else wrote is not for enable to shorten.
func oneEndpoint(t *testing.T, x *site) {
	t.Helper()
	patchEntry("{resolution: DNS, endpoints: null}")(t, x)
}
