package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// detour finds calls to the upstream's host that do not take its cluster, or not
// all of them, although something leads to it. Nothing is the empty list.
func detour(in Input, s Subject) []Finding {
	return slices.Concat(shared(in, s), instead(in, s), taken(in, s), overtaken(s), unread(in, s), parted(in, s), unreached(in, s), addressed(in, s))
}

// shared judges those that get a part of the calls, or copies of them. What of the
// host's own clusters is not known they tell themselves.
func shared(in Input, s Subject) []Finding {
	var out []Finding
	for _, other := range s.Active.Shared {
		f := Finding{Object: ruleObject(s), Got: "the same listener or route leads to " + s.Cluster + " and to " + other.Cluster,
			Want: "TLS on every way, because of " + s.Why, Fix: "kubectl get virtualservices -A   # whose route names both?"}
		switch {
		case other.Kind == facts.SocketTLS, other.Kind != facts.SocketPlaintext && ofPort(s, other.Cluster):
			continue
		case other.Kind == facts.SocketPlaintext:
			f.Outcome, f.Summary = Fail, "some calls to "+s.Host+", or copies of them, are led to "+other.Cluster+" and leave the sidecar in plaintext"
			if strings.HasSuffix(other.Cluster, "|"+s.Host) && !in.promised(s) {
				f.Outcome = Warn
			}
		default:
			f.Summary = "some calls to " + s.Host + ", or copies of them, are led to " + other.Cluster + ": what is sent there is not known"
		}
		out = append(out, f)
	}
	return out
}

// promised tells whether somebody asked for TLS to the subject. Auto mTLS promises it only where the endpoint can take it,
// as MT002 has it.
func (in Input) promised(s Subject) bool {
	return s.Intent != nil || len(in.To) > 0 || s.Decision.Found && wantsTLS(s.Decision.Rule)
}

// ofPort tells whether a cluster is another subset of the subject's own host and port.
func ofPort(s Subject, cluster string) bool {
	return strings.HasPrefix(cluster, fmt.Sprintf("outbound|%d|", s.Port)) && strings.HasSuffix(cluster, "|"+s.Host)
}

// leading are the listeners that lead to the cluster, by themselves or by HTTP routes.
func leading(s Subject) []facts.Outbound {
	return slices.DeleteFunc(slices.Clone(s.Active.Listeners), func(l facts.Outbound) bool { return !leads(s, l) })
}

// ofItsPort are the listeners of a port.
func ofItsPort(list []facts.Outbound, port int) []facts.Outbound {
	return slices.DeleteFunc(slices.Clone(list), func(l facts.Outbound) bool { return l.Port != port })
}

// usual are the listeners of a host's own port, or where there is none all that lead to it.
func usual(list []facts.Outbound, port int) []facts.Outbound {
	if own := ofItsPort(list, port); len(own) > 0 {
		return own
	}
	return list
}

func leads(s Subject, l facts.Outbound) bool {
	return slices.Contains(l.Clusters, s.Cluster) || slices.ContainsFunc(l.Routes, func(r string) bool { return slices.Contains(s.Active.Routes, r) })
}

// taken: the application calls the address that the host's name resolves to, or that its Service has, and a listener of
// another host stands on exactly this address and port. Only clusters that Envoy resolves by DNS tell the address that
// the application gets, too.
func taken(in Input, s Subject) []Finding {
	on := leading(s)
	dns := slices.Contains([]string{"STRICT_DNS", "LOGICAL_DNS"}, s.Active.Type)
	var out []Finding
	for _, l := range s.Active.Listeners {
		beside := ofItsPort(on, l.Port)
		if l.Unread != "" || everyAddress(l) || leads(s, l) || len(beside) == 0 || slices.ContainsFunc(beside, func(o facts.Outbound) bool { return !everyAddress(o) }) {
			continue
		}
		to := strings.Join(l.Clusters, ", ")
		if to == "" {
			to = "whatever its HTTP routes say"
		}
		f := Finding{Object: ruleObject(s), Got: "listener " + l.Listener + " leads to " + to, Want: "no other ServiceEntry or Service on the address of " + s.Host, Fix: "kubectl get serviceentries -A   # whose addresses have " + l.Address + "?"}
		switch {
		case dns && calledAt(s, l):
			f.Outcome, f.Summary = Fail, fmt.Sprintf("calls to %s at %s are taken by the listener of another host, and lead to %s: perhaps in plaintext", s.Host, l.Address, to)
		case in.hasAddress(s, beside[0], l) && (len(l.Clusters) == 0 || slices.ContainsFunc(l.Clusters, func(c string) bool { return !ofPort(s, c) })):
			f.Summary = fmt.Sprintf("whether calls to %s at %s are encrypted is not known: they are taken by the listener of another host, and lead to %s", s.Host, l.Address, to)
		default:
			continue
		}
		out = append(out, f)
	}
	return out
}

// hasAddress tells whether a listener has an address of the host's own Service, as the objects or the host's routes have
// it; on is the listener for every address that leads to the cluster.
func (in Input) hasAddress(s Subject, on, l facts.Outbound) bool {
	own := in.called(s, on)
	for _, n := range s.Active.Names {
		if a, err := netip.ParseAddr(strings.Trim(n, "[]")); err == nil {
			own = append(own, a.Unmap())
		}
	}
	return slices.ContainsFunc(append([]string{l.Address}, l.Also...), func(text string) bool {
		a, err := netip.ParseAddr(text)
		return err == nil && slices.Contains(own, a.Unmap())
	})
}

