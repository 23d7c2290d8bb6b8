package envoy

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// wireClusterType is an extension that finds a cluster's endpoints.
type wireClusterType struct {
	Name  string         `json:"name"`
	Typed jsontext.Value `json:"typed_config"`
}

// connecting are the last parts of the names of extensions whose clusters connect
// through their own transport socket. Others choose among clusters, whose sockets then
// count (Envoy: clusters/aggregate, clusters/composite), or do what we do not know.
var connecting = map[string]bool{
	"": true, "static": true, "strict_dns": true, "logical_dns": true, "dns": true, "eds": true, "original_dst": true, "redis": true, "dynamic_forward_proxy": true,
}

// composed tells whether the cluster's own socket says nothing about its connections,
// and the extension's type.
func (w wireClusterType) composed() (typeURL string, yes bool) {
	if connecting[w.Name[strings.LastIndexByte(w.Name, '.')+1:]] {
		return "", false
	}
	if typeURL, _, err := openAny(w.Typed); err == nil {
		return typeURL, true
	}
	return w.Name, true
}

// members names the clusters that an aggregate or composite one chooses among.
func (w wireClusterType) members() []string {
	_, config, err := openAny(w.Typed)
	if err != nil {
		return nil
	}
	list, err := decode[struct {
		Clusters []jsontext.Value `json:"clusters"`
	}](config)
	if err != nil {
		return nil
	}
	var out []string
	for _, raw := range list.Clusters {
		name, err := decode[string](raw)
		if err != nil {
			one, _ := decode[wireNamed](raw)
			name = one.Name
		}
		if name == "" {
			return nil // of one that is not known nothing follows
		}
		out = append(out, name)
	}
	return out
}

// joinMembers lets the clusters behind a composed one be used as it is. They may be
// composed themselves; a few rounds reach them.
func (c *collector) joinMembers() {
	for range 4 {
		for _, u := range c.upstreams {
			for _, m := range u.Members {
				for _, used := range []map[string]bool{c.users.http, c.users.tcp} {
					if used[u.Cluster] {
						used[m] = true
					}
				}
			}
		}
	}
}
