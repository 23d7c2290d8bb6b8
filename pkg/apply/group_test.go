package apply

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
)

// TestTogether: any journal of a change leads to all of it; a member whose last change is another is apart.
func TestTogether(t *testing.T) {
	g := &Group{ID: "one", Members: []Member{{"a", "shop"}, {"b", "bank"}, {"again", "shop"}, {"gone", "shop"}}}
	var stored []runtime.Object
	for _, j := range []Journal{
		{Owner: "a", Namespace: "shop", Step: StepApplied, Group: g}, {Owner: "b", Namespace: "bank", Step: StepApplied, Group: g},
		{Owner: "again", Namespace: "shop", Step: StepDone, Group: &Group{ID: "two", Members: []Member{{"again", "shop"}, {"a", "shop"}}}},
		{Owner: "alone", Namespace: "shop", Step: StepDone},
	} {
		text, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{journalKey: string(text)}}}
		u.SetName(journalName(j.Owner))
		u.SetNamespace(j.Namespace)
		u.SetLabels(map[string]string{JournalLabel: j.Owner})
		stored = append(stored, u)
	}
	c := New(fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{{Version: "v1", Resource: "configmaps"}: "ConfigMapList"}, stored...), nil)
	for _, of := range []struct {
		owner, namespace string
		whole            []string
		apart            []Member
	}{
		{"a", "shop", []string{"a", "b"}, []Member{{"again", "shop"}, {"gone", "shop"}}},
		{"b", "bank", []string{"a", "b"}, []Member{{"again", "shop"}, {"gone", "shop"}}},
		{"again", "shop", []string{"again"}, []Member{{"a", "shop"}}},
		{"alone", "shop", []string{"alone"}, nil},
	} {
		j, err := c.Journal(t.Context(), of.namespace, of.owner)
		if err != nil || j == nil {
			t.Fatal(err)
		}
		whole, apart, err := c.Together(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, w := range whole {
			names = append(names, w.Owner)
		}
		if diff := cmp.Diff(of.whole, names) + cmp.Diff(of.apart, apart); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", of.owner, diff)
		}
	}
}
