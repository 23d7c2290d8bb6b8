package istio

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestChanged: only who owns something of the spec tells when that was written; odd entries are passed over.
func TestChanged(t *testing.T) {
	entry := func(when any, field string) any {
		return map[string]any{"time": when, "fieldsV1": map[string]any{field: map[string]any{}}}
	}
	const born = "2026-11-23T04:00:00Z"
	for _, c := range []struct {
		name    string
		created any
		managed any
		want    string
	}{
		{"created only", born, nil, born},
		{"the newest of the spec", born, []any{entry("2026-11-23T05:00:00Z", "f:spec"), entry("2026-11-23T04:30:00Z", "f:spec")}, "2026-11-23T05:00:00Z"},
		{"labels and status do not count", born, []any{entry("2026-11-23T05:00:00Z", "f:metadata"), entry("2026-11-23T05:00:00Z", "f:status")}, born},
		{"odd", born, []any{1, map[string]any{"fieldsV1": 1}, entry(7, "f:spec"), entry("yesterday", "f:spec")}, born},
		{"no list", born, "x", born},
		{"a file", nil, nil, "0001-01-01T00:00:00Z"},
	} {
		meta := map[string]any{"name": "x", "managedFields": c.managed}
		if c.created != nil {
			meta["creationTimestamp"] = c.created
		}
		got := changed(&unstructured.Unstructured{Object: map[string]any{"metadata": meta}})
		if got.UTC().Format(time.RFC3339) != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
