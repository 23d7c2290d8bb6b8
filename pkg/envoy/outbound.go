package envoy

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// maxShared bounds how many clusters are remembered to get parts of the calls of one.
const maxShared = 100

// together notes clusters that get parts, or copies, of the same calls: weights and mirrors.
func (u *users) together(clusters []string) {
	if len(clusters) < 2 {
		return
	}
	for _, a := range clusters {
		for _, b := range clusters {
			if a == "" || len(u.shared[a]) >= maxShared {
				break
			}
			if u.pairs++; u.pairs > maxPairs {
				u.tired = true
				return
			}
			if b != "" && a != b && !slices.Contains(u.shared[a], b) {
				u.shared[a] = append(u.shared[a], b)
			}
		}
	}
}

// copied notes clusters that get copies of all calls to others.
func (u *users) copied(copies, leads []string) {
	if len(copies) == 0 {
		return
	}
	if len(copies) > maxShared {
		copies, u.tired = copies[:maxShared], true
	}
	slices.Sort(leads)
	for _, name := range slices.Compact(leads) {
		u.together(append(slices.Clip(copies), name))
	}
}

// noteOutbound keeps of a listener for the application's own calls where it listens and what it leads to. One with the
// listener filter original_dst takes calls to its own address, too, and those to other ports by rules of its own.
func (c *collector) noteOutbound(l *listener, o facts.Outbound, chains []chain) {
	if l.direction == "INBOUND" || l.hands || l.internal || l.state == facts.StateWarming {
		return
	}
	at := listenerKey{l.port, l.name}
	i, again := c.users.place[at] // asked for twice
	if !again {
		i = len(c.users.outbound[l.port])
		c.users.place[at], c.users.outbound[l.port] = i, append(c.users.outbound[l.port], facts.Outbound{})
	}
	for _, ch := range chains {
		if ch.routes != "" && !slices.Contains(o.Routes, ch.routes) {
			o.Routes = append(o.Routes, ch.routes)
			if !again && !l.capture {
				c.users.asking[ch.routes] = append(c.users.asking[ch.routes], at)
			}
		}
	}
	for _, name := range o.Clusters {
		if list := c.users.leading[name]; !again && !l.capture && name != "" && !slices.Contains(list, at) {
			c.users.leading[name] = append(list, at)
		}
	}
	o.Chains = choices(chains)
	c.users.outbound[l.port][i] = o
}

// noteUnknown keeps what becomes of calls to hosts that the proxy does not know: Istio's listener virtualOutbound hands them
// on as they are, or drops them (istio: pilot/pkg/networking/core, buildOutboundCatchAllNetworkFiltersOnly). Chains for a
// port, or for the pod's own address, drop calls that would come back for ever, and are not for hosts.
func (c *collector) noteUnknown(l *listener) {
	if l.direction == "INBOUND" || !l.hands || l.state == facts.StateWarming {
		return
	}
	drops := false
	for _, ch := range l.chains {
		switch {
		case ch.port == 0 && slices.Equal(ch.clusters, []string{"PassthroughCluster"}):
			c.outbound = facts.OutboundAny
			return
		case ch.port == 0 && !ch.blackhole:
			return
		case ch.port == 0:
			drops = true
		}
	}
	if drops {
		c.outbound = facts.OutboundRegistry
	}
}

// stranded lists the places of listeners that bind no port, which get only what another one hands over (Envoy:
// Listener.bind_to_port, use_original_dst), where none of those that were read does so; in Istio virtualOutbound does.
func (c *collector) stranded() []listenerKey {
	var out []listenerKey
	for _, l := range c.listeners {
		outbound := l.direction != "INBOUND" && l.state != facts.StateWarming
		if outbound && (l.passes || l.broken) {
			return nil
		}
		at := listenerKey{l.port, l.name}
		if _, noted := c.users.place[at]; noted && !l.bound {
			out = append(out, at)
		}
	}
	return out
}

// noteStranded says so of those listeners, when all were read: calls go where another one leads by itself, if one takes them.
func (c *collector) noteStranded() {
	for _, at := range c.stranded() {
		c.users.outbound[at.port][c.users.place[at]].Unread = "no calls are handed over to it: no listener does so, as virtualOutbound should (use_original_dst)"
	}
}

