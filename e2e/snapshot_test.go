//go:build e2e

package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// snapshot reads every object of a namespace, by kind and name. What the cluster itself keeps changing is left
// out: status, managedFields, events and leases; versions too unless they are asked for, and those of objects with a
// status, which each change of it counts up (their generation does not count it).
func (s *suite) snapshot(t *testing.T, namespace string, versions bool) map[string]any {
	t.Helper()
	kinds := slices.DeleteFunc(strings.Fields(s.kube(t, "api-resources", "--namespaced", "--verbs=list", "-o", "name")), func(kind string) bool {
		return strings.HasPrefix(kind, "events") || strings.HasPrefix(kind, "leases") || strings.HasSuffix(kind, "metrics.k8s.io")
	})
	var list struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(s.kube(t, "get", strings.Join(kinds, ","), "-n", namespace, "-o", "json")), &list); err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	for _, object := range list.Items {
		meta := object["metadata"].(map[string]any)
		if _, has := object["status"]; has {
			delete(object, "status")
			delete(meta, "resourceVersion")
		}
		delete(meta, "managedFields")
		if !versions {
			delete(meta, "resourceVersion")
			delete(meta, "generation")
		}
		all[object["apiVersion"].(string)+" "+object["kind"].(string)+" "+meta["name"].(string)] = object
	}
	if len(all) == 0 {
		t.Fatalf("no object was read of namespace %s", namespace)
	}
	return all
}
