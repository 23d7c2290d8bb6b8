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

// clusterMembers lists every cluster that a filter names whose message has several
// shapes (redis, thrift, dubbo): under "cluster", by weight, or by a header. For their
// connections the HTTP router's options mean nothing, so only the names count.
func (c *collector) clusterMembers(raw jsontext.Value) []string {
	var found []string
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	for {
		t, err := dec.ReadToken()
		if err != nil {
			return found
		}
		kind, n := dec.StackIndex(dec.StackDepth())
		if t.Kind() != '"' || kind != '{' || n%2 == 1 {
			continue // no value of a member
		}
		at := dec.StackPointer()
		parents := at.Parent().Parent().Parent().LastToken()
		switch member := at.LastToken(); {
		case member == "cluster", member == "name" && plain(parents) == "weightedclusters":
			found = append(found, t.String())
		case plain(member) == "clusterheader" && t.String() != "":
			which := byHeader(t.String())
			c.users.any[which] = true
			found = append(found, which)
		}
	}
}
