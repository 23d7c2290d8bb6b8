package istio

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestJoinKeepsPortNames: a live entry's name of a port is kept, because a second name for the same number is refused.
func TestJoinKeepsPortNames(t *testing.T) {
	live := object(t, `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: theirs, namespace: shop}
spec: {hosts: [www.example.internal], ports: [{number: 9999, name: other, protocol: TCP}, {number: 80, name: their-port, protocol: TCP}]}`)
	plan, err := Build(web(), Options{NetworkingVersion: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := Join(&plan, []*unstructured.Unstructured{live}); err != nil {
		t.Fatal(err)
	}
	for _, o := range plan.Objects {
		if o.GetKind() != kindEntry {
			continue
		}
		ports, _, _ := unstructured.NestedSlice(o.Object, "spec", "ports")
		if len(ports) == 0 {
			t.Fatal("the entry has no ports")
		}
		for _, item := range ports {
			port := item.(map[string]any)
			if got := port["name"] == "their-port"; got != (numberOf(port["number"]) == 80) {
				t.Errorf("port %v is named %v", port["number"], port["name"])
			}
		}
		return
	}
	t.Fatal("the plan has no ServiceEntry")
}
