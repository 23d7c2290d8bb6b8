//go:build e2e

package e2e

import "testing"

// good is the TLS of a rule that is right, with the CA as a file of the sidecar.
const good = "mode: SIMPLE, caCertificates: /etc/e2e-ca/right.pem, sni: $HOST, subjectAltNames: [$HOST]"

// ruleSabotages change the DestinationRule.
func ruleSabotages() []sabotage[*site] {
	return []sabotage[*site]{
		{name: "mode DISABLE", breaks: patchRule(tlsRule("mode: DISABLE")), traffic: trafficFails,
			code: 1, id: "MT002", words: []string{"plaintext", "mode DISABLE"}},
		{name: "a rule for this workload that says nothing of TLS", ca: "configmap", breaks: addRule("mine-$NAME", "$NS", "host: $HOST, workloadSelector: {matchLabels: {app: client}}, trafficPolicy: {connectionPool: {tcp: {maxConnections: 9}}}"),
			repair: deleteRule("mine-$NAME"), traffic: trafficFails, code: 1, id: "MT002", words: []string{"says nothing about TLS", "workloadSelector names this pod"}},
		{name: "no caCertificates, private CA", breaks: patchRule(tlsRule("mode: SIMPLE, sni: $HOST, subjectAltNames: [$HOST]")), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"no caCertificates", "e2e-right-ca"}},
		{name: "sni without subjectAltNames", ca: "path", breaks: patchRule(tlsRule("mode: SIMPLE, caCertificates: /etc/e2e-ca/right.pem, sni: $HOST")), traffic: trafficWorks,
			code: 1, id: "MT006", words: []string{"name is not checked", "no subjectAltNames"}},
		{name: "neither sni nor subjectAltNames", ca: "path", breaks: patchRule(tlsRule("mode: SIMPLE, caCertificates: /etc/e2e-ca/right.pem")), traffic: trafficWorks,
			code: 1, id: "MT006", words: []string{"name is not checked", "sni empty", "TCP"}},
		{name: "credentialName without workloadSelector", breaks: patchRule("{workloadSelector: null}"), traffic: trafficFails,
			code: 1, id: "MT002", words: []string{"plaintext", "credentialName without workloadSelector"}},
		{name: "insecureSkipVerify", ca: "path", breaks: patchRule(tlsRule("mode: SIMPLE, sni: $HOST, insecureSkipVerify: true")), traffic: trafficWorks,
			code: 1, id: "MT003", words: []string{"not validated", "insecureSkipVerify"}},
		{name: "names of another host", breaks: patchRule(tlsRule("mode: SIMPLE, credentialName: $NAME, sni: $HOST, subjectAltNames: [other.example.internal]")), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"another host", "other.example.internal"}},
		{name: "ISTIO_MUTUAL to a server outside the mesh", breaks: patchRule("{workloadSelector: null, trafficPolicy: {portLevelSettings: null, tls: {mode: ISTIO_MUTUAL}}}"), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"wrong CA"}},
		{name: "client certificate that does not exist", ca: "path",
			breaks:  patchRule(tlsRule("mode: MUTUAL, caCertificates: /etc/e2e-ca/right.pem, sni: $HOST, subjectAltNames: [$HOST], clientCertificate: /etc/e2e-ca/none.crt, privateKey: /etc/e2e-ca/none.key")),
			traffic: trafficAny, code: 1, id: "MT004", words: []string{"/etc/e2e-ca/none.crt"}},
		{name: "TLS for another port only", ca: "path", breaks: patchRule("{trafficPolicy: {portLevelSettings: [{port: {number: 9999}, tls: {" + good + "}}]}}"), traffic: trafficFails,
			code: 1, id: "MT002", words: []string{"plaintext", "9999"}},
		{name: "port settings without TLS hide the TLS of the host", ca: "path",
			breaks:  patchRule("{trafficPolicy: {tls: {" + good + "}, portLevelSettings: [{port: {number: $PORT}, loadBalancer: {simple: RANDOM}}]}}"),
			traffic: trafficFails, code: 1, id: "MT002", words: []string{"plaintext", "says nothing about TLS"}},
		{name: "TLS in a subset only", ca: "path", breaks: patchRule("{trafficPolicy: null, subsets: [{name: tls, trafficPolicy: {tls: {" + good + "}}}]}"), traffic: trafficFails,
			code: 1, id: "MT002", words: []string{"plaintext", "subset"},
			repair: func(t *testing.T, x *site) {
				x.kube(t, "delete", "destinationrule", x.name, "-n", x.namespace)
				x.enable(t)
			}},
		{name: "workloadSelector of other pods", breaks: patchRule("{workloadSelector: {matchLabels: {app: somebody-else}}}"), traffic: trafficFails,
			code: 1, id: "MT002", words: []string{"plaintext", "is for pods with app=somebody-else"}},
		{name: "host of the rule mistyped", breaks: patchRule("{host: $HOST.internal}"), traffic: trafficFails,
			code: 1, id: "MT002", words: []string{"plaintext", "no DestinationRule"}},
		{name: "rule deleted", traffic: trafficFails,
			breaks: func(t *testing.T, x *site) { x.kube(t, "delete", "destinationrule", x.name, "-n", x.namespace) },
			code:   1, id: "MT002", words: []string{"plaintext", "no DestinationRule"}},
		{name: "rule in a namespace that the client does not see", traffic: trafficFails, breaks: ruleElsewhere("exportTo: ['*'], "), repair: enableAnew,
			code: 1, id: "MT002", words: []string{"plaintext", "$ELSEWHERE", "neither the client's"}},
		{name: "rule beside the service, not exported", traffic: trafficFails, breaks: serviceElsewhere, repair: enableAnew,
			code: 1, id: "MT002", words: []string{"plaintext", "not visible to namespace $NS", "exportTo"}},
		{name: "an older rule of the same host wins", ca: "path", traffic: trafficFails, breaks: olderRule, repair: deleteRule("older-$NAME"),
			code: 1, id: "MT002", words: []string{"plaintext", "mode DISABLE", "older-$NAME"}},
		{name: "a newer rule of the same host and export is ignored", ca: "path", traffic: trafficWorks, repair: deleteRule("newer-$NAME"),
			breaks: addRule("newer-$NAME", "$NS", "host: $HOST, exportTo: [$NS], trafficPolicy: {tls: {mode: DISABLE}}"), code: 0, id: "MT002", words: nil},
		{name: "a newer rule of the same host and another export wins", ca: "path", traffic: trafficFails, repair: deleteRule("newer-$NAME"),
			breaks: addRule("newer-$NAME", "$NS", "host: $HOST, trafficPolicy: {tls: {mode: DISABLE}}"),
			code:   1, id: "MT002", words: []string{"plaintext", "mode DISABLE", "newer-$NAME"}},
		{name: "a subset without TLS, and the route to it", ca: "path", traffic: trafficFails, code: 1, id: "MT017", words: []string{"another way"},
			breaks: func(t *testing.T, x *site) {
				patchRule("{subsets: [{name: plain, trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: {number: $PORT}, tls: {mode: DISABLE}}]}}]}")(t, x)
				route("[{destination: {host: $HOST, subset: plain, port: {number: $PORT}}}]")(t, x)
			},
			repair: func(t *testing.T, x *site) {
				x.kube(t, "delete", "virtualservice", x.name, "-n", x.namespace)
				x.kube(t, "patch", "destinationrule", x.name, "-n", x.namespace, "--type", "merge", "-p", `{"spec":{"subsets":null}}`)
				x.mend(t)
			}},
		{name: "a rule with DISABLE in the root namespace is ignored", traffic: trafficWorks, code: 0, id: "MT002", words: nil,
			breaks: addRule("e2e-root-$NAME", "istio-system", "host: $HOST, trafficPolicy: {tls: {mode: DISABLE}}"),
			repair: func(t *testing.T, x *site) {
				x.kube(t, "delete", "destinationrule", "e2e-root-"+x.name, "-n", "istio-system")
			}},
		{name: "client certificate that expired", ca: "path", traffic: trafficWorks, code: 1, id: "MT009", words: []string{"outside its validity"},
			breaks: patchRule(tlsRule("mode: MUTUAL, caCertificates: /etc/e2e-ca/right.pem, sni: $HOST, subjectAltNames: [$HOST], clientCertificate: /etc/e2e-ca/old.crt, privateKey: /etc/e2e-ca/old.key"))},
		{name: "key of another client certificate", ca: "path", traffic: trafficAny, code: 1, id: "MT004", words: []string{"/etc/e2e-ca/old.crt"},
			breaks: then(patchRule(tlsRule("mode: MUTUAL, caCertificates: /etc/e2e-ca/right.pem, sni: $HOST, subjectAltNames: [$HOST], clientCertificate: /etc/e2e-ca/old.crt, privateKey: /etc/e2e-ca/other.key")), deadAfter)},
	}
}

