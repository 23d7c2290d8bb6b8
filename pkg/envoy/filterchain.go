package envoy

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// choices keeps the filter chains of a listener where there is more to know of them than the clusters: of one that
// takes every call nothing hangs on the call.
func choices(chains []chain) []facts.FilterChain {
	if len(chains) == 1 && chains[0].why == "" && isEmpty(chains[0].match) {
		return nil
	}
	out := make([]facts.FilterChain, 0, len(chains))
	for _, ch := range chains {
		one := facts.FilterChain{Name: ch.Name, Match: ch.match, Fallback: ch.fallback, Routes: ch.routes, Leads: ch.why}
		for _, name := range ch.clusters {
			if name != "" { // what a tcp_proxy with weights has for its one cluster
				one.To = append(one.To, facts.Shared{Cluster: name})
			}
		}
		out = append(out, one)
	}
	return out
}

func isEmpty(m facts.ChainMatch) bool {
	return m.Port == 0 && len(m.Ranges)+len(m.Names)+len(m.ALPN)+len(m.Direct)+len(m.Source)+len(m.SourcePorts) == 0 && m.Transport+m.SourceType == ""
}

// sourceTypes by number (Envoy: listener_components.proto, ConnectionSourceType).
var sourceTypes = []string{"", "SAME_IP_OR_LOOPBACK", "EXTERNAL"}

// facts puts a match in facts. A part that cannot be understood leaves open what the chain takes: that is the second
// result, which is why where there is none.
func (w wireChainMatch) facts(why string) (facts.ChainMatch, string) {
	m := facts.ChainMatch{Names: w.Names, Transport: w.Transport, ALPN: w.ALPN}
	if w.Port != nil {
		m.Port = int(*w.Port)
	}
	if m.SourceType = w.SourceType.in(sourceTypes); m.SourceType == "ANY" {
		m.SourceType = ""
	}
	for _, p := range w.SourcePorts {
		m.SourcePorts = append(m.SourcePorts, strconv.FormatUint(uint64(p), 10))
	}
	for _, part := range []struct {
		from []wireRange
		into *[]string
	}{{w.Ranges, &m.Ranges}, {w.Direct, &m.Direct}, {w.Source, &m.Source}} {
		for _, r := range part.from {
			a, err := netip.ParseAddr(r.Address)
			p, short := a.Prefix(int(min(r.Bits, 1000)))
			if err != nil || short != nil {
				return facts.ChainMatch{}, firstOf(why, "a range of addresses in its filter_chain_match could not be read")
			}
			text := ""
			if p.Bits() > 0 {
				text = p.String()
			}
			*part.into = append(*part.into, text)
		}
	}
	return m, why
}

// steering are the objects of a connection's filter state that overrule where tcp_proxy sends it, and what name is sent
// and checked (Envoy: tcp_proxy.cc, PerConnectionCluster; docs: well_known_filter_state).
var steering = []string{"envoy.tcp_proxy.cluster", "envoy.network.upstream_server_name", "envoy.network.upstream_subject_alt_names", "envoy.network.transport_socket.original_dst_address"}

// steered tells that a network filter sets such an object.
func steered(f wireFilter) string {
	typeURL, config, err := openAny(f.Typed)
	if err != nil || !strings.Contains(typeURL, ".network.set_filter_state.") {
		return ""
	}
	w, err := decode[wireFilterState](config)
	if err != nil {
		return "a set_filter_state could not be decoded"
	}
	for _, one := range w.New {
		if slices.Contains(steering, one.Key) {
			return "set_filter_state sets " + one.Key
		}
	}
	return ""
}

// filterNames are the names of a filter chain's network filters.
func filterNames(filters []wireFilter) string {
	var names []string
	for _, f := range filters {
		names = append(names, f.Name)
	}
	return short(strings.Join(names, ", "))
}

// led notes that a route configuration leads to clusters.
func (u users) led(routes string, clusters []string) {
	for _, name := range clusters {
		if list := u.routes[name]; routes != "" && len(list) < maxShared && !slices.Contains(list, routes) {
			u.routes[name] = append(list, routes)
		}
	}
}

// listenersOf are the listeners of an upstream's port, those whose port is not known, and those of any port that lead to
// it, by themselves or by routes.
func (u users) listenersOf(up *facts.Upstream) []facts.Outbound {
	out := slices.Clip(u.outbound[up.Port])
	if up.Port != 0 {
		out = append(out, u.outbound[0]...)
	}
	seen := map[listenerKey]bool{}
	for _, name := range append([]string{""}, up.Routes...) {
		list := u.asking[name]
		if name == "" && up.Host != "" { // what has no name nobody asks for, and PassthroughCluster has all listeners
			list = u.leading[up.Cluster]
		}
		for _, at := range list {
			if at.port != up.Port && at.port != 0 && !seen[at] {
				seen[at] = true
				out = append(out, u.outbound[at.port][u.place[at]])
			}
		}
	}
	return out
}

// unused tells that no listener was read which leads calls to an upstream.
func (u users) unused(up facts.Upstream) bool {
	if u.protocol(up.Cluster) == facts.ProtocolUnknown {
		return true
	}
	return len(u.leading[up.Cluster]) == 0 && !slices.ContainsFunc(u.routes[up.Cluster], func(r string) bool { return len(u.asking[r]) > 0 })
}

// beside names the clusters that plain calls may be led to by other filter chains of the listeners of upstreams.
func (u users) beside(wanted []facts.Upstream) []string {
	var out []string
	for _, one := range wanted { // others read them: no place for notes
		one.Routes = u.routes[one.Cluster]
		for _, l := range u.listenersOf(&one) {
			for _, ch := range l.Chains {
				for _, to := range ch.To {
					if ch.Match.Transport != "tls" && len(ch.Match.Names) == 0 && to.Cluster != one.Cluster && !slices.Contains(out, to.Cluster) && len(out) <= maxHosts {
						out = append(out, to.Cluster)
					}
				}
			}
		}
	}
	return out
}

// kinds puts into the filter chains what their clusters send. One that drops what it gets is left out: nothing leaves.
func (u users) kinds(of map[string]facts.SocketKind, drops map[string]bool) {
	for _, list := range u.outbound {
		for _, l := range list {
			for j := range l.Chains {
				ch := &l.Chains[j]
				ch.To = slices.DeleteFunc(ch.To, func(to facts.Shared) bool { return drops[to.Cluster] })
				for i := range ch.To {
					ch.To[i].Kind = of[ch.To[i].Cluster]
				}
			}
		}
	}
}
