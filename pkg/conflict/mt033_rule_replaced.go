package conflict

import (
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// ruleReplaced: a rule for a host goes before one for a wildcard, whole: what the wider
// rule said, of other ports and other workloads too, is lost with it.
func ruleReplaced() *Conflict {
	return &Conflict{
		ID: "MT033", Name: "rule-replaced",
		Doc: "no connection loses the TLS of somebody else's rule because of the plan's",
		Find: func(in Input) []check.Finding {
			if !toHost(in.Intent) || len(in.Plan.Rules) == 0 {
				return nil
			}
			others, after := in.before(), in.after()
			before, then := others.Index(), after.Index()
			var out []check.Finding
			_, named := in.rulesOfHost() // MT032 tells of them
			told := map[string]bool{}
			for _, c := range append(in.clients(), in.leftOut()...) {
				for _, port := range in.portsOf(others) {
					if _, routed := in.Intent.RoutedFrom(port); routed && c.ours {
						continue
					}
					was, is := before.Effective(c.Client, in.Intent.Host, port, ""), then.Effective(c.Client, in.Intent.Host, port, "")
					f, changed := in.replaced(c, port, was, is)
					if key := fmt.Sprint(f.Object, f.Outcome, port); changed && !told[key] && !named[was.Rule.Object] {
						told[key] = true
						out = append(out, f)
					}
				}
			}
			return out
		},
	}
}

// portsOf are the ports of the host, the intent's and those that others know.
func (in Input) portsOf(c facts.Config) []int {
	out := slices.Clone(in.Intent.TLSPorts())
	for _, s := range c.Services {
		for _, h := range s.Hosts {
			if !hostCovers(h, in.Intent.Host) {
				continue
			}
			for _, p := range s.Ports {
				out = append(out, p.Number)
			}
		}
	}
	for _, p := range in.Intent.Ports {
		out = append(out, p.Number)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (in Input) replaced(c client, port int, was, is facts.Decision) (check.Finding, bool) {
	r := was.Rule
	if !was.Found || is.Found && is.Rule.Object == r.Object || !r.Policy && !r.HasTLS {
		return check.Finding{}, false
	}
	tls := r.HasTLS && r.Mode != "" && r.Mode != "DISABLE"
	where := fmt.Sprintf("%s:%d", in.Intent.Host, port)
	if in.planned(r.Object) {
		return in.fewer(c, where, r, tls && !ignored(r) && (!is.Found || !is.Rule.HasTLS))
	}
	switch {
	case tls && (!is.Found || !is.Rule.HasTLS):
		return fail(r.Object.String(), fmt.Sprintf("%s would send plaintext to %s: %s (host %s, %s) no longer counts for it, because Istio uses one rule only and the plan's goes before it", c.name, where, r.Object, r.Host, r.Mode),
			fmt.Sprintf("give the wider rule's settings to a rule for %s, for all workloads and ports, and take that over with --adopt", in.Intent.Host)), true
	case r.HasTLS:
		return warn(r.Object.String(), fmt.Sprintf("TLS of %s (host %s, %s) no longer counts for %s: the plan's rule goes before it", r.Object, r.Host, r.Mode, where), ""), true
	}
	return warn(r.Object.String(), fmt.Sprintf("what %s (host %s) says beside TLS, as load balancing or outlier detection, no longer counts for %s: the plan's rule goes before it, and Istio adds no rules up", r.Object, r.Host, where),
		"repeat it in the plan's rule after the enable"), true
}
