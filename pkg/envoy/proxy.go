package envoy

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// proxy puts together what the answers said.
func (c *collector) proxy(t facts.Target, s Scope) *facts.Proxy {
	c.joinEndpoints()
	c.joinHosts()
	c.choose()
	c.joinStats()
	c.joinMembers()
	c.joinTunnels()
	if c.users.tired {
		c.problem("which clusters get parts, or copies, of the same calls was not followed to the end: there are too many")
	}
	slices.SortStableFunc(c.secrets, func(a, b facts.Secret) int { return strings.Compare(a.Name, b.Name) })
	p := &facts.Proxy{
		Target: t, Envoy: c.boot.envoy, Istio: c.boot.istio, TLSLibrary: c.boot.library, Node: c.boot.node,
		Secrets: c.secrets, ByName: true, Rejected: c.rejected, Updates: c.stats.updates, Starting: c.waits || c.stats.starting(), Stats: c.boot.matcher, Missing: c.missing, Lost: c.lost, Problems: c.problems,
	}
	if p.Upstreams = c.upstreams; !s.All && len(s.Hosts) > 0 {
		p.Upstreams = c.withMembers(filter(c.upstreams, s.matcher()))
	}
	for i := range p.Upstreams {
		p.Upstreams[i].Protocol = c.users.protocol(p.Upstreams[i].Cluster)
	}
	c.joinOutbound(p.Upstreams)
	p.Plain, p.Outbound = c.plain, c.outbound
	p.AnyCluster = firstOf(slices.Sorted(maps.Keys(c.users.any))...)
	p.Inbound = c.inbound()
	p.Node.TrustDomain = firstOf(p.Node.TrustDomain, trustDomain(c.secrets))
	c.sayMissing(p)
	return p
}

// ofIstio tells whether Istio made the configuration: its node ids say so.
func (c *collector) ofIstio() bool {
	return c.boot.istio != "" || c.boot.node.Kind != facts.NodeUnknown
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
	c.sayTLSCounters(p, missing)
	missing(facts.FactHandshakes, "no probe was made from the pod's network")
}

// sayTLSCounters tells why upstreams with TLS have no counters of TLS.
func (c *collector) sayTLSCounters(p *facts.Proxy, missing func(facts.Fact, string)) {
	tls, counted := false, false
	for _, u := range p.Upstreams {
		tls = tls || u.Socket.Kind == facts.SocketTLS || len(u.Matches) > 0
		counted = counted || u.TLS != nil
	}
	switch {
	case counted:
	case c.ofIstio() && p.Stats.Known && !records(p.Stats, "cluster.outbound|443||host.example;.ssl.handshake"):
		missing(facts.FactTLSCounters, "Istio's default stats filter does not record cluster.*.ssl.*: annotate the pod with "+
			`sidecar.istio.io/statsInclusionRegexps: '.*\.ssl\..*,.*ssl_socket_factory.*' and restart it`)
	case tls || !p.Stats.Known:
		missing(facts.FactTLSCounters, "the proxy exports no counters cluster.*.ssl.* for these upstreams")
	}
}

// records tells whether a counter of that name passes the filter. Envoy matches
// the regular expressions against the whole name.
func records(m facts.StatsMatcher, name string) bool {
	if m.All {
		return true
	}
	for _, p := range m.Prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	for _, s := range m.Suffixes {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	for _, r := range m.Regexs {
		if re, err := regexp.Compile(`^(?:` + r + `)$`); err == nil && re.MatchString(name) {
			return true
		}
	}
	return false
}
