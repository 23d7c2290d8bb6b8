package bundle

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// ours is the prefix of the annotations that this tool writes and reads back. The
// annotations of others can hold anything, copies of whole objects among it.
const ours = "mesh-tls.io/"

// exportTo of a Service steers who sees it (istio: pkg/config/constants).
const exportTo = "networking.istio.io/exportTo"

// Object is an object as a bundle keeps it: what it is, its labels, its spec (of a BackendTLSPolicy its status, too), when
// that was written, and the annotations of this tool
// and of a Service's visibility.
func Object(object map[string]any) (json.RawMessage, error) {
	kept := map[string]any{}
	for _, name := range []string{"apiVersion", "kind", "spec"} {
		if v, has := object[name]; has {
			kept[name] = cleaned(v)
		}
	}
	if status, has := object["status"]; has && object["kind"] == facts.KindBackendPolicy { // it tells whether Istio uses it
		kept["status"] = cleaned(status)
	}
	meta := map[string]any{}
	from, _ := object["metadata"].(map[string]any)
	for _, name := range []string{"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "labels"} {
		if v, has := from[name]; has {
			meta[name] = cleaned(v)
		}
	}
	if wrote := specWrites(from["managedFields"]); len(wrote) > 0 {
		meta["managedFields"] = wrote
	}
	notes := map[string]any{}
	all, _ := from["annotations"].(map[string]any)
	for name, v := range all {
		if strings.HasPrefix(name, ours) || name == exportTo {
			notes[name] = cleaned(v)
		}
	}
	if len(notes) > 0 {
		meta["annotations"] = notes
	}
	kept["metadata"] = meta
	text, err := json.Marshal(kept)
	if err != nil {
		return nil, fmt.Errorf("save an object: %w", err)
	}
	return text, nil
}

// specWrites keeps of managedFields when somebody wrote to the spec, and not who or what.
func specWrites(managed any) []any {
	var out []any
	entries, _ := managed.([]any)
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		fields, _ := entry["fieldsV1"].(map[string]any)
		when, _ := entry["time"].(string)
		if _, err := time.Parse(time.RFC3339, when); err != nil {
			continue
		}
		if _, spec := fields["f:spec"]; spec {
			out = append(out, map[string]any{"time": when, "fieldsV1": map[string]any{"f:spec": map[string]any{}}})
		}
	}
	return out
}

// cleaned copies a value, with every text in it cleaned.
func cleaned(v any) any {
	switch v := v.(type) {
	case string:
		return redact.Text(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			out[name] = cleaned(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = cleaned(inner)
		}
		return out
	}
	return v
}
