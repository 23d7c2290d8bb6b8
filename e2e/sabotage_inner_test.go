//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

func innerPlaces(guarded bool) func(*testing.T) func(*testing.T, sabotage[*inner], int) *inner {
	return func(t *testing.T) func(*testing.T, sabotage[*inner], int) *inner {
		purpose := "mesh"
		if guarded {
			purpose = "door"
		}
		x := newInner(t, purpose)
		x.guarded = guarded
		return func(*testing.T, sabotage[*inner], int) *inner { return x }
	}
}

// rare leaves a sabotage to `make sabotage`.
func rare[P place](s sabotage[P]) sabotage[P] {
	s.rare = true
	return s
}

// meshSabotages change one of two ends that are both in the mesh.
func meshSabotages() []sabotage[*inner] {
	rule := func(name, spec string) (func(*testing.T, *inner), func(*testing.T, *inner)) {
		return innerObject("DestinationRule", "$NS", name, spec), innerDelete("destinationrule", "$NS", name)
	}
	policy := func(name, spec string) (func(*testing.T, *inner), func(*testing.T, *inner)) {
		return innerObject("PeerAuthentication", "$NS", name, spec), innerDelete("peerauthentication", "$NS", name)
	}
	var out []sabotage[*inner]
	add := func(s sabotage[*inner], breaks, repair func(*testing.T, *inner)) {
		s.breaks, s.repair = breaks, repair
		out = append(out, s)
	}
	say := func(name string, tr traffic, code int, id string, words ...string) sabotage[*inner] {
		return sabotage[*inner]{name: name, traffic: tr, code: code, id: id, words: words}
	}
	b, r := rule("no-tls", "{host: db, trafficPolicy: {tls: {mode: DISABLE}}}")
	add(say("rule with DISABLE to a STRICT server", trafficFails, 1, "MT020", "takes mutual TLS only", "DestinationRule $NS/no-tls"), b, r)
	b, r = rule("simple", "{host: db, trafficPolicy: {tls: {mode: SIMPLE}}}")
	add(say("rule with SIMPLE to a STRICT server", trafficFails, 1, "MT020", "no certificate of the mesh", "DestinationRule $NS/simple"), b, r)
	b, r = rule("port-off", "{host: db, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]}}")
	add(say("rule with DISABLE for the port only", trafficFails, 1, "MT020", "takes mutual TLS only", "DestinationRule $NS/port-off"), b, r)
	b, r = rule("half", "{host: db, trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}}")
	add(say("DISABLE that settings for the port do not take from the endpoints", trafficFails, 1, "MT002", "for the endpoints that counts", "DestinationRule $NS/half"), b, r)
	b, r = rule("all-hosts", `{host: "*.local", trafficPolicy: {tls: {mode: DISABLE}}}`)
	add(rare(say("rule for every host", trafficFails, 1, "MT020", "takes mutual TLS only", "DestinationRule $NS/all-hosts")), b, r)
	b, r = rule("names", "{host: db, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, subjectAltNames: ['spiffe://cluster.local/ns/other/sa/other']}}}")
	add(say("identity of another service account demanded", trafficFails, 1, "MT021", "spiffe://cluster.local/ns/other/sa/other"), b, r)
	b, r = policy("port-off", `{selector: {matchLabels: {app: db}}, mtls: {mode: STRICT}, portLevelMtls: {"8080": {mode: DISABLE}}}`)
	add(say("policy with DISABLE for the container's port", trafficAny, 1, "MT020", "PeerAuthentication $NS/port-off"), b, r)
	both := func(t *testing.T, x *inner) {
		innerObject("PeerAuthentication", "$NS", "open", "{selector: {matchLabels: {app: db}}, mtls: {mode: PERMISSIVE}}")(t, x)
		innerObject("DestinationRule", "$NS", "no-tls", "{host: db, trafficPolicy: {tls: {mode: DISABLE}}}")(t, x)
	}
	add(say("both ends agree on plaintext", trafficWorks, 1, "MT020", "plaintext and the server lets it in"), both, func(t *testing.T, x *inner) {
		innerDelete("destinationrule", "$NS", "no-tls")(t, x)
		innerDelete("peerauthentication", "$NS", "open")(t, x)
	})
	for _, c := range callers() {
		add(c, c.breaks, caller("", ""))
	}
	add(rare(say("server's port excluded from its sidecar", trafficAny, 1, "MT020", "excludeInboundPorts")),
		notes(map[string]string{"traffic.sidecar.istio.io/excludeInboundPorts": "8080"}), notes(nil))
	add(rare(say("one of two pods has no sidecar", trafficAny, 1, "MT020", "no sidecar stands before the server")), func(t *testing.T, x *inner) {
		x.deploy(t, workload{namespace: x.namespace, name: "db-bare", plain: true, command: server})
		x.kube(t, "label", "pods", "-n", x.namespace, "-l", "app=db-bare", "app=db", "--overwrite")
	}, func(t *testing.T, x *inner) {
		x.kube(t, "delete", "deploy", "db-bare", "-n", x.namespace)
		x.kube(t, "delete", "pods", "-n", x.namespace, "-l", "app=db,sidecar.istio.io/inject=false", "--grace-period=1")
		x.alone(t, "db")
	})
	add(rare(say("endpoint made by hand", trafficAny, 1, "MT002", "plaintext to 10.")), byHand("web-ep"), byHandUndo("web-ep"))
	b, r = rule("harmless", "{host: db, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}")
	add(say("rule with ISTIO_MUTUAL", trafficWorks, 0, "MT020", "mTLS meets STRICT"), b, r)
	b, r = rule("elsewhere", "{host: db.other.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}")
	add(rare(say("rule of another host", trafficWorks, 0, "MT020", "mTLS meets STRICT")), b, r)
	b, r = policy("other", `{selector: {matchLabels: {app: other}}, mtls: {mode: DISABLE}}`)
	add(rare(say("policy of another workload", trafficWorks, 0, "MT020", "mTLS meets STRICT")), b, r)
	return out
}

