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
package istio

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestKeepPortNames: a port of the live entry keeps its name, one that is new
// keeps ours.
func TestKeepPortNames(t *testing.T) {
	entry := func(ports ...any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"ports": ports}}}
	}
	mine := entry(map[string]any{"number": int64(1), "name": "tcp-1"}, map[string]any{"number": int64(2), "name": "tcp-2"})
	keepPortNames(mine, entry(map[string]any{"number": int64(1), "name": "tls"}, "damaged", map[string]any{"number": int64(3), "name": "x"}))
	got, _, err := unstructured.NestedSlice(mine.Object, "spec", "ports")
	if err != nil || len(got) != 2 {
		t.Fatalf("ports %v, %v", got, err)
	}
	for i, want := range []string{"tls", "tcp-2"} {
		if name := got[i].(map[string]any)["name"]; name != want {
			t.Errorf("port %d is named %v, want %s", i, name, want)
		}
	}
}
