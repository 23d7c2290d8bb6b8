package legacy

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// PolicyNamespaces lists the namespaces that the policies of the input are for, the
// mesh's root namespace included, each once.
func PolicyNamespaces(objects []Object, root string) []string {
	var out []string
	for _, o := range objects {
		namespace := o.Namespace
		if o.Kind == kindMeshPolicy {
			namespace = root
		}
		if o.policy() && !slices.Contains(out, namespace) {
			out = append(out, namespace)
		}
	}
	return out
}

// sayConflicts: of two PeerAuthentications at one scope the oldest counts, and that is
// the one in the cluster. One of the same name is replaced by an apply.
func (t *translation) sayConflicts() {
	for _, u := range t.objects {
		if u.GetKind() != "PeerAuthentication" {
			continue
		}
		for _, l := range t.in.LivePolicies {
			live := unstructured.Unstructured{Object: l}
			if live.GetNamespace() != u.GetNamespace() || live.GetName() == u.GetName() || !sameScope(u.Object, l) {
				continue
			}
			t.notes = append(t.notes, Note{Action: Conflict, Text: fmt.Sprintf(
				"PeerAuthentication %s/%s is in the cluster already for the same workloads as %s here, and of two the oldest counts: give one the name of the other, or delete one",
				live.GetNamespace(), live.GetName(), u.GetName())})
		}
	}
}

// sameScope tells whether both are for all of the namespace, or may pick the same pods.
func sameScope(a, b map[string]any) bool {
	one, _, _ := unstructured.NestedStringMap(a, "spec", "selector", "matchLabels")
	two, _, _ := unstructured.NestedStringMap(b, "spec", "selector", "matchLabels")
	return (len(one) == 0) == (len(two) == 0) && meet(one, two)
}