// callers go around their sidecar, or seem to: what an annotation names are the addresses that they call, the Service's.
func callers() []sabotage[*inner] {
	const annotation = "traffic.sidecar.istio.io/"
	row := func(name string, tr traffic, code int, words, note, get string) sabotage[*inner] {
		return rare(sabotage[*inner]{name: name, traffic: tr, code: code, id: "MT018", words: []string{words}, breaks: caller(annotation+note, get)})
	}
	return []sabotage[*inner]{
		row("client whose sidecar captures no address", trafficFails, 1, "captures no address", "includeOutboundIPRanges", ""),
		row("Service's address excluded from the client's sidecar", trafficFails, 1, "to this address goes around", "excludeOutboundIPRanges", "service/db -o jsonpath={.spec.clusterIP}"),
		row("only the pods' addresses are captured", trafficFails, 1, "other addresses only", "includeOutboundIPRanges", "pods -l app=db -o jsonpath={.items[0].status.podIP}"),
		row("pods' addresses excluded from the client's sidecar", trafficWorks, 0, "captures the traffic", "excludeOutboundIPRanges", "pods -l app=db -o jsonpath={.items[0].status.podIP}"),
	}
}

// caller makes web anew, with an annotation of the address that kubectl get gives, or without one.
func caller(note, get string) func(*testing.T, *inner) {
	return func(t *testing.T, x *inner) {
		t.Helper()
		w := workload{namespace: x.namespace, name: "web"}
		if note != "" {
			w.annotations = map[string]string{note: ""}
		}
		if get != "" {
			address := x.kube(t, append([]string{"get", "-n", x.namespace}, strings.Fields(get)...)...)
			w.annotations[note] = strings.TrimSpace(address) + "/32"
		}
		x.deploy(t, w)
		x.alone(t, "web")
	}
}

// byHand lets a pod without a sidecar, outside the Service's selector, answer for the Service.
func byHand(name string) func(*testing.T, *inner) {
	return func(t *testing.T, x *inner) {
		t.Helper()
		x.deploy(t, workload{namespace: x.namespace, name: name, plain: true, command: server})
		ip := x.kube(t, "get", "pods", "-n", x.namespace, "-l", "app="+name, "-o", "jsonpath={.items[0].status.podIP}")
		x.apply(t, x.fill(`{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: `+name+`, namespace: $NS, labels: {kubernetes.io/service-name: db}},
			addressType: IPv4, ports: [{name: http, port: 8080}], endpoints: [{addresses: [`+ip+`], conditions: {ready: true}}]}`))
	}
}

func byHandUndo(name string) func(*testing.T, *inner) {
	return func(t *testing.T, x *inner) {
		t.Helper()
		x.kube(t, "delete", "endpointslice/"+name, "deploy/"+name, "-n", x.namespace)
	}
}

