//go:build e2e

package e2e

import (
	"fmt"
	"testing"
)

// waySabotages leave the rule, the cluster and the CA right, and lead the traffic past them: what the application
// sends leaves the pod in plaintext or goes elsewhere. Many need a client of their own, or change all clients of the
// namespace, so they take place one after the other.
func waySabotages() []sabotage[*site] {
	list := []sabotage[*site]{
		{name: "port excluded from the sidecar", traffic: trafficFails, code: 1, id: "MT018", words: []string{"excludeOutboundPorts"},
			breaks: oddClient("around", func(x *site) workload {
				return workload{annotations: map[string]string{"traffic.sidecar.istio.io/excludeOutboundPorts": fmt.Sprint(x.port)}}
			})},
		{name: "addresses excluded from the sidecar", rare: true, traffic: trafficFails, code: 1, id: "MT018", words: []string{"excludeOutboundIPRanges"},
			breaks: func(t *testing.T, x *site) {
				oddClient("around-ip", func(*site) workload {
					return workload{annotations: map[string]string{"traffic.sidecar.istio.io/excludeOutboundIPRanges": x.node(t) + "/32"}}
				})(t, x)
			}},
		{name: "only other addresses are captured", rare: true, traffic: trafficFails, code: 1, id: "MT018", words: []string{"includeOutboundIPRanges"},
			breaks: oddClient("elsewhere-ip", func(*site) workload {
				return workload{annotations: map[string]string{"traffic.sidecar.istio.io/includeOutboundIPRanges": "192.0.2.0/24"}}
			})},
		{name: "port excluded when the pod was made, and the annotation taken off since", rare: true, traffic: trafficFails, code: 1, id: "MT018", words: []string{"not the pod's own annotation"},
			breaks: func(t *testing.T, x *site) {
				oddClient("once-around", func(x *site) workload {
					return workload{annotations: map[string]string{"traffic.sidecar.istio.io/excludeOutboundPorts": fmt.Sprint(x.port)}}
				})(t, x)
				x.kube(t, "annotate", "pod", "-n", x.namespace, "-l", "app=once-around", "traffic.sidecar.istio.io/excludeOutboundPorts-")
			}},
		{name: "port excluded by an annotation that came after the pod", rare: true, traffic: trafficWorks, code: 0, id: "MT018",
			breaks: func(t *testing.T, x *site) {
				oddClient("annotated", func(*site) workload { return workload{} })(t, x)
				x.kube(t, "annotate", "pod", "-n", x.namespace, "-l", "app=annotated", "traffic.sidecar.istio.io/excludeOutboundPorts="+fmt.Sprint(x.port))
			}},
		{name: "nothing is captured, by the proxy's configuration", rare: true, traffic: trafficFails, code: 2, id: "MT018", words: []string{"captures nothing"},
			breaks: oddClient("uncaptured", func(*site) workload {
				return workload{annotations: map[string]string{"proxy.istio.io/config": `{"interceptionMode":"NONE"}`}}
			})},
		{name: "the pod's interface is excluded", rare: true, traffic: trafficFails, code: 1, id: "MT018", words: []string{"excludeInterfaces"},
			breaks: oddClient("interface", func(*site) workload {
				return workload{annotations: map[string]string{"traffic.sidecar.istio.io/excludeInterfaces": "eth0"}}
			})},
		{name: "the application runs as the sidecar's user", traffic: trafficFails, code: 1, id: "MT018", words: []string{"1337"},
			breaks: oddClient("proxy-user", func(*site) workload { return workload{user: 1337} })},
		{name: "a sidecar that runs as root, as the application does", rare: true, traffic: trafficWorks, code: 0, id: "MT018",
			breaks: oddClient("root-sidecar", func(*site) workload {
				return workload{annotations: map[string]string{"sidecar.istio.io/capNetBindService": "true"}}
			})},
		{name: "Sidecar that does not know the host", traffic: trafficFails, code: 1, id: "MT001", words: []string{"does not know"},
			breaks: sidecarResource("{egress: [{hosts: [istio-system/*]}]}"), repair: deleteSidecar},
		{name: "Sidecar whose listener is not where the application calls", traffic: trafficFails, code: 2, id: "MT017", words: []string{"127.0.0.1"},
			breaks: sidecarResource("{egress: [{port: {number: $PORT, protocol: TCP, name: tcp}, bind: 127.0.0.1, hosts: [./$HOST]}, {hosts: [istio-system/*]}]}"), repair: deleteSidecar},
	}
	list = append(list, sabotage[*site]{name: "a rule for all hosts beside the client goes before the host's own", traffic: trafficFails, code: 1, id: "MT002", words: []string{"plaintext", "mode DISABLE", "wild-$NAME"},
		breaks: func(t *testing.T, x *site) {
			serviceElsewhere(t, x)
			x.kube(t, "patch", "destinationrule", x.name, "-n", x.elsewhere, "--type", "merge", "-p", `{"spec":{"exportTo":["*"]}}`)
			addRule("wild-$NAME", "$NS", "host: '*.example.internal', trafficPolicy: {tls: {mode: DISABLE}}")(t, x)
		},
		repair: func(t *testing.T, x *site) {
			deleteRule("wild-$NAME")(t, x)
			enableAnew(t, x)
		}},
		sabotage[*site]{name: "a rule for all hosts does not count beside the host's own", traffic: trafficWorks, code: 0, id: "MT002", repair: deleteRule("wild-$NAME"),
			breaks: addRule("wild-$NAME", "$NS", "host: '*.example.internal', trafficPolicy: {tls: {mode: DISABLE}}")})
	list = append(list, handSabotages()...)
	for i := range list {
		list[i].ca = "configmap"
		if list[i].repair == nil {
			list[i].repair = func(t *testing.T, x *site) {
				// Otherwise enable finds it, too, when it verifies the next site, and takes its change back.
				x.kube(t, "delete", "deploy", x.client, "-n", x.namespace, "--cascade=foreground", "--timeout=60s")
				x.client = "client"
			}
		}
	}
	return list
}

