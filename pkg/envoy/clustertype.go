package envoy

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
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
// and the extension's type. Which extension it is the type of its configuration says, and the name only where that
// tells nothing; before 1.31 it was the name (Envoy: ClusterFactoryImplBase::create). Where they differ, one that
// chooses counts.
func (w wireClusterType) composed() (typeURL string, yes bool) {
	typeURL, _, err := openAny(w.Typed)
	kind := kindOfType(typeURL)
	if connecting[w.Name[strings.LastIndexByte(w.Name, '.')+1:]] && connecting[kind] && (w.Name != "" || kind != "" || !given(w.Typed)) {
		return "", false
	}
	if err == nil {
		return typeURL, true
	}
	return w.Name, true
}

// kindOfType is the part of a type URL that names the extension, aggregate of envoy.extensions.clusters.aggregate.v3.ClusterConfig
// and of envoy.config.cluster.aggregate.v2alpha.ClusterConfig; "" of another type.
func kindOfType(typeURL string) string {
	name := typeURL[strings.LastIndexByte(typeURL, '/')+1:]
	for _, start := range []string{"envoy.extensions.clusters.", "envoy.config.cluster."} {
		if rest, is := strings.CutPrefix(name, start); is {
			return upTo(rest, '.')
		}
	}
	return ""
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

// joinMembers lets the clusters behind a composed one be used as it is, and by whom it is. They may be composed
// themselves; a few rounds reach them.
func (c *collector) joinMembers() {
	var composed []*facts.Upstream
	for i := range c.upstreams {
		if u := &c.upstreams[i]; len(u.Members) > 0 {
			composed = append(composed, u)
		}
	}
	for range maxComposed {
		for _, u := range composed {
			if c.users.protocol(u.Cluster) != facts.ProtocolUnknown {
				c.users.together(u.Members)
			}
			for _, m := range u.Members {
				for _, used := range []map[string]bool{c.users.http, c.users.tcp} {
					if used[u.Cluster] {
						used[m] = true
					}
				}
				c.users.behind(u.Cluster, m)
			}
		}
	}
}

// maxComposed is how deep composed clusters are followed; deeper ones stay unknown.
const maxComposed = 4

// behind notes that what leads to a composed cluster leads to a member of it.
func (u users) behind(composed, member string) {
	for _, routes := range u.routes[composed] {
		u.led(routes, []string{member})
	}
	for _, at := range u.leading[composed] {
		if slices.Contains(u.leading[member], at) || len(u.leading[member]) >= maxShared {
			continue
		}
		u.leading[member] = append(u.leading[member], at)
		l := &u.outbound[at.port][u.place[at]]
		l.Clusters = append(slices.Clip(l.Clusters), member)
	}
}

// onPort names the clusters that the listeners of the ports of upstreams lead to, of those that nothing is seen to lead to: one of
// them may choose among others, them too.
func (u users) onPort(wanted []facts.Upstream) (out []string) {
	for _, one := range wanted {
		if u.protocol(one.Cluster) != facts.ProtocolUnknown {
			continue
		}
		for _, l := range u.outbound[one.Port] {
			for _, name := range l.Clusters {
				if name != "" && len(out) <= maxHosts && !slices.Contains(out, name) {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

// withMembers are the clusters of a list, and those that they choose among.
func (c *collector) withMembers(list []facts.Upstream) []facts.Upstream {
	composed := map[string][]string{}
	for i := range c.upstreams {
		if u := &c.upstreams[i]; len(u.Members) > 0 {
			composed[u.Cluster] = append(composed[u.Cluster], u.Members...)
		}
	}
	if len(composed) == 0 {
		return list
	}
	has, level, behind := map[string]bool{}, []string{}, map[string]bool{}
	for i := range list {
		has[list[i].Cluster] = true
		level = append(level, list[i].Cluster)
	}
	for range maxComposed {
		var next []string
		for _, name := range level {
			for _, m := range composed[name] {
				if !behind[m] {
					behind[m] = true
					next = append(next, m)
				}
			}
		}
		level = next
	}
	return append(slices.Clip(list), filter(c.upstreams, func(u facts.Upstream) bool { return behind[u.Cluster] && !has[u.Cluster] })...)
}

// membersKind puts in place of a composed cluster's own kind that of its members: plaintext where one of them sends that, TLS
// where all do. Those that drop what they get send nothing.
func membersKind(members map[string][]string, kinds map[string]facts.SocketKind, drops map[string]bool) {
	for range maxComposed {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			all := facts.SocketUnknown
			for i, m := range slices.DeleteFunc(slices.Clone(members[name]), func(m string) bool { return drops[m] }) {
				switch k := kinds[m]; {
				case k == facts.SocketPlaintext || i == 0:
					all = k
				case all != facts.SocketPlaintext && k != all:
					all = facts.SocketUnknown
				}
			}
			kinds[name] = all
		}
	}
}
