package envoy

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// nameOf finds the member "name" of an object that cannot be decoded.
func nameOf(raw jsontext.Value) string {
	dec := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return ""
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return ""
		}
		if name.String() == "name" && dec.PeekKind() == '"' {
			value, err := dec.ReadToken()
			if err != nil {
				return ""
			}
			return strings.Clone(value.String())
		}
		if err := dec.SkipValue(); err != nil {
			return ""
		}
	}
	return ""
}

// clusterMembers lists every string under the name "cluster" in a filter whose
// message has several shapes (redis, thrift, dubbo): for their connections the
// HTTP router's options mean nothing, so only the names count.
func clusterMembers(raw jsontext.Value) []string {
	var found []string
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	wanted := false
	for {
		t, err := dec.ReadToken()
		if err != nil {
			return found
		}
		kind, n := dec.StackIndex(dec.StackDepth())
		isName := kind == '{' && n%2 == 1 && t.Kind() == '"'
		if wanted && !isName && t.Kind() == '"' {
			found = append(found, t.String())
		}
		wanted = isName && t.String() == "cluster"
	}
}
