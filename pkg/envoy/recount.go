package envoy

import (
	"context"
	"errors"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Recount asks a proxy that was read with this scope for its counters once more: those of its upstreams and, where the
// inbound ports were read, of what came in. Everything else is as it was. p is not changed.
func Recount(ctx context.Context, g Getter, p *facts.Proxy, s Scope) (*facts.Proxy, error) {
	c := newCollector()
	c.upstreams = slices.Clone(p.Upstreams)
	for i := range c.upstreams {
		u := &c.upstreams[i]
		u.TLS, u.Endpoints = nil, slices.Clone(u.Endpoints)
		for j := range u.Endpoints {
			u.Endpoints[j].Hosts = nil
		}
	}
	clusters, stats := "/clusters?format=json", allStats
	if !s.whole() {
		clusters += "&filter=" + escape(`.*(`+s.namePattern()+`).*|inbound\|.*`)
		stats = statPattern(c.upstreams)
	}
	c.readCounters(ctx, g, clusters, "/stats?format=json&filter="+escape(stats))
	if why, missing := c.missing[facts.FactHostCounters]; missing {
		return nil, errors.New(why)
	}
	c.joinHosts()
	c.joinStats()
	again := *p
	again.Upstreams, again.Inbound = c.upstreams, slices.Clone(p.Inbound)
	for i := range again.Inbound {
		again.Inbound[i].Served = nil
	}
	c.served(again.Inbound)
	return &again, nil
}