// unread: of a listener that may take the calls nothing is known.
func unread(in Input, s Subject) []Finding {
	for _, l := range s.Active.Listeners {
		if l.Unread != "" && in.mayTake(s, l) {
			return one(Finding{Object: ruleObject(s), Summary: "which calls to " + s.Host + " take its cluster is not known: a listener that may take them could not be read, or gets no calls",
				Got: strings.TrimSpace("listener "+l.Listener) + ": " + l.Unread, Want: "listeners of a shape that is known", Fix: "kubectl get envoyfilters -A   # which adds a listener, or changes or removes virtualOutbound?"})
		}
	}
	return nil
}

// mayTake tells whether calls to the host may come in by a listener: by its own address, or, where none that leads to
// the cluster has the address that is called, as the one for every address.
func (in Input) mayTake(s Subject, l facts.Outbound) bool {
	on := leading(s)
	if l.Address == "" || len(on) == 0 {
		return true
	}
	if everyAddress(l) {
		return slices.ContainsFunc(on, everyAddress)
	}
	return slices.ContainsFunc(on, func(o facts.Outbound) bool {
		return slices.ContainsFunc(in.called(s, o), func(a netip.Addr) bool { return !a.IsValid() || a.String() == l.Address })
	})
}

// calledAt tells whether the host resolves to an address of the listener.
func calledAt(s Subject, l facts.Outbound) bool {
	for _, text := range append([]string{l.Address}, l.Also...) {
		address, err := netip.ParseAddr(text)
		if err == nil && slices.ContainsFunc(s.Active.Endpoints, func(e facts.Endpoint) bool {
			at, err := netip.ParseAddrPort(e.Address)
			return err == nil && at.Addr().Unmap() == address.Unmap()
		}) {
			return true
		}
	}
	return false
}

// unreached: listeners on loopback take only what the application sends there by
// address (istio: bind of a Sidecar's egress listener). What a route or a filter leads to
// the cluster need not come from the application: that of a socket of Unix, or of no
// listener that was read, does not.
func unreached(in Input, s Subject) []Finding {
	on := leading(s)
	if len(on) == 0 && in.Proxy.Node.Kind == facts.NodeSidecar && s.Active.Direction == "outbound" {
		return one(Finding{Summary: "something leads to this cluster, and it is not known whether calls to " + s.Host + " do: no listener for the application's calls that was read leads there", Object: ruleObject(s),
			Got: "a filter or a route that names " + s.Cluster + ", and no listener of any port for the application", Want: "a listener that takes calls to " + s.Host, Fix: "kubectl get sidecars,envoyfilters -A"})
	}
	on = usual(on, s.Port)
	if len(on) == 0 || slices.ContainsFunc(on, func(l facts.Outbound) bool { return !loopback(l) }) {
		return nil
	}
	at := fmt.Sprintf("%s:%d", on[0].Address, on[0].Port)
	return one(Finding{Summary: "only what the application sends to " + at + " gets to this cluster: calls to " + s.Host + " go another way, perhaps in plaintext",
		Got: "listener " + on[0].Listener, Want: "a listener that takes calls to " + s.Host, Fix: "kubectl get sidecars.networking.istio.io -A   # an egress listener with bind"})
}

// addressed: listeners of an external host on addresses that none of its endpoints has take only what the application
// sends there. Whether it does hangs on its DNS (istio: addresses of a ServiceEntry, DNS proxying); a call that
// completed tells. Of a port for TLS of the application those count that lead plain calls of other ports there.
func addressed(in Input, s Subject) []Finding {
	on := usual(leading(s), s.Port)
	if _, protocol := portProtocol(in, s); (facts.Port{Protocol: protocol}).OwnTLS() {
		on = leading(s)
	}
	done, _, _ := handshakes(s.Active)
	if len(on) == 0 || !s.Active.External || done > 0 || slices.ContainsFunc(on, func(l facts.Outbound) bool { return everyAddress(l) || loopback(l) || calledAt(s, l) }) {
		return nil
	}
	return one(Finding{Outcome: Warn, Object: ruleObject(s), Summary: "only calls to " + on[0].Address + " get to this cluster, and none did yet: where the application resolves " + s.Host + " to another address its calls go around the TLS",
		Got: "listener " + on[0].Listener, Want: "DNS that gives the application this address, or a ServiceEntry without addresses", Fix: "kubectl get serviceentries -A   # whose addresses have " + on[0].Address + "? Is DNS proxying on (ISTIO_META_DNS_CAPTURE)?"})
}

func loopback(l facts.Outbound) bool {
	a, err := netip.ParseAddr(l.Address)
	return err == nil && a.IsLoopback()
}

func everyAddress(l facts.Outbound) bool {
	return slices.ContainsFunc(append([]string{l.Address}, l.Also...), func(text string) bool {
		a, err := netip.ParseAddr(text)
		return err == nil && a.IsUnspecified()
	})
}
