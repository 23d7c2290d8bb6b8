//go:build e2e

package e2e

import (
	"fmt"
	"testing"
)

// detour is a way on which the traffic does not take the cluster that looks so well: the rule, the cluster and the
// CA are right, and what the application sends leaves the pod in plaintext or goes elsewhere.
type detour struct {
	name    string
	client  workload // one with something odd about it; default: the ordinary client
	odd     func(t *testing.T, x *site)
	undo    func(t *testing.T, x *site)
	traffic traffic
	codes   []int
	id      string // "": any finding that has the words
	words   []string
}

// TestDetour proves that verify is not content with a cluster that nobody's traffic goes through.
func TestDetour(t *testing.T) {
	f := newField(t, "detour")
	for i, d := range []detour{
		{name: "port excluded from the sidecar", client: workload{name: "around", annotations: map[string]string{"traffic.sidecar.istio.io/excludeOutboundPorts": fmt.Sprint(firstPort + 90)}},
			traffic: trafficFails, codes: []int{1}, words: []string{"excludeOutboundPorts"}},
		{name: "addresses excluded from the sidecar", client: workload{name: "around-ip", annotations: map[string]string{"traffic.sidecar.istio.io/excludeOutboundIPRanges": "10.244.0.0/16"}},
			traffic: trafficFails, codes: []int{1, 2}, words: []string{"excludeOutboundIPRanges"}},
		{name: "VirtualService leads elsewhere", traffic: trafficFails, codes: []int{1, 2}, words: []string{"VirtualService"},
			odd: func(t *testing.T, x *site) {
				x.apply(t, x.fill(`{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: $NAME, namespace: $NS},
					spec: {hosts: [$HOST], tcp: [{match: [{port: $PORT}], route: [{destination: {host: istiod.istio-system.svc.cluster.local, port: {number: 15010}}}]}]}}`))
			},
			undo: func(t *testing.T, x *site) { x.kube(t, "delete", "virtualservice", x.name, "-n", x.namespace) }},
		{name: "another host took the TCP port", traffic: trafficFails, codes: []int{1, 2}, words: []string{"another ServiceEntry on the same TCP port"},
			odd: func(t *testing.T, x *site) {
				x.kube(t, "delete", "serviceentry", x.name, "-n", x.namespace)
				x.apply(t, x.fill(`{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: other-$NAME, namespace: $NS, labels: {e2e-site: $NAME}},
					spec: {hosts: [other-$NAME.example.internal], exportTo: ["."], location: MESH_EXTERNAL, resolution: STATIC, ports: [{number: $PORT, name: tcp, protocol: TCP}], endpoints: [{address: 10.244.0.1}]}}`))
				until(1500e6, func() bool { return false }) // the older entry gets the port; creation times have whole seconds
				x.enable(t, "--wait=false", "--ignore", "MT035")
			},
			undo: func(t *testing.T, x *site) {
				x.kube(t, "delete", "serviceentry", "other-"+x.name, "-n", x.namespace)
			}},
		{name: "Sidecar that does not know the host", traffic: trafficFails, codes: []int{1}, id: "MT001", words: []string{"does not know"},
			odd: func(t *testing.T, x *site) {
				x.apply(t, x.fill(`{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: $NAME, namespace: $NS}, spec: {egress: [{hosts: [istio-system/*]}]}}`))
			},
			undo: func(t *testing.T, x *site) {
				x.kube(t, "delete", "sidecar.networking.istio.io", x.name, "-n", x.namespace)
			}},
	} {
		t.Run(d.name, func(t *testing.T) { d.run(t, f, 90+i) })
	}
}

func (d detour) run(t *testing.T, f *field, n int) {
	t.Logf("proves: %s -> exit code %v naming %q", d.name, d.codes, d.words)
	x := f.newSite(t, n, fmt.Sprintf("way-%d", n), "configmap")
	x.healthy(t, "before, for an ordinary client")
	if d.client.name != "" {
		d.client.namespace = x.namespace
		x.deploy(t, d.client)
		x.client = d.client.name
		// Otherwise enable finds it, too, when it verifies the next site, and takes its change back.
		t.Cleanup(func() {
			x.kube(t, "delete", "deploy", d.client.name, "-n", x.namespace, "--cascade=foreground", "--timeout=60s")
		})
	}
	if d.odd != nil {
		d.odd(t, x)
		t.Cleanup(func() { d.undo(t, x) })
	}
	found := sabotage{traffic: d.traffic}
	var last result
	took, ok := until(proxyTime, func() bool {
		x.ping(t, 0)
		last = x.verify(t, "-o", "json")
		doc := read(t, last)
		for _, code := range d.codes {
			for _, g := range doc.findings(x.cluster(), "FAIL", "UNKNOWN", "WARN") {
				words := make([]string, 0, len(d.words))
				for _, w := range d.words {
					words = append(words, x.fill(w))
				}
				if last.code == code && g.names(first(d.id, g.ID), []string{"FAIL", "UNKNOWN"}, words) {
					t.Logf("verify: exit code %d\n%s", last.code, g)
					return true
				}
			}
		}
		return false
	})
	if !ok {
		t.Errorf("after %s: exit code %d, want one of %v and a finding that names %q\n%s", took, last.code, d.codes, d.words, read(t, last).bad(x.cluster()))
	}
	found.control(t, x)
}
