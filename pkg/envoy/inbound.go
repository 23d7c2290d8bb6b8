package envoy

import (
	"slices"
	"sort"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// ownPorts are listeners of the proxy itself: Istio's metrics, health and
// agent ports.
var ownPorts = map[int]bool{15000: true, 15004: true, 15020: true, 15021: true, 15053: true, 15090: true}

// hbonePort carries the mesh's own tunnel (ambient).
const hbonePort = 15008

// inbound turns the listeners that accept connections from others into one
// entry per port.
func (c *collector) inbound() []facts.Inbound {
	kind, istio := c.boot.node.Kind, c.ofIstio()
	var out []facts.Inbound
	captured := map[int]bool{}
	for _, l := range c.listeners {
		if l.direction == "INBOUND" && l.capture && !l.skip(istio) {
			for _, in := range l.perPort() {
				captured[in.Port] = true
				out = append(out, in)
			}
		}
	}
	for _, l := range c.listeners {
		if l.skip(istio) || l.direction == "INBOUND" && l.capture {
			continue
		}
		switch {
		case l.direction == "INBOUND" || l.port == hbonePort && l.hasTLS():
			// A listener that binds no port only serves what the capture listener
			// hands over; when that one has chains for the port, it hands nothing.
			if l.bound || !captured[l.port] {
				out = append(out, l.whole(false)...)
			}
		case l.isGateway(kind):
			out = append(out, l.whole(true)...)
		}
	}
	out = slices.DeleteFunc(out, func(in facts.Inbound) bool { return len(in.Chains) == 0 })
	sort.SliceStable(out, func(i, j int) bool { return out[i].Port < out[j].Port })
	return out
}

// skip tells listeners that say nothing about the application: inside Envoy,
// the proxy's own, and for Istio every static one (they are the bootstrap's).
func (l listener) skip(istio bool) bool {
	if l.internal || l.port == 0 && !l.broken || len(l.chains) == 0 {
		return true
	}
	if l.state == facts.StateStatic {
		return istio || ownPorts[l.port]
	}
	return false
}

func (l listener) hasTLS() bool {
	for _, ch := range l.chains {
		if ch.Socket.Kind == facts.SocketTLS {
			return true
		}
	}
	return false
}

// isGateway tells a listener that serves clients outside of the proxy's own
// pod. Sidecars have none of these: their outbound listeners serve their own
// application.
func (l listener) isGateway(kind facts.NodeKind) bool {
	if !l.bound || l.capture || kind == facts.NodeWaypoint {
		return false
	}
	return kind == facts.NodeRouter || l.hasTLS()
}

// whole makes one entry of a listener that serves its own port, and one for each other port that it listens on, too.
func (l listener) whole(gateway bool) []facts.Inbound {
	in := facts.Inbound{Port: l.port, Listener: l.name, Gateway: gateway}
	for _, ch := range l.chains {
		if !ch.blackhole {
			in.Chains = append(in.Chains, ch.Chain)
		}
	}
	out := []facts.Inbound{in}
	for _, in.Port = range l.more {
		out = append(out, in)
	}
	return out
}

// perPort splits a capture listener by destination port. Chains without one
// serve every port that has no chains of its own, which is port 0; the default chain
// serves what no other chain takes, on every port. Chains that only drop connections
// are left out.
func (l listener) perPort() []facts.Inbound {
	at := map[int]int{}
	var out []facts.Inbound
	var fallback []facts.Chain
	for _, ch := range l.chains {
		if ch.blackhole || ch.port == l.port && ch.Name == "virtualInbound-blackhole" {
			continue
		}
		if ch.fallback {
			fallback = append(fallback, ch.Chain)
		}
		i, ok := at[ch.port]
		if !ok {
			i = len(out)
			at[ch.port] = i
			out = append(out, facts.Inbound{Port: ch.port, Listener: l.name})
		}
		if !ch.fallback {
			out[i].Chains = append(out[i].Chains, ch.Chain)
		}
	}
	for i := range out {
		out[i].Chains = append(out[i].Chains, fallback...)
	}
	return out
}
