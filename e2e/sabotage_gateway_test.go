//go:build e2e

package e2e

import "testing"

func gatewayPlaces(t *testing.T) func(*testing.T, sabotage[*doorway], int) *doorway {
	x := newDoorway(t)
	return func(*testing.T, sabotage[*doorway], int) *doorway { return x }
}

// gatewaySabotages let clients in that the gateway should turn away, or nobody.
func gatewaySabotages() []sabotage[*doorway] {
	const meant = "credentialName: door, subjectAltNames: [client.door]"
	servers := func(tls, plain string) func(*testing.T, *doorway) {
		return func(t *testing.T, x *doorway) {
			t.Helper()
			x.kube(t, "patch", "gateways.networking.istio.io", "door", "-n", x.namespace, "--type", "merge", "-p", x.fill(`spec: {servers: [
				{port: {number: $PORT, name: https-door, protocol: HTTPS}, hosts: [$HOST], tls: {`+tls+`}},
				{port: {number: $PLAIN, name: http-door, protocol: HTTP}, hosts: [$HOST]`+plain+`}]}`))
		}
	}
	const redirect = ", tls: {httpsRedirect: true}"
	tls := func(name, fields string, words ...string) sabotage[*doorway] {
		return sabotage[*doorway]{name: name, breaks: servers(fields, redirect), traffic: trafficFails, code: 1, id: "MT019", words: words}
	}
	return []sabotage[*doorway]{
		tls("SIMPLE where MUTUAL is meant", "mode: SIMPLE, credentialName: door", "without a certificate", "SIMPLE"),
		tls("OPTIONAL_MUTUAL where MUTUAL is meant", "mode: OPTIONAL_MUTUAL, credentialName: door", "without a certificate", "OPTIONAL_MUTUAL"),
		tls("names of the clients gone", "mode: MUTUAL, credentialName: door", "clients that the gateway accepts", "any certificate of the CA"),
		tls("another name of a client", "mode: MUTUAL, credentialName: door, subjectAltNames: [evil.door]", "clients that the gateway accepts", "evil.door"),
		tls("Secret that does not exist", "mode: MUTUAL, credentialName: nowhere, subjectAltNames: [client.door]", "has not received its secret", "nowhere"),
		{name: "plain port without the redirect", breaks: servers("mode: MUTUAL, "+meant, ""), traffic: trafficFails, code: 1, id: "MT019", words: []string{"in plaintext, too, on port 8080"}},
		{name: "CA of the clients replaced", traffic: trafficFails, code: 1, id: "MT019", words: []string{"CA of the clients", "e2e-door-other"},
			breaks: func(t *testing.T, x *doorway) {
				other := newAuthority(t, x.work, "e2e-door-other", nil, leaf{})
				x.secretFile(t, "door-cacert", "ca.crt", other.file)
			}},
		{name: "CA of the clients with a second one", traffic: trafficAny, code: 1, id: "MT019", words: []string{"CA of the clients", "e2e-door-second"},
			breaks: func(t *testing.T, x *doorway) {
				second := newAuthority(t, x.work, "e2e-door-second", nil, leaf{})
				x.secretFile(t, "door-cacert", "ca.crt", join(t, x.work, "both.pem", x.root.pem, second.pem))
			}},
		{name: "another Gateway opens the host on another port", traffic: trafficAny, code: 1, id: "MT019", words: []string{"port 8444", "without a certificate"},
			breaks: func(t *testing.T, x *doorway) {
				x.apply(t, x.fill(`{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: side, namespace: $NS}, spec: {selector: {istio: e2e-gw}, servers: [
					{port: {number: 8444, name: https-side, protocol: HTTPS}, hosts: [$HOST], tls: {mode: SIMPLE, credentialName: door}}]}}`))
			},
			repair: func(t *testing.T, x *doorway) {
				x.kube(t, "delete", "gateways.networking.istio.io", "side", "-n", x.namespace)
			}},
	}
}

// secretFile writes one key of a Secret anew.
func (x *doorway) secretFile(t *testing.T, name, key, file string) {
	t.Helper()
	yaml := x.kube(t, "create", "secret", "generic", name, "-n", x.namespace, "--from-file="+key+"="+file, "--dry-run=client", "-o", "yaml")
	if r := x.exec(t, yaml, x.kubectl, "apply", "--server-side", "--force-conflicts", "-f", "-"); r.code != 0 {
		t.Fatalf("%s", r)
	}
}
