package check

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Peer is one pod that may stand at the other end of a connection.
type Peer struct {
	Pod   facts.Pod
	Proxy *facts.Proxy // nil: the pod has none, or it could not be read
	Err   string       // why it could not be read
}

// Accepts is what a pod takes on one of its container ports. The zero value is not
// known.
type Accepts struct {
	Mode    facts.Mode // ModeNone: no sidecar stands before the application
	OpensNo bool       // TLS of the application itself is let through unopened
	First   bool       // the server speaks first, as the Service's port or its number tells
	Gateway bool       // a gateway of the mesh takes it
	Raw     bool       // the Service's port is not declared HTTP: TLS that a client's application speaks passes both sidecars as it is
	Guessed bool       // sidecars of clients guess the protocol from the client's first bytes
	Instead int        // the container port that the Service says, where calls get to another; 0: none
	Why     string     // why Mode is not known, or is ModeNone
}

// ModeNone means that connections reach the application as they are sent.
const ModeNone facts.Mode = "NONE"

// Annotations by which a pod keeps ports out of its sidecar's hands on the way in
// (istio: pkg/config/annotation, tools/istio-iptables).
const (
	excludeInbound = "traffic.sidecar.istio.io/excludeInboundPorts"
	includeInbound = "traffic.sidecar.istio.io/includeInboundPorts"
)

// AcceptsOf tells what a pod takes on a container port, from its live filter chains.
func AcceptsOf(p Peer, port int) Accepts {
	switch {
	case p.Pod.Proxied():
	case p.Pod.Ambient:
		return Accepts{Why: "the pod is in ambient mode: its ztunnel was not asked"}
	default:
		return Accepts{Mode: ModeNone, OpensNo: true, Why: "no sidecar"}
	}
	if why := uncaptured(p.Pod.Target, port); why != "" {
		return Accepts{Mode: ModeNone, OpensNo: true, Why: why}
	}
	if p.Proxy == nil {
		return Accepts{Why: p.Err}
	}
	if why, missing := p.Proxy.Lacks(facts.FactListeners); missing {
		return Accepts{Why: why}
	}
	if p.Pod.Target.Annotations[interception] == "NONE" {
		return Accepts{Why: "the sidecar captures nothing (" + interception + ": NONE)"}
	}
	in := inboundOf(p.Proxy, port)
	if in == nil {
		return Accepts{Why: fmt.Sprintf("the sidecar shows no inbound listener for port %d", port)}
	}
	a := Accepts{Mode: in.Mode(p.Proxy), Gateway: in.Gateway}
	a.OpensNo = slices.ContainsFunc(in.Chains, func(c facts.Chain) bool { return opensNo(c, a.Mode) })
	if a.Mode == facts.ModeUnknown {
		a.Why = fmt.Sprintf("the filter chains of port %d could not be judged", port)
	}
	return a
}

// inboundOf finds the chains of a port: its own, else those of every port without.
func inboundOf(p *facts.Proxy, port int) *facts.Inbound {
	var rest *facts.Inbound
	for i := range p.Inbound {
		switch in := &p.Inbound[i]; {
		case in.Gateway != (p.Node.Kind == facts.NodeRouter):
		case in.Port == port:
			return in
		case in.Port == 0:
			rest = in
		}
	}
	return rest
}

// inboundAt finds chains of the port's own, which Istio makes where a Service leads to it.
func inboundAt(p *facts.Proxy, port int) *facts.Inbound {
	if p == nil {
		return nil
	}
	if in := inboundOf(p, port); in != nil && in.Port == port {
		return in
	}
	return nil
}

// opensNo tells whether a chain hands TLS of anybody to the application unopened.
// Where a chain names ALPNs, only such TLS comes in. On a port whose mode is DISABLE
// nobody looks for TLS (istio leaves the port out of the tls_inspector): it counts as
// raw bytes, which the application gets unless they are read as HTTP.
func opensNo(c facts.Chain, mode facts.Mode) bool {
	return c.Socket.Kind == facts.SocketPlaintext && len(c.ALPN) == 0 && (c.TransportProtocol != "raw_buffer" || mode == facts.ModeDisable && !c.HTTP)
}

func uncaptured(t facts.Target, port int) string {
	key := uncapturing(t.Annotations, port)
	if key == "" {
		return ""
	}
	return steeredBy(t, key)
}

// uncapturing is the annotation that keeps a port out of the sidecar's hands; "" where none does.
func uncapturing(notes map[string]string, port int) string {
	if slices.Contains(words(notes[noInterfaces]), mainInterface) {
		return noInterfaces
	}
	if slices.Contains(words(notes[excludeInbound]), strconv.Itoa(port)) {
		return excludeInbound
	}
	only, set := notes[includeInbound]
	if list := words(only); set && !slices.Contains(list, "*") && !slices.Contains(list, strconv.Itoa(port)) {
		return includeInbound
	}
	return ""
}
