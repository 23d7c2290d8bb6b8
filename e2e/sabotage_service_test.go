//go:build e2e

package e2e

import "testing"

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
			code: 1, id: "MT016", words: nil},
	}
}