// addRule makes one more rule for the host, by hand.
func addRule(name, namespace, spec string) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		x.apply(t, x.fill(`{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: `+name+`, namespace: `+namespace+`, labels: {e2e-site: $NAME}},
			spec: {`+spec+`}}`))
	}
}

// ruleElsewhere moves the rule, as it is, to a namespace where nobody looks for it.
func ruleElsewhere(export string) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		x.kube(t, "delete", "destinationrule", x.name, "-n", x.namespace)
		addRule("$NAME", "$ELSEWHERE", "host: $HOST, "+export+"trafficPolicy: {tls: {"+good+"}}")(t, x)
	}
}

// serviceElsewhere moves both to another namespace: the entry is for all, the rule for that namespace only.
func serviceElsewhere(t *testing.T, x *site) {
	t.Helper()
	x.kube(t, "delete", "serviceentry", x.name, "-n", x.namespace)
	x.apply(t, x.fill(`{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: $NAME, namespace: $ELSEWHERE, labels: {e2e-site: $NAME}},
		spec: {hosts: [$HOST], exportTo: ['*'], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: $PORT, name: tcp, protocol: TCP}]}}`))
	ruleElsewhere("exportTo: ['.'], ")(t, x)
}

func enableAnew(t *testing.T, x *site) {
	t.Helper()
	x.try(t, "delete", "destinationrules.networking.istio.io,serviceentries.networking.istio.io", "-n", x.elsewhere, "-l", "e2e-site="+x.name)
	x.enable(t)
}

func deleteRule(name string) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		x.kube(t, "delete", "destinationrule", x.fill(name), "-n", x.namespace)
	}
}

// olderRule makes a rule that says DISABLE and then ours anew: in one namespace the oldest rule of a host counts.
func olderRule(t *testing.T, x *site) {
	t.Helper()
	x.kube(t, "delete", "destinationrule", x.name, "-n", x.namespace)
	addRule("older-$NAME", "$NS", "host: $HOST, exportTo: ['.'], trafficPolicy: {tls: {mode: DISABLE}}")(t, x)
	until(1500e6, func() bool { return false }) // creation times have whole seconds
	x.enable(t, "--wait=false")
	x.apply(t, x.fill(`{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: $NAME, namespace: $NS, labels: {e2e-site: $NAME}},
		spec: {host: $HOST, exportTo: ['.'], trafficPolicy: {tls: {`+good+`}}}}`))
}
