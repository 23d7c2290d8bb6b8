package envoy

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// maxHops bounds the listeners inside Envoy that one connection is led through: two
// with a tunnel in a tunnel, across networks.
const maxHops = 4

const internalScheme = "envoy://" // as wireAddress spells addresses inside Envoy

// joinTunnels follows connections that go to a listener inside Envoy, as those of
// ambient mode do (HBONE): what leaves the proxy is what the cluster behind that
// listener sends (Istio: connect_originate; pilot/pkg/networking/core,
// cluster_waypoint.go and listener_waypoint.go). Where they part, or lead to what was
// not seen, the socket stays one that is not judged.
func (c *collector) joinTunnels() {
	t := tunnels{clusters: map[string]*facts.Upstream{}, listeners: map[string][]string{}, found: map[way]*facts.Upstream{}}
	found := false
	for i := range c.upstreams {
		u := &c.upstreams[i]
		if u.State != facts.StateWarming {
			t.clusters[u.Cluster] = u
		}
		found = found || hasTunnel(*u)
	}
	if !found {
		return
	}
	for _, l := range c.listeners {
		if l.internal && l.state != facts.StateWarming {
			t.listeners[l.name] = l.leadsTo()
		}
	}
	for i := range c.upstreams {
		t.resolve(&c.upstreams[i])
	}
}

// isTunnelled tells a socket that hands plain bytes to a listener inside Envoy.
func isTunnelled(k facts.Socket) bool {
	return k.Kind == facts.SocketOther && shapeOf(k.TypeURL) == shapeInternal
}

func hasTunnel(u facts.Upstream) bool {
	return isTunnelled(u.Socket) || slices.ContainsFunc(u.Matches, isTunnelled)
}

// leadsTo names the clusters of every chain of a listener; nil where one is not told.
func (l listener) leadsTo() []string {
	var out []string
	for _, ch := range l.chains {
		if len(ch.clusters) == 0 {
			return nil
		}
		if slices.Contains(ch.clusters, "") {
			return nil
		}
		out = append(out, ch.clusters...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

type tunnels struct {
	clusters  map[string]*facts.Upstream
	listeners map[string][]string
	found     map[way]*facts.Upstream // nil: nothing that is known. Each way is gone once: they may fork at every hop
}

// way is the way on from a listener, or from a cluster's own socket, so many hops from the start.
type way struct {
	listener, cluster string
	hop               int
}

// once goes a way that was not gone before.
func (t tunnels) once(w way, follow func() *facts.Upstream) *facts.Upstream {
	if end, known := t.found[w]; known {
		return end
	}
	t.found[w] = follow()
	return t.found[w]
}

// resolve puts into u what carries its tunnelled connections on.
func (t tunnels) resolve(u *facts.Upstream) {
	if isTunnelled(u.Socket) {
		if via := t.end(u, -1, 0); via != nil {
			u.Socket = carried(u.Socket, via)
		}
	}
	for i, k := range u.Matches {
		if isTunnelled(k) {
			if via := t.end(u, i, 0); via != nil {
				u.Matches[i] = carried(k, via)
			}
		}
	}
}

// carried is a socket as the tunnel's cluster has it.
func carried(k facts.Socket, via *facts.Upstream) facts.Socket {
	out := via.Socket
	out.Name, out.Match, out.Through = k.Name, k.Match, via.Cluster
	out.Wrappers = append(append([]string(nil), k.Wrappers...), via.Socket.Wrappers...)
	return out
}

// end finds the one cluster at the end of the tunnels of all endpoints that get one
// socket of u; nil where there is none, or more than one. A cluster whose own socket
// was resolved already names the end.
func (t tunnels) end(u *facts.Upstream, socket, hop int) *facts.Upstream {
	var end *facts.Upstream
	for _, e := range u.Endpoints {
		if u.MatchFor(e) != socket {
			continue
		}
		name, inside := strings.CutPrefix(e.Address, internalScheme)
		if !inside || hop >= maxHops {
			return nil
		}
		listener := upTo(name, '/')
		next := t.once(way{listener: listener, hop: hop + 1}, func() *facts.Upstream { return t.behind(listener, hop+1) })
		if next == nil || end != nil && end != next {
			return nil
		}
		end = next
	}
	return end
}

// behind finds the one cluster that a listener inside Envoy leads to in the end.
func (t tunnels) behind(listener string, hop int) *facts.Upstream {
	var end *facts.Upstream
	for _, name := range t.listeners[listener] {
		via := t.clusters[name]
		switch {
		case via == nil || len(via.Matches) > 0:
			return nil
		case via.Socket.Through != "":
			via = t.clusters[via.Socket.Through]
		case isTunnelled(via.Socket):
			via = t.once(way{cluster: name, hop: hop}, func() *facts.Upstream { return t.end(via, -1, hop) })
		}
		if via == nil || via.Socket.Kind != facts.SocketTLS && via.Socket.Kind != facts.SocketPlaintext || end != nil && end != via {
			return nil
		}
		end = via
	}
	return end
}
