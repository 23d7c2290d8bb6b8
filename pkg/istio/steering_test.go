package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

func TestSteering(t *testing.T) {
	const head = "apiVersion: networking.istio.io/v1\nmetadata: {name: x, namespace: shop}\nkind: "
	got := Steering([]*unstructured.Unstructured{
		nil,
		object(t, head+`VirtualService
spec: {hosts: [a.example], http: [{match: [{port: 80}, {uri: {prefix: /}}], route: [{destination: {host: b, subset: s, port: {number: 443}}}]}], tcp: [{route: [{destination: {host: c}}]}]}`),
		object(t, head+`VirtualService
spec: {hosts: [g.example], gateways: [edge]}`),
		object(t, head+`Sidecar
spec: {workloadSelector: {labels: {app: web}}, egress: [{hosts: ["./*"]}, {hosts: ["far/x"]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}`),
		object(t, head+`Sidecar
spec: {}`),
		object(t, head+`Gateway
spec: {selector: {istio: gw}, servers: [{port: {number: 443}, hosts: ["ns/*.example"], tls: {mode: MUTUAL, subjectAltNames: [c]}}, {port: {number: 80}, hosts: ["*"], tls: {httpsRedirect: true}}]}`),
		object(t, head+`VirtualService
spec: {hosts: 7}`),
	})
	ref := func(kind string) facts.Ref { return facts.Ref{Kind: kind, Namespace: "shop", Name: "x"} }
	want := facts.Steering{
		Routes: []facts.Route{
			{Object: ref("VirtualService"), Hosts: []string{"a.example"}, Mesh: true, To: []facts.Destination{{From: []int{80}, Host: "b", Subset: "s", Port: 443}, {Host: "c"}}},
			{Object: ref("VirtualService"), Hosts: []string{"g.example"}}, {Object: ref("VirtualService"), Mesh: true},
		},
		Sidecars: []facts.Sidecar{
			{Object: ref("Sidecar"), Selector: map[string]string{"app": "web"}, Limits: true, Hosts: []string{"./*", "far/x"}, Outbound: facts.OutboundRegistry}, {Object: ref("Sidecar")},
		},
		Gateways: []facts.Gateway{
			{Object: ref("Gateway"), Selector: map[string]string{"istio": "gw"}, Port: 443, Hosts: []string{"*.example"}, Mode: "MUTUAL", SANs: []string{"c"}},
			{Object: ref("Gateway"), Selector: map[string]string{"istio": "gw"}, Port: 80, Hosts: []string{"*"}},
		},
		Problems: []string{"VirtualService shop/x: spec.hosts is a number, want a list"},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestOutbound(t *testing.T) {
	for _, c := range []struct {
		config map[string]any
		want   string
	}{{nil, facts.OutboundAny}, {map[string]any{"outboundTrafficPolicy": map[string]any{"mode": "REGISTRY_ONLY"}}, facts.OutboundRegistry}, {map[string]any{"outboundTrafficPolicy": 7}, facts.OutboundAny}} {
		if got := Outbound(c.config); got != c.want {
			t.Errorf("%v: %s", c.config, got)
		}
	}
}