// oddClient calls from another workload than the ordinary client.
func oddClient(name string, of func(*site) workload) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		w := of(x)
		w.name, w.namespace = name, x.namespace
		x.deploy(t, w)
		x.client = name
	}
}

func sidecarResource(spec string) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		x.apply(t, x.fill("{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: $NAME, namespace: $NS}, spec: "+spec+"}"))
	}
}

func deleteSidecar(t *testing.T, x *site) {
	t.Helper()
	x.kube(t, "delete", "sidecars.networking.istio.io", x.name, "-n", x.namespace)
}

// routeSabotages lead the calls of the one host past the cluster that has TLS, or some of them.
func routeSabotages() []sabotage[*site] {
	deletes := func(kind, name string) func(*testing.T, *site) {
		return func(t *testing.T, x *site) { x.kube(t, "delete", kind, x.fill(name), "-n", x.namespace) }
	}
	return []sabotage[*site]{
		{name: "VirtualService leads elsewhere", traffic: trafficFails, code: 1, id: "MT017", words: []string{"VirtualService"},
			breaks: route("[{destination: {host: istiod.istio-system.svc.cluster.local, port: {number: 15010}}}]"), repair: deletes("virtualservice", "$NAME")},
		{name: "VirtualService leads elsewhere, and another port of the host has calls of its own", ca: "path", traffic: trafficFails, code: 1, id: "MT017", words: []string{"$HOST:$PORT are led to outbound|15010||istiod", "nothing gets to this cluster"},
			breaks: func(t *testing.T, x *site) {
				patchEntry("{ports: [{number: $PORT, name: tcp, protocol: TCP}, {number: 9737, name: http, protocol: HTTP}]}")(t, x)
				patchRule(tlsRule(good))(t, x)
				route("[{destination: {host: istiod.istio-system.svc.cluster.local, port: {number: 15010}}}]")(t, x)
			}, repair: func(t *testing.T, x *site) {
				deletes("virtualservice", "$NAME")(t, x)
				patchEntry("{ports: [{number: $PORT, name: tcp, protocol: TCP}]}")(t, x)
				x.mend(t)
			}},
		{name: "VirtualService leads elsewhere, and calls of another host to the cluster", traffic: trafficFails, code: 1, id: "MT017", words: []string{"$HOST:$PORT are led to outbound|15010||istiod"},
			breaks: func(t *testing.T, x *site) {
				x.apply(t, x.fill(`{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: also-$NAME, namespace: $NS, labels: {e2e-site: $NAME}},
					spec: {hosts: [also-$HOST], exportTo: ["."], location: MESH_EXTERNAL, resolution: STATIC, ports: [{number: 9738, name: tcp-$NAME, protocol: TCP}], addresses: [240.240.7.7], endpoints: [{address: `+x.node(t)+`}]}}`))
				x.apply(t, x.fill(`{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: also-$NAME, namespace: $NS},
					spec: {hosts: [also-$HOST], tcp: [{match: [{port: 9738}], route: [{destination: {host: $HOST, port: {number: $PORT}}}]}]}}`))
				route("[{destination: {host: istiod.istio-system.svc.cluster.local, port: {number: 15010}}}]")(t, x)
			}, repair: func(t *testing.T, x *site) {
				deletes("virtualservice", "$NAME")(t, x)
				deletes("virtualservice", "also-$NAME")(t, x)
				deletes("serviceentry", "also-$NAME")(t, x)
			}},
		{name: "VirtualService leads every second call elsewhere", traffic: trafficAny, code: 1, id: "MT017", words: []string{"outbound|15010||istiod", "in plaintext"},
			breaks: route("[{destination: {host: $HOST, port: {number: $PORT}}, weight: 50}, {destination: {host: istiod.istio-system.svc.cluster.local, port: {number: 15010}}, weight: 50}]"), repair: deletes("virtualservice", "$NAME")},
		{name: "VirtualService leads every second call to a plain host", traffic: trafficAny, code: 1, id: "MT017", words: []string{"plain-$HOST", "in plaintext"},
			breaks: func(t *testing.T, x *site) {
				x.apply(t, x.fill(`{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: plain-$NAME, namespace: $NS, labels: {e2e-site: $NAME}},
					spec: {hosts: [plain-$HOST], exportTo: ["."], location: MESH_EXTERNAL, resolution: STATIC, ports: [{number: 9736, name: http, protocol: HTTP}], endpoints: [{address: `+x.node(t)+`}]}}`))
				route("[{destination: {host: $HOST, port: {number: $PORT}}, weight: 50}, {destination: {host: plain-$HOST, port: {number: 9736}}, weight: 50}]")(t, x)
			}, repair: func(t *testing.T, x *site) {
				deletes("virtualservice", "$NAME")(t, x)
				deletes("serviceentry", "plain-$NAME")(t, x)
			}},
		{name: "another host took the TCP port", traffic: trafficFails, code: 1, id: "MT017", words: []string{"another ServiceEntry on the same TCP port"},
			breaks: func(t *testing.T, x *site) {
				x.kube(t, "delete", "serviceentry", x.name, "-n", x.namespace)
				entryOf(t, x, "other-$HOST", "")
				until(1500e6, func() bool { return false }) // the older entry gets the port; creation times have whole seconds
				x.enable(t, "--wait=false", "--ignore", "MT035")
			},
			repair: deletes("serviceentry", "other-$NAME")},
		{name: "another host took the server's address", traffic: trafficFails, code: 1, id: "MT017", words: []string{"other-$HOST", "taken by the listener of another host"},
			breaks: func(t *testing.T, x *site) { entryOf(t, x, "other-$HOST", "addresses: ["+x.node(t)+"], ") },
			repair: deletes("serviceentry", "other-$NAME")},
		{name: "another host took the range of the server's address", traffic: trafficFails, code: 1, id: "MT017", words: []string{"other-$HOST", "taken by another filter chain"},
			breaks: func(t *testing.T, x *site) { entryOf(t, x, "other-$HOST", "addresses: ["+x.node(t)+"/16], ") },
			repair: deletes("serviceentry", "other-$NAME")},
	}
}

func route(to string) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		x.apply(t, x.fill(`{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: $NAME, namespace: $NS},
			spec: {hosts: [$HOST], tcp: [{match: [{port: $PORT}], route: `+to+`}]}}`))
	}
}

// entryOf makes an entry of another host on the site's port, which leads to the site's server in plaintext.
func entryOf(t *testing.T, x *site, host, more string) {
	t.Helper()
	x.apply(t, x.fill(`{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: other-$NAME, namespace: $NS, labels: {e2e-site: $NAME}},
		spec: {hosts: [`+host+`], exportTo: ["."], `+more+`location: MESH_EXTERNAL, resolution: STATIC, ports: [{number: $PORT, name: tcp, protocol: TCP}], endpoints: [{address: `+x.node(t)+`}]}}`))
}