// doorSabotages let plaintext into a workload of which mutual TLS is demanded. The control is the call of a pod
// without a sidecar: healthy means that it is refused.
func doorSabotages() []sabotage[*inner] {
	const db = "selector: {matchLabels: {app: db}}, "
	policy := func(namespace, name, object, spec string, words ...string) sabotage[*inner] {
		return sabotage[*inner]{name: name, traffic: trafficFails, code: 1, id: "MT016", words: words,
			breaks: innerObject("PeerAuthentication", namespace, object, spec), repair: innerDelete("peerauthentication", namespace, object)}
	}
	row := func(name, object, spec string, words ...string) sabotage[*inner] {
		return policy("$NS", name, object, spec, words...)
	}
	excluded := func(name string, set map[string]string, words ...string) sabotage[*inner] {
		return sabotage[*inner]{name: name, traffic: trafficFails, code: 1, id: "MT016", words: words, breaks: notes(set), repair: notes(nil)}
	}
	harmless := func(namespace, name, object, spec string) sabotage[*inner] {
		s := policy(namespace, name, object, spec, "takes what was asked for")
		s.traffic, s.code = trafficWorks, 0
		return s
	}
	return []sabotage[*inner]{
		row("policy of the workload with PERMISSIVE", "hole", "{"+db+"mtls: {mode: PERMISSIVE}}", "PERMISSIVE", "PeerAuthentication $NS/hole"),
		row("policy of the workload with DISABLE", "off", "{"+db+"mtls: {mode: DISABLE}}", "DISABLE", "PeerAuthentication $NS/off"),
		row("policy that opens one port", "port", "{"+db+`portLevelMtls: {"8080": {mode: PERMISSIVE}}}`, "port 8080", "PeerAuthentication $NS/port"),
		{name: "our policy edited to PERMISSIVE", traffic: trafficFails, code: 1, id: "MT016", words: []string{"PERMISSIVE", "PeerAuthentication $NS/strict"},
			breaks: func(t *testing.T, x *inner) {
				x.kube(t, "patch", "peerauthentication", "strict", "-n", x.namespace, "--type", "merge", "-p", `{"spec":{"mtls":{"mode":"PERMISSIVE"}}}`)
			}},
		{name: "the older of two policies opens", traffic: trafficFails, code: 1, id: "MT016", words: []string{"PERMISSIVE", "PeerAuthentication $NS/aged", "oldest"},
			breaks: func(t *testing.T, x *inner) {
				innerObject("PeerAuthentication", "$NS", "aged", "{"+db+"mtls: {mode: PERMISSIVE}}")(t, x)
				until(1500e6, func() bool { return false }) // creation times have whole seconds
				innerObject("PeerAuthentication", "$NS", "young", "{"+db+"mtls: {mode: STRICT}}")(t, x)
			}, repair: func(t *testing.T, x *inner) {
				x.kube(t, "delete", "peerauthentication", "aged", "young", "-n", x.namespace)
			}},
		excluded("port excluded from the sidecar", map[string]string{"traffic.sidecar.istio.io/excludeInboundPorts": "8080"}, "excludeInboundPorts", "8080"),
		rare(excluded("only another port is captured", map[string]string{"traffic.sidecar.istio.io/includeInboundPorts": "9090"}, "includeInboundPorts", "9090")),
		{name: "EnvoyFilter that accepts any certificate", traffic: trafficAny, code: 1, id: "MT016", words: []string{"port 8080 is SIMPLE", "something else changes its listener"},
			breaks: innerObject("EnvoyFilter", "$NS", "any-cert", anyCertificate), repair: innerDelete("envoyfilter", "$NS", "any-cert")},
		{name: "EnvoyFilter that accepts any certificate, under a policy that is not ours", traffic: trafficAny, code: 1, id: "MT016",
			words: []string{"port 8080 is SIMPLE", "PeerAuthentication $NS/theirs"}, breaks: func(t *testing.T, x *inner) {
				notOurs(t, x)
				innerObject("EnvoyFilter", "$NS", "any-cert", anyCertificate)(t, x)
			}, repair: func(t *testing.T, x *inner) {
				innerDelete("envoyfilter", "$NS", "any-cert")(t, x)
				oursAgain(t, x)
			}},
		{name: "a policy that is not ours", traffic: trafficWorks, id: "MT016", words: []string{"takes what was asked for"}, breaks: notOurs, repair: oursAgain},
		harmless("$OUTSIDE", "policy with a selector in another namespace", "elsewhere", "{"+db+"mtls: {mode: DISABLE}}"),
		rare(harmless("$OUTSIDE", "policy of the whole other namespace", "wide", "{mtls: {mode: PERMISSIVE}}")),
		harmless("istio-system", "policy with a selector in the root namespace", "e2e-root", "{"+db+"mtls: {mode: PERMISSIVE}}"),
		rare(harmless("$NS", "policy for another port", "other-port", "{"+db+`mtls: {mode: STRICT}, portLevelMtls: {"9090": {mode: STRICT}}}`)),
	}
}

// notOurs puts a policy made by hand in the place of ours.
func notOurs(t *testing.T, x *inner) {
	innerDelete("peerauthentication", "$NS", "strict")(t, x)
	innerObject("PeerAuthentication", "$NS", "theirs", "{mtls: {mode: STRICT}}")(t, x)
}

func oursAgain(t *testing.T, x *inner) {
	innerDelete("peerauthentication", "$NS", "theirs")(t, x)
	x.mend(t)
}

const anyCertificate = `{workloadSelector: {labels: {app: db}}, configPatches: [{applyTo: FILTER_CHAIN, match: {context: SIDECAR_INBOUND, listener: {filterChain: {transportProtocol: tls}}},
	patch: {operation: MERGE, value: {transport_socket: {name: envoy.transport_sockets.tls, typed_config: {"@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext,
		common_tls_context: {combined_validation_context: {default_validation_context: {trust_chain_verification: ACCEPT_UNTRUSTED}}}}}}}}]}`
