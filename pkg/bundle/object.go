package bundle

import (
	"encoding/json"
	"fmt"
	"strings"
)

// ours is the prefix of the annotations that this tool writes and reads back. The
// annotations of others can hold anything, copies of whole objects among it.
const ours = "mesh-tls.io/"

// Object is an object as a bundle keeps it: what it is, its labels, its spec, and
// the annotations of this tool.
func Object(object map[string]any) (json.RawMessage, error) {
	kept := map[string]any{}
	for _, name := range []string{"apiVersion", "kind", "spec"} {
		if v, has := object[name]; has {
			kept[name] = cleaned(v)
		}
	}
	meta := map[string]any{}
	from, _ := object["metadata"].(map[string]any)
	for _, name := range []string{"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "labels"} {
		if v, has := from[name]; has {
			meta[name] = cleaned(v)
		}
	}
	notes := map[string]any{}
	all, _ := from["annotations"].(map[string]any)
	for name, v := range all {
		if strings.HasPrefix(name, ours) {
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

// cleaned copies a value, with every text in it cleaned.
func cleaned(v any) any {
	switch v := v.(type) {
	case string:
		return Text(v)
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
