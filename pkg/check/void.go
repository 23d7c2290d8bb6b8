package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// void gives a subject for each rule that asks for TLS to a host that the proxy has no cluster for: Istio puts a rule's
// settings on clusters, and on nothing else. Only rules that somebody wrote for clients like this one: those of its own
// namespace, and those beside a ServiceEntry that covers the host by a wildcard.
func (in Input) void(have []Subject) []Subject {
	if _, lacks := in.lacksRules(); !in.Void || lacks || in.Proxy.Node.Kind == facts.NodeRouter {
		return nil
	}
	known := map[string]bool{}
	for _, s := range have {
		known[strings.ToLower(s.Host)] = true
	}
	var out []Subject
	rules, names := in.rules(), in.coverage()
	for _, r := range in.Config.Rules {
		host := strings.ToLower(r.FullHost())
		if host == "" || strings.HasPrefix(host, "*") || known[host] || !wantsTLS(r) || r.Mode == "DISABLE" || r.Owner != "" {
			continue
		}
		u := names.takes(host, r.Port)
		if u == nil && r.Object.Namespace != in.client().Namespace {
			continue
		}
		d := rules.Effective(in.client(), host, r.Port, r.Subset)
		if counts := d.Found && d.Rule.Object == r.Object; !counts && !in.besideWildcard(r, u) {
			continue
		}
		known[host] = true
		out = append(out, Subject{Cluster: fmt.Sprintf("outbound|%d||%s", r.Port, host), Host: host, Port: r.Port, Meant: true, Why: r.Object.String(), Decision: facts.Decision{Rule: r, Found: true}})
	}
	return out
}

// besideWildcard tells whether a rule stands beside the ServiceEntry whose wildcard takes the calls of its host, and this
// client sees it.
func (in Input) besideWildcard(r facts.Rule, u *facts.Upstream) bool {
	if u == nil || r.Selector != nil || len(r.ExportTo) > 0 && !slices.Contains(r.ExportTo, "*") && !slices.Contains(r.ExportTo, in.client().Namespace) {
		return false
	}
	return slices.ContainsFunc(in.Config.Services, func(s facts.Service) bool {
		return s.Object.Namespace == r.Object.Namespace && slices.Contains(s.Hosts, u.Host)
	})
}

// ruleWithoutCluster is what MT001 says of such a rule: what becomes of the host's calls.
func ruleWithoutCluster(in Input, s Subject) Finding {
	f := Finding{Outcome: Warn, Object: s.Decision.Rule.Object.String(), Got: "no cluster for " + s.Host, Want: "a ServiceEntry or Service of exactly this host, that this client sees",
		Summary: fmt.Sprintf("the rule asks for TLS to %s, and the sidecar knows no such host: the rule does nothing, and calls to it, if there are any, %s", s.Host, in.unknownCalls()),
		Fix:     "kubectl get serviceentries,services,sidecars.networking.istio.io -A   # who has " + s.Host + ", and does a Sidecar hide it?"}
	u := in.takes(s.Host, s.Port)
	if u == nil {
		return f
	}
	f.Got = "calls take the cluster " + u.Cluster
	f.Summary = fmt.Sprintf("the rule does nothing: the sidecar knows %s only as %s, whose own rules count for it", s.Host, u.Host)
	f.Fix = fmt.Sprintf("kubectl get serviceentries,services -A   # %s needs a ServiceEntry of its own, or the rule must be for %s", s.Host, u.Host)
	sockets, seen := (Subject{Active: u}).InEffect()
	if seen && slices.ContainsFunc(sockets, func(k facts.Socket) bool { return k.Kind == facts.SocketPlaintext }) {
		f.Outcome, f.Summary = Fail, f.Summary+"; its calls leave in plaintext"
	}
	return f
}
