//go:build e2e

package e2e

import (
	"fmt"
	"testing"
)

// serviceSabotages change what leads the traffic to the upstream: the ServiceEntry, and what stands before it.
func serviceSabotages() []sabotage[*site] {
	return []sabotage[*site]{
		{name: "ServiceEntry deleted", traffic: trafficFails,
			breaks: func(t *testing.T, x *site) { x.kube(t, "delete", "serviceentry", x.name, "-n", x.namespace) },
			code:   1, id: "MT001", words: []string{"does not know", "$HOST"}},
		{name: "ServiceEntry of another port", breaks: patchEntry("{ports: [{number: 9999, name: tcp, protocol: TCP}]}"), traffic: trafficFails,
			code: 1, id: "MT001", words: []string{"does not know", "$HOST:$PORT"}},
		{name: "ServiceEntry for another namespace", breaks: patchEntry("{exportTo: [istio-system]}"), traffic: trafficFails,
			code: 1, id: "MT001", words: []string{"does not know", "$HOST"}},
		{name: "ServiceEntry that expects TLS of the application", breaks: patchEntry("{ports: [{number: $PORT, name: tls, protocol: TLS}]}"), traffic: trafficFails,
			code: 1, id: "MT017", words: []string{"protocol TLS in the ServiceEntry"}},
		{name: "names of the ServiceEntry are those of another host", breaks: func(t *testing.T, x *site) {
			patchRule(tlsRule("mode: SIMPLE, credentialName: $NAME, sni: $HOST"))(t, x)
			patchEntry("{subjectAltNames: [other.example.internal]}")(t, x)
		}, repair: func(t *testing.T, x *site) {
			patchEntry("{subjectAltNames: null}")(t, x)
			x.mend(t)
		}, traffic: trafficFails, code: 1, id: "MT013", words: []string{"another host", "other.example.internal"}},
		{name: "the sidecar announces itself before the TLS", ca: "path", breaks: patchRule("{trafficPolicy: {portLevelSettings: null, tls: {" + good + "}, proxyProtocol: {version: V2}}}"), traffic: trafficFails,
			code: 1, id: "MT012", words: []string{"PROXY protocol"}, repair: func(t *testing.T, x *site) {
				x.kube(t, "patch", "destinationrule", x.name, "-n", x.namespace, "--type", "merge", "-p", `{"spec":{"trafficPolicy":{"proxyProtocol":null}}}`)
				x.mend(t)
			}},
		{name: "host that does not resolve", breaks: patchEntry("{resolution: DNS, endpoints: [{address: nowhere.$HOST}]}"), repair: oneEndpoint, traffic: trafficFails,
			code: 2, id: "MT002", words: []string{"no endpoint", "$HOST"}},
		{name: "one of two endpoints has a certificate of another CA", breaks: endpoints(1), repair: oneEndpoint, traffic: trafficAny,
			code: 1, id: "MT013", words: []string{"wrong CA", "e2e-wrong-ca"}},
		{name: "the last of four endpoints has a certificate of another CA", breaks: endpoints(3), repair: oneEndpoint, traffic: trafficAny,
			code: 1, id: "MT013", words: []string{"wrong CA", "e2e-wrong-ca"}},
	}
}

// endpoints gives the upstream as many more endpoints; the certificate of the last is of the wrong CA.
func endpoints(n int) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		list := fmt.Sprintf("{address: %s, ports: {tcp: %d}}", x.node(t), x.port)
		for i := range n {
			more := *x
			more.port += 100 * (i + 1)
			t.Cleanup(func() { more.stop(t) })
			signer := x.right
			if i == n-1 {
				signer = x.wrong
			}
			more.serve(t, signer, leaf{names: []string{x.host}})
			list += fmt.Sprintf(", {address: %s, ports: {tcp: %d}}", x.node(t), more.port)
		}
		patchEntry("{resolution: STATIC, ports: [{number: $PORT, name: tcp, protocol: TCP}], endpoints: ["+list+"]}")(t, x)
	}
}

// oneEndpoint: a list that somebody else wrote is not for enable to shorten.
func oneEndpoint(t *testing.T, x *site) {
	t.Helper()
	patchEntry("{resolution: DNS, endpoints: null}")(t, x)
}
