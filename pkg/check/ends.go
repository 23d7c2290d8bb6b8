package check

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Pair is a service and the pods that may be behind it: the other end of an upstream.
type Pair struct {
	Service facts.Service
	Peers   []Peer
}

// End is one endpoint of a client's cluster together with the pod behind it.
type End struct {
	Name    string // of the pod, else the address
	Peer    *Peer  // nil: no pod that was looked at has the address
	Port    int    // of the container; 0 when it is not known
	Socket  facts.Socket
	Accepts Accepts
	Hosts   *facts.HostCounters // of the client; nil: not seen
}

// EndsOf resolves AUTO to what happens: a socket and a pod for each endpoint. A
// cluster that learns the address from the connection (headless services:
// ORIGINAL_DST) has no endpoints and one socket for all: the pods that the service
// picks stand in for them. why says why the ends are not known.
func EndsOf(u *facts.Upstream, pair Pair) (ends []End, why string) {
	if u.Type == "ORIGINAL_DST" {
		return pair.behind(u), ""
	}
	if !u.EndpointsKnown {
		return nil, "the endpoints of the cluster are not known"
	}
	for _, e := range u.Endpoints {
		ends = append(ends, pair.end(u, e))
	}
	return ends, ""
}

// behind are the pods that calls of a cluster without endpoints of its own may reach. The name of a headless service gives
// the addresses of its pods: what was dialled is their port, whatever targetPort says. Endpoints that somebody wrote by
// hand are known as far as the client called them.
func (pair Pair) behind(u *facts.Upstream) []End {
	said := pair.port(u.Port)
	port := pair.Service.Dialled(said)
	var ends []End
	for i := range pair.Peers {
		if p := &pair.Peers[i]; pair.Service.Picks(p.Pod) {
			end := End{Name: p.Pod.Target.String(), Peer: p, Socket: u.SocketFor(facts.Endpoint{})}.at(port, p.Pod.PortOf(port))
			if inboundAt(p.Proxy, end.Port) == nil {
				end.Accepts.Instead = p.Pod.Missed(said, end.Port)
			}
			ends = append(ends, end)
		}
	}
	if pair.Service.Selector == nil {
		for _, e := range u.Endpoints {
			ends = append(ends, pair.end(u, e))
		}
	}
	return ends
}

func (pair Pair) end(u *facts.Upstream, e facts.Endpoint) End {
	out := End{Name: e.Address, Socket: u.SocketFor(e), Hosts: e.Hosts}
	at, err := netip.ParseAddrPort(e.Address[strings.LastIndex(e.Address, "/")+1:]) // of a tunnel: envoy://LISTENER/ADDRESS
	if err != nil {
		out.Accepts.Why = "the endpoint " + e.Address + " is no address of a pod"
		return out
	}
	ip := at.Addr().Unmap().String()
	i := slices.IndexFunc(pair.Peers, func(p Peer) bool { return p.Pod.Has(ip) })
	if i < 0 {
		out.Accepts.Why = "no pod that was looked at has the endpoint's address " + ip
		return out
	}
	out.Peer = &pair.Peers[i]
	out.Name = out.Peer.Pod.Target.String()
	if out.Socket.Through != "" {
		return out.tunnelled()
	}
	return out.at(pair.port(u.Port), int(at.Port()))
}

// tunnelled asks the pod for the mesh's own tunnel, which the connection goes through. That is
// mutual TLS whatever the port behind it takes (istio: authn ForHBONE).
func (e End) tunnelled() End {
	e.Port = tunnelPort
	e.Accepts = AcceptsOf(*e.Peer, tunnelPort)
	if e.Peer.Proxy == nil {
		return e
	}
	if in := inboundOf(e.Peer.Proxy, tunnelPort); in == nil || in.Port != tunnelPort {
		e.Accepts = Accepts{Why: "the client goes through the mesh's tunnel (HBONE), and the server's sidecar shows no listener for that"}
	}
	return e
}

// at asks the pod what it accepts on a container port.
func (e End) at(service facts.Port, port int) End {
	if e.Port = port; port == 0 {
		e.Accepts.Why = "the service's port has a name that the pod does not declare"
		return e
	}
	e.Accepts = AcceptsOf(*e.Peer, port).Speaking(service, port)
	return e
}

// port finds the service's port by its number.
func (pair Pair) port(number int) facts.Port {
	for _, p := range pair.Service.Ports {
		if p.Number == number {
			return p
		}
	}
	return facts.Port{Number: number, Target: number}
}

// pairOf is the other end of a subject, nil where nobody asked for it.
func (in Input) pairOf(s Subject) *Pair {
	for i := range in.Pairs {
		if slices.Contains(in.Pairs[i].Service.Hosts, s.Host) {
			return &in.Pairs[i]
		}
	}
	return nil
}

// paired tells whether the other end of a subject is to be judged.
func paired(in Input, s Subject) bool { return in.pairOf(s) != nil && s.Serving() != nil }
