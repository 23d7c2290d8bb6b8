package legacy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// value turns a node into what JSON has: maps, lists, text, int64, float64, bool, nil.
// A key that stands twice is an error: YAML readers take one of the two unseen.
func (r *reader) value(n *yaml.Node, depth int) any {
	if r.nodes++; r.nodes > maxNodes || depth > maxDepth {
		if r.nodes <= maxNodes+1 {
			r.nodes = maxNodes + 1 // once is enough
			r.fail(n, "holds too much, or too deep: split it, and take aliases out")
		}
		return nil
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			out = append(out, r.value(item, depth+1))
		}
		return out
	case yaml.MappingNode:
		return r.mapping(n, depth)
	}
	return r.scalar(n)
}

func (r *reader) mapping(n *yaml.Node, depth int) map[string]any {
	out, lines := map[string]any{}, map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch first, twice := lines[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			r.fail(key, "a key must be text")
		case key.Tag == "!!merge":
			r.fail(key, "merge keys (<<) are not read: write the fields out")
		case twice && (key.Value == "apiVersion" || key.Value == "kind"):
			r.fail(key, "%s stands twice, first in line %d: is a line of --- missing between two objects?", key.Value, first)
		case twice:
			r.fail(key, "%s stands twice, first in line %d: take one away", clip(key.Value), first)
		default:
			lines[key.Value] = key.Line
			out[key.Value] = r.value(n.Content[i+1], depth+1)
		}
	}
	return out
}

func (r *reader) scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			return i
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil && f-f == 0 { // neither infinite nor NaN, which JSON has not
			return f
		}
	}
	return n.Value
}

// child gives the value of a field, by its name or by the name that protobuf gives
// it (peer_is_optional), which old Istio took too; nil when there is none.
func child(n *yaml.Node, name string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if camel(n.Content[i].Value) == name {
			if v := n.Content[i+1]; v.Kind == yaml.AliasNode {
				return v.Alias
			}
			return n.Content[i+1]
		}
	}
	return nil
}

// camel writes peer_is_optional as peerIsOptional.
func camel(s string) string {
	if !strings.Contains(s, "_") {
		return s
	}
	var b strings.Builder
	upper := false
	for _, c := range s {
		switch {
		case c == '_':
			upper = b.Len() > 0
		case upper:
			b.WriteRune(unicode.ToUpper(c))
			upper = false
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// isNull tells a field that is absent or has no value.
func isNull(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

func kindOf(n *yaml.Node) string {
	switch {
	case isNull(n):
		return "empty"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "a map"
	}
	return "one value"
}

// clip shows a word of a text in a message: harmless, and not too long.
func clip(s string) string {
	if len(s) > 40 {
		s = s[:40] + "..."
	}
	q := strconv.Quote(s)
	if q == `"`+s+`"` {
		return s
	}
	return q
}

// fields gives the values of a map by name. What is no map, and a field that the
// object does not know, is an error at its place.
func (r *reader) known(n *yaml.Node, path string, names ...string) map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	if isNull(n) {
		return out
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s is %s, want a map", path, kindOf(n))
		return out
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		name, found := camel(key.Value), false
		for _, k := range names {
			found = found || k == name
		}
		if !found {
			r.fail(key, "%s.%s is no field that Istio knows (%s): is its indentation right?", path, clip(key.Value), strings.Join(names, ", "))
			continue
		}
		out[name] = child(n, name)
	}
	return out
}

// list gives the items of a list; empty for an absent one.
func (r *reader) list(n *yaml.Node, path string) []*yaml.Node {
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "%s is %s, want a list (- ...)", path, kindOf(n))
		return nil
	}
	return n.Content
}

func (r *reader) text(n *yaml.Node, path string) string {
	if isNull(n) {
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		r.fail(n, "%s is %s, want text", path, kindOf(n))
		return ""
	}
	return n.Value
}

func (r *reader) yes(n *yaml.Node, path string) bool {
	v, ok := r.scalarOr(n).(bool)
	if !ok && !isNull(n) {
		r.fail(n, "%s must be true or false", path)
	}
	return v
}

func (r *reader) port(n *yaml.Node, path string) int {
	v, ok := r.scalarOr(n).(int64)
	if isNull(n) {
		return 0
	}
	if !ok || v < 1 || v > 65535 {
		r.fail(n, "%s must be a port, 1 to 65535", path)
		return 0
	}
	return int(v)
}

func (r *reader) scalarOr(n *yaml.Node) any {
	if n == nil || n.Kind != yaml.ScalarNode {
		return nil
	}
	return r.scalar(n)
}

// at names a place in a note.
func (o Object) at(n *yaml.Node) string {
	if n == nil {
		return o.Where()
	}
	return fmt.Sprintf("%s:%d", o.source, n.Line)
}
