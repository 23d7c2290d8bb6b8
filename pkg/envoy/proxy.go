package envoy

import (
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// proxy puts together what the answers said.
func (c *collector) proxy(t facts.Target, s Scope) *facts.Proxy {
	c.joinEndpoints()
	c.joinHosts()
	c.joinStats()
	p := &facts.Proxy{
		Target: t, Envoy: c.boot.envoy, Istio: c.boot.istio, Node: c.boot.node,
		Secrets: c.secrets, Rejected: c.rejected, Updates: c.stats.updates, Stats: c.boot.matcher, Missing: c.missing, Problems: c.problems,
	}
	p.Upstreams = filter(c.upstreams, s.matcher())
	for i := range p.Upstreams {
		p.Upstreams[i].Protocol = c.users.protocol(p.Upstreams[i].Cluster)
	}
	p.Inbound = c.inbound(p.Node.Kind, p.Istio != "" || p.Node.Kind != facts.NodeUnknown)
	p.Node.TrustDomain = firstOf(p.Node.TrustDomain, trustDomain(c.secrets))
	c.sayMissing(p)
	return p
}

// sectionFacts are the facts that a section brings, and why it may be absent.
var sectionFacts = []struct {
	part part
	fact facts.Fact
	why  string
}{
	{partClusters, facts.FactClusters, "the dump has no section of clusters"},
	{partEndpoints, facts.FactEndpoints, "the dump has no section of endpoints: it was saved without include_eds, or Envoy is older than 1.15"},
	{partListeners, facts.FactListeners, "the dump has no section of listeners"},
	{partRoutes, facts.FactRoutes, "the dump has no section of routes"},
	{partSecrets, facts.FactSecrets, "the dump has no section of secrets"},
}

// sayMissing tells in words why a fact is not there.
func (c *collector) sayMissing(p *facts.Proxy) {
	missing := func(f facts.Fact, why string) {
		if _, told := p.Missing[f]; !told {
			p.Missing[f] = why
		}
	}
	for _, s := range sectionFacts {
		if c.seen&s.part == 0 {
			missing(s.fact, s.why)
		}
	}
	if p.Envoy == "" && p.Node.ID == "" {
		missing(facts.FactServerInfo, "the dump has no bootstrap, and there is no server_info")
	}
	if p.Updates.ClustersRejected == nil && p.Updates.ListenersRejected == nil {
		missing(facts.FactUpdates, "the counters of refused updates (cluster_manager.cds.update_rejected) are not in the answer of /stats")
	}
	counted := false
	for _, u := range p.Upstreams {
		counted = counted || u.TLS != nil
	}
	if !counted {
		missing(facts.FactTLSCounters, noTLSCounters(p))
	}
	missing(facts.FactHandshakes, "no probe was made from the pod's network")
}

func noTLSCounters(p *facts.Proxy) string {
	const none = "the proxy exports no counters cluster.*.ssl.* for these upstreams"
	if !p.Stats.Known || p.Stats.All || p.Istio == "" {
		return none
	}
	for _, prefix := range p.Stats.Prefixes {
		if strings.HasPrefix(prefix, "cluster.outbound") || prefix == "cluster" || prefix == "cluster." {
			return none
		}
	}
	return "Istio's default stats filter does not record cluster.*.ssl.*: annotate the pod with " +
		`sidecar.istio.io/statsInclusionRegexps: '.*\.ssl\..*,.*ssl_socket_factory.*' and restart it`
}
