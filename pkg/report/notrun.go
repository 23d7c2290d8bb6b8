package report

import (
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// idle says of each check that does not always apply what was not there to look
// at, and which fact would have brought it.
var idle = map[string]struct {
	fact facts.Fact
	why  string
}{
	"MT002": {facts.FactClusters, "the proxy has no cluster for these upstreams"},
	"MT003": {facts.FactClusters, "no upstream has a TLS socket"},
	"MT004": {facts.FactClusters, "no upstream has a TLS socket"},
	"MT005": {facts.FactClusters, "no cluster is active for these upstreams"},
	"MT006": {facts.FactClusters, "no upstream has a TLS socket"},
	"MT007": {facts.FactClusters, "no upstream has a TLS socket"},
	"MT008": {facts.FactSecrets, "no certificate of a CA was seen"},
	"MT009": {facts.FactClusters, "no client certificate is asked for or configured"},
	"MT010": {"", "no intent of this tool covers these upstreams"},
	"MT011": {facts.FactRules, "no DestinationRule is in effect for an upstream with TLS"},
	"MT012": {facts.FactHostCounters, "no counters of TLS connections were seen"},
	"MT013": {facts.FactHandshakes, "no TLS conversation with a server was made (--probe)"},
	"MT014": {facts.FactUpdates, "the counters of refused updates were not seen"},
	"MT016": {facts.FactPolicies, "no intent of recipe strict and no PeerAuthentication covers this pod, or --to asked about upstreams"},
	"MT017": {facts.FactListeners, "no upstream that a rule, an intent or --to asks for has TLS here"},
	"MT018": {"", "the pod was not read, or its upstreams have no cluster"},
	"MT019": {"", "no intent of recipe mutual, role gateway, covers this pod"},
	"MT020": {"", "no service of the mesh was named (--to svc/NAME), so the other end was not asked"},
	"MT021": {"", "no mutual TLS to a service that was named (--to svc/NAME)"},
	"MT022": {"", "no counters of both ends of a service that was named (--to svc/NAME)"},
	"MT023": {"", "nothing that is judged stands on the workload's certificate, or none was seen"},
	"MT024": {"", "no CA of these upstreams is an object of the cluster that may be read"},
	"MT026": {"", "no policy for TLS was asked for (--min-tls, --policy), or no upstream has TLS"},
	"MT027": {"", "no policy for TLS was asked for (--min-tls, --policy), or no port takes TLS"},
	"MT025": {facts.FactRules, "no DestinationRule is in effect for an upstream with TLS"},
}

// notRun lists the checks without any finding, and why there is none; nothing is
// that no upstream is meant to be TLS.
func notRun(in check.Input, ran map[string]bool, nothing bool) []NotRun {
	out := []NotRun{}
	for _, c := range check.All() {
		if ran[c.ID] {
			continue
		}
		out = append(out, NotRun{ID: c.ID, Name: c.Name, Why: whyIdle(in, c, nothing)})
	}
	return out
}

func whyIdle(in check.Input, c *check.Check, nothing bool) string {
	if nothing && c.Proxy == nil {
		return "no upstream is meant to be TLS"
	}
	i, known := idle[c.ID]
	if !known {
		return "it had nothing to look at"
	}
	if why := lacking(in, i.fact); why != "" {
		return why
	}
	return i.why
}

// lacking says why a fact is missing; empty when it is there.
func lacking(in check.Input, f facts.Fact) string {
	if f == facts.FactRules || f == facts.FactPolicies {
		if in.Config == nil {
			return "the objects of the cluster were not read"
		}
		return in.Config.Missing[f]
	}
	why, missing := in.Proxy.Lacks(f)
	if missing && why == "" {
		return "missing: " + string(f)
	}
	return why
}
