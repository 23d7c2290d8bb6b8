package conflict

import (
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// ruleWins: the plan's DestinationRule must be the one that Istio picks, for every
// client of the intent. Rules do not add up: one counts (facts.Config.Effective).
func ruleWins() *Conflict {
	return &Conflict{
		ID: "MT032", Name: "rule-wins",
		Doc: "for every client of the intent the plan's DestinationRule is the one that counts",
		Find: func(in Input) []check.Finding {
			if !toHost(in.Intent) || len(in.Plan.Rules) == 0 {
				return nil
			}
			out, named := in.rulesOfHost()
			after := in.after()
			index := after.Index()
			for _, c := range in.clients() {
				if !c.ours {
					continue
				}
				for _, port := range in.Intent.TLSPorts() {
					d := index.Effective(c.Client, in.Intent.Host, port, in.Intent.Subset)
					if d.Found && in.planned(d.Rule.Object) && d.Rule.HasTLS || named[d.Rule.Object] {
						continue
					}
					out = append(out, in.beaten(c, port, d))
					named[d.Rule.Object] = true
				}
			}
			return out
		},
	}
}

// rulesOfHost finds the rules of the very host in the intent's namespace: Istio merges
// such rules, and the first policy wins.
func (in Input) rulesOfHost() ([]check.Finding, map[facts.Ref]bool) {
	var out []check.Finding
	named := map[facts.Ref]bool{}
	if in.Intent.LeadsToGateway() {
		return nil, named // one gateway serves many hosts: their rules are merged, subset by subset
	}
	for _, r := range in.others().Rules {
		if named[r.Object] || r.Object.Namespace != in.Intent.Namespace || r.Host != in.Intent.Host {
			continue
		}
		if r.Selector != nil && len(in.Intent.Workload) > 0 && !meet(r.Selector, in.Intent.Workload) {
			continue
		}
		named[r.Object] = true
		out = append(out, alreadyThere(r.Object, in.Intent.Host, in.Intent.Name, r.Owner))
	}
	return out, named
}

func alreadyThere(o facts.Ref, host, name, owner string) check.Finding {
	if owner != "" {
		return fail(o.String(), fmt.Sprintf("%s is already there for host %s: it is of %q, which alone can give it back", o, host, owner),
			fmt.Sprintf("kubectl mesh-tls disable %s -n %s", owner, o.Namespace))
	}
	return fail(o.String(), fmt.Sprintf("%s is already there for host %s and was not made by this tool as %q; take it over with --adopt, or delete it", o, host, name),
		"--adopt keeps what it says beside TLS, and disable gives it back")
}

func (in Input) beaten(c client, port int, d facts.Decision) check.Finding {
	why := d.Unsure
	for _, r := range d.Rejected {
		if in.planned(r.Rule.Object) {
			why = r.Why
		}
	}
	if why == "" {
		why = "no rule at all counts for it"
	}
	object := ""
	if d.Found {
		object = d.Rule.Object.String()
	}
	return fail(object, fmt.Sprintf("%s would not use the plan's rule for %s:%d: %s", c.name, in.Intent.Host, port, why),
		"change or delete the rule that wins, or enable it there")
}
