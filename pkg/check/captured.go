package check

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// calledAddresses are those that applications call to get to an upstream, which the annotations of a pod name, too: the
// host's own, as the proxy's listeners and routes have them (a Service's cluster IP), else those of its endpoints. A host
// outside the mesh may resolve to either, which hangs on the application's DNS: sure is false.
func calledAddresses(u *facts.Upstream) (all []netip.Addr, sure bool) {
	for _, n := range u.Names {
		if a, err := netip.ParseAddr(strings.Trim(n, "[]")); err == nil {
			all = append(all, a)
		}
	}
	for _, l := range u.Listeners {
		a, err := netip.ParseAddr(l.Address)
		if err == nil && !a.IsUnspecified() && !a.IsLoopback() && slices.Contains(l.Clusters, u.Cluster) {
			all = append(all, a)
		}
	}
	own := len(all) > 0
	if own && !u.External {
		return all, true
	}
	for _, e := range u.Endpoints {
		if at, err := netip.ParseAddrPort(e.Address); err == nil {
			all = append(all, at.Addr().Unmap())
		}
	}
	return all, !own
}

// inRanges tells how many of the addresses that applications call are in the ranges, of how many, and whether those are
// surely the ones. With a gateway on the way they are the host's, not the upstream's.
func inRanges(in Input, ranges string, s Subject) (n, of int, sure bool) {
	called := []*facts.Upstream{s.Serving()}
	if s.Intent != nil && s.Intent.LeadsToGateway() {
		called = nil
		for i := range in.Proxy.Upstreams {
			if u := &in.Proxy.Upstreams[i]; strings.EqualFold(u.Host, s.Intent.SNI) {
				called = append(called, u)
			}
		}
	}
	sure = true
	for _, u := range called {
		all, known := calledAddresses(u)
		for _, a := range all {
			if of++; covers(ranges, a) {
				n++
			}
		}
		sure = sure && known
	}
	return n, of, sure
}

func covers(ranges string, a netip.Addr) bool {
	return slices.ContainsFunc(words(ranges), func(r string) bool {
		prefix, err := netip.ParsePrefix(r)
		return r == "*" || err == nil && prefix.Contains(a)
	})
}

func words(list string) []string {
	out := strings.Split(list, ",")
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

// Around tells what the pod's annotations and users make of calls to an upstream, before the sidecar sees any: OK with no
// words where it captures them, else the finding of MT018.
func (in Input) Around(s Subject) Finding {
	if s.Serving() == nil || in.Proxy.Target.Annotations == nil || in.Proxy.Node.Kind == facts.NodeRouter {
		return Finding{Outcome: OK}
	}
	return captured(in, s)
}
