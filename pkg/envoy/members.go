package envoy

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

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