// readShared asks for the clusters that get parts of the calls of those that are wanted: whether that part is
// encrypted is another question than theirs. What cannot be had stays unknown.
func (c *collector) readShared(ctx context.Context, g Getter, wanted []facts.Upstream) {
	var names []string
	for _, u := range wanted {
		for _, name := range append(c.users.instead(&u), c.users.shared[u.Cluster]...) {
			if !slices.ContainsFunc(c.upstreams, func(u facts.Upstream) bool { return u.Cluster == name }) {
				names = append(names, regexp.QuoteMeta(name))
			}
		}
	}
	if beside := append(c.users.beside(wanted), c.users.onPort(wanted)...); len(names)+len(beside) <= maxHosts {
		for _, name := range beside {
			names = append(names, regexp.QuoteMeta(name))
		}
	}
	slices.Sort(names)
	c.readClusters(ctx, g, slices.Compact(names))
	have, members := map[string]bool{}, []string{}
	for i := range c.upstreams {
		have[c.upstreams[i].Cluster] = true
	}
	for i := range c.upstreams {
		for _, name := range c.upstreams[i].Members {
			if !have[name] {
				members = append(members, regexp.QuoteMeta(name))
			}
		}
	}
	slices.Sort(members)
	c.readClusters(ctx, g, slices.Compact(members))
}

// readClusters asks for clusters of some names, which are patterns.
func (c *collector) readClusters(ctx context.Context, g Getter, names []string) {
	if len(names) == 0 || len(names) > maxHosts {
		return
	}
	pattern := "&name_regex=" + escape("("+strings.Join(names, "|")+")")
	known, err := c.masked(ctx, g, partClusters, maskClusters+pattern)
	switch {
	case err != nil:
	case known:
		_, _ = c.masked(ctx, g, partEndpoints, maskEndpoints+"&include_eds"+pattern)
	default:
		_ = c.some(ctx, g, "include_eds"+pattern, partClusters|partEndpoints, facts.StateActive)
	}
}

// joinOutbound tells each upstream who else gets its calls, and on which listeners they come in.
func (c *collector) joinOutbound(upstreams []facts.Upstream) {
	c.noteStranded()
	kinds, drops, members := map[string]facts.SocketKind{}, map[string]bool{}, map[string][]string{}
	for i := range c.upstreams {
		u := &c.upstreams[i]
		if _, served := kinds[u.Cluster]; !served || u.State != facts.StateWarming {
			kinds[u.Cluster], drops[u.Cluster] = kindOf(u), isBlackhole(u.Cluster) && u.Type == "STATIC" && len(u.Endpoints) == 0
			if delete(members, u.Cluster); len(u.Members) > 0 {
				members[u.Cluster] = u.Members
			}
		}
	}
	membersKind(members, kinds, drops)
	c.users.kinds(kinds, drops)
	for i := range upstreams {
		u := &upstreams[i]
		for _, name := range c.users.shared[u.Cluster] {
			if drops[name] {
				continue
			}
			u.Shared = append(u.Shared, facts.Shared{Cluster: name, Kind: kinds[name]})
		}
		slices.SortFunc(u.Shared, func(a, b facts.Shared) int { return strings.Compare(a.Cluster, b.Cluster) })
		for _, name := range c.users.instead(u) {
			if !drops[name] {
				u.Instead = append(u.Instead, facts.Shared{Cluster: name, Kind: kinds[name]})
			}
		}
		u.Answered = c.users.answered(u)
		u.Routes = c.users.routes[u.Cluster]
		u.Listeners = c.users.listenersOf(u)
		u.Authority, u.Names = c.users.authorityOf(u.Cluster), c.users.also[u.Cluster]
	}
}

// kindOf is plaintext where some endpoint gets that, and unknown where they get several kinds: with auto mTLS the
// endpoints decide.
func kindOf(u *facts.Upstream) facts.SocketKind {
	if len(u.Matches) == 0 {
		return u.Socket.Kind
	}
	kind := facts.SocketUnknown
	for i, e := range u.Endpoints {
		switch k := u.SocketFor(e).Kind; {
		case k == facts.SocketPlaintext:
			return k
		case i == 0:
			kind = k
		case k != kind:
			kind = facts.SocketUnknown
		}
	}
	return kind
}
