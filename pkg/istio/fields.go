package istio

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode"
)

// get finds a field by its JSON name or, as old Istio allowed, by its protobuf name
// (portLevelSettings, port_level_settings). A null is no value.
func (n node) get(key string) (value any, at string) {
	at = key
	if n.at != "" {
		at = n.at + "." + key
	}
	if v := n.fields[key]; v != nil {
		return v, at
	}
	return n.fields[snake(key)], at
}

func snake(key string) string {
	var b strings.Builder
	for _, r := range key {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// wrong notes a value of a wrong type. The value itself is not shown: nobody knows
// what was put there by mistake.
func (r *reader) wrong(at, want string, got any) {
	r.problem(at, "is %s, want %s", kindOf(got), want)
}

func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case bool:
		return "true or false"
	case int64, float64, json.Number:
		return "a number"
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	}
	return "something else"
}

// node gives a map below n. there tells whether the field has a value at all, even
// one of a wrong type.
func (r *reader) node(n node, key string) (sub node, there bool) {
	v, at := n.get(key)
	if v == nil {
		return node{at: at}, false
	}
	m, ok := v.(map[string]any)
	if !ok {
		r.wrong(at, "a map", v)
	}
	return node{at: at, fields: m}, true
}

// nodes gives the maps of a list.
func (r *reader) nodes(n node, key string) []node {
	v, at := n.get(key)
	list, ok := v.([]any)
	if v != nil && !ok {
		r.wrong(at, "a list", v)
	}
	var out []node
	for k, item := range list {
		where := fmt.Sprintf("%s[%d]", at, k)
		if m, ok := item.(map[string]any); ok {
			out = append(out, node{at: where, fields: m})
		} else {
			r.wrong(where, "a map", item)
		}
	}
	return out
}

func (r *reader) text(n node, key string) string {
	v, at := n.get(key)
	s, ok := v.(string)
	if v != nil && !ok {
		r.wrong(at, "text", v)
	}
	return s
}

func (r *reader) texts(n node, key string) []string {
	v, at := n.get(key)
	list, ok := v.([]any)
	if v != nil && !ok {
		r.wrong(at, "a list", v)
	}
	var out []string
	for k, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		} else {
			r.wrong(fmt.Sprintf("%s[%d]", at, k), "text", item)
		}
	}
	return out
}

func (r *reader) yes(n node, key string) bool {
	v, at := n.get(key)
	b, ok := v.(bool)
	if v != nil && !ok {
		r.wrong(at, "true or false", v)
	}
	return b
}

// number gives an integer, 0 when there is none. YAML and JSON readers differ in
// the type they make of one.
func (r *reader) number(n node, key string) int {
	v, at := n.get(key)
	switch x := v.(type) {
	case nil:
		return 0
	case int64:
		return int(x)
	case int:
		return x
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1<<31 {
			return int(x)
		}
	case json.Number:
		if i, err := x.Int64(); err == nil {
			return int(i)
		}
	}
	r.wrong(at, "a whole number", v)
	return 0
}

// labels gives a map of texts; not nil when the field is there.
func (r *reader) labels(n node, key string) map[string]string {
	sub, _ := r.node(n, key)
	out := map[string]string{}
	for k := range sub.fields {
		v := sub.fields[k]
		if s, ok := v.(string); ok {
			out[k] = s
		} else {
			r.wrong(sub.at+"."+k, "text", v)
		}
	}
	return out
}

// enum gives the name of a value of a protobuf enum, which old objects may hold as
// a number; the zero value's name when the field is absent, "" when it is unknown.
func (r *reader) enum(n node, key string, names map[int32]string) string {
	v, at := n.get(key)
	if v == nil {
		return names[0]
	}
	if s, ok := v.(string); ok {
		for _, name := range names {
			if s == name {
				return s
			}
		}
		r.problem(at, "is no value that Istio knows")
		return ""
	}
	name, known := names[int32(min(r.number(n, key), math.MaxInt16))] //nolint:gosec // bounded
	if !known {
		r.problem(at, "is no value that Istio knows")
	}
	return name
}
