package check

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// otherFamily is for an endpoint that could not be reached because the pod has no address of its family (IPv6 in a pod with IPv4
// alone): connections to it fail. Where another endpoint answers, calls that are sent there, or again, do come about, and none
// goes out without TLS: a warning. ok is false where it is not so, or the pod's addresses are not known.
func otherFamily(in Input, s Subject, h facts.Handshake) (f Finding, ok bool) {
	family := familyOf(h.Address)
	if h.Failure != facts.FailureConnect || family == "" || len(in.Proxy.Target.IPs) == 0 ||
		slices.ContainsFunc(in.Proxy.Target.IPs, func(ip string) bool { has := familyOf(ip); return has == family || has == "" }) {
		return Finding{}, false
	}
	f = Finding{Outcome: Fail, Endpoint: h.Address, Object: ruleObject(s), Summary: "the server cannot be reached from the pod, which has no " + family + " address: no call gets to this endpoint",
		Got: "the pod has " + strings.Join(in.Proxy.Target.IPs, ", "), Want: "an endpoint of a family that the pod has", Fix: "kubectl get serviceentries -A   # whose endpoints, or whose DNS, have " + h.Address + "?"}
	if slices.ContainsFunc(handshakesOf(in, s), func(o facts.Handshake) bool { return o.Failure != facts.FailureConnect }) {
		f.Outcome, f.Summary = Warn, f.Summary+", and the others are judged by themselves"
	}
	return f, true
}

// familyOf is that of an address with a port or without, "" of anything else.
func familyOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if at, odd := netip.ParseAddrPort(address); odd == nil {
		ip, err = at.Addr(), nil
	}
	switch {
	case err != nil:
		return ""
	case ip.Unmap().Is4():
		return "IPv4"
	}
	return "IPv6"
}
