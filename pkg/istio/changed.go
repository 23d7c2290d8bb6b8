package istio

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// changed is when somebody last wrote to the object's spec, by the API server's clock in whole seconds: the newest time of
// its managedFields that own something of the spec, or its creation. Zero where an object tells neither (a file).
// Kubernetes notes no time where one writer takes a field out that another one owns.
func changed(u *unstructured.Unstructured) time.Time {
	last := u.GetCreationTimestamp().Time
	meta, _ := u.Object["metadata"].(map[string]any)
	entries, _ := meta["managedFields"].([]any)
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		fields, _ := entry["fieldsV1"].(map[string]any)
		if _, spec := fields["f:spec"]; !spec {
			continue
		}
		text, _ := entry["time"].(string)
		if t, err := time.Parse(time.RFC3339, text); err == nil && t.After(last) {
			last = t
		}
	}
	return last
}
