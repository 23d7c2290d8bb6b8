package envoy

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// away is where a route configuration leads the calls of a name that do not all take the cluster of its own port.
type away struct {
	routes   string
	clusters []string
}

// ledAway notes where calls of the names of a virtual host are led, except where it is the ordinary one of a host: Istio
// names route configurations after their port, with the host before it or without (istio: networking/core/httproute.go).
func (u *users) ledAway(routes string, domains, clusters []string) {
	if routes == "" {
		return
	}
	own := "outbound|" + routes[strings.LastIndexAny(routes, ":_")+1:] + "||"
	if slices.ContainsFunc(clusters, func(c string) bool {
		host, ordinary := strings.CutPrefix(c, own)
		return ordinary && among(domains, host)
	}) {
		return
	}
	if u.pairs += len(domains); u.pairs > maxPairs {
		u.tired = true
		return
	}
	to := away{routes, slices.Compact(slices.Sorted(slices.Values(clusters)))}
	for _, d := range domains {
		host := strings.ToLower(withoutPort(d))
		switch have := u.away[host]; {
		case slices.ContainsFunc(have, func(a away) bool { return a.routes == routes }):
		case len(have) >= maxShared:
			u.tired = true
		default:
			u.away[host] = append(have, to)
		}
	}
}

// answered tells whether the sidecar answers all calls to an upstream's own host and port by itself: its routes are
// redirects or fixed responses.
func (u users) answered(up *facts.Upstream) bool {
	return slices.ContainsFunc(u.away[strings.ToLower(up.Host)], func(a away) bool {
		return len(a.clusters) == 0 && slices.ContainsFunc(u.outbound[up.Port], func(l facts.Outbound) bool { return slices.Contains(l.Routes, a.routes) })
	})
}

// instead are the clusters that get calls to an upstream's own host and port where it gets none of them: by HTTP routes,
// or, where nothing at all leads to it, by the listener that takes what comes in on the port.
func (u users) instead(up *facts.Upstream) []string {
	var out []string
	for _, a := range u.away[strings.ToLower(up.Host)] {
		asks := func(l facts.Outbound) bool { return slices.Contains(l.Routes, a.routes) }
		if !slices.Contains(a.clusters, up.Cluster) && slices.ContainsFunc(u.outbound[up.Port], asks) {
			out = append(out, a.clusters...)
		}
	}
	if !u.http[up.Cluster] && !u.tcp[up.Cluster] {
		for _, l := range u.outbound[up.Port] {
			if len(l.Routes) == 0 && l.Address == "0.0.0.0" {
				out = append(out, l.Clusters...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
