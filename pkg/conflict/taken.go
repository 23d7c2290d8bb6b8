package conflict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// taken tells whether the plan takes an object over that is somebody else's by now.
func (in Input) taken(o facts.Ref, owner string) bool {
	return in.planned(o) && (owner == "" || owner != in.Intent.Name)
}

// before is the cluster as it is, without what this intent has made.
func (in Input) before() facts.Config {
	c := in.others()
	for _, r := range in.There.Rules {
		if in.taken(r.Object, r.Owner) {
			c.Rules = append(c.Rules, r)
		}
	}
	for _, s := range in.There.Services {
		if in.taken(s.Object, s.Owner) {
			c.Services = append(c.Services, s)
		}
	}
	return c
}

// leftOut are clients of namespaces that see a rule now and will not when it is taken over.
// Where everybody sees it, who calls is not known.
func (in Input) leftOut() []client {
	var out []client
	seen := map[string]bool{}
	for _, r := range in.There.Rules {
		if !in.taken(r.Object, r.Owner) || r.Selector != nil { // a rule with a selector is private, whatever it says
			continue
		}
		for _, ns := range in.outOfSight(r.Object, r.ExportTo) {
			c := client{Client: facts.Client{Namespace: ns, Labels: map[string]string{}}, name: "a workload of namespace " + ns}
			if ns == intent.ExportEverywhere {
				c.Namespace, c.name = "", "a workload of another namespace"
			}
			if !seen[ns] {
				seen[ns] = true
				out = append(out, c)
			}
		}
	}
	return out
}

// outOfSight are the namespaces that see an object now and will not see what the plan
// makes of it; "*" stands for all others.
func (in Input) outOfSight(o facts.Ref, was []string) []string {
	is := in.Intent.ExportTo
	if slices.Contains(is, intent.ExportEverywhere) && len(in.Intent.Workload) == 0 {
		return nil
	}
	if len(was) == 0 {
		was = []string{intent.ExportEverywhere} // Istio's default
	}
	return slices.DeleteFunc(slices.Clone(was), func(ns string) bool {
		return ns == intent.ExportHere || ns == o.Namespace || slices.Contains(is, ns)
	})
}

// fewer is what a client loses that a rule counts for, and no longer when it is taken over.
func (in Input) fewer(c client, where string, r facts.Rule, tls bool) (check.Finding, bool) {
	const fix = "take it over for all that it is for (--export-to, and no --workload), or give the others a rule of their own first"
	switch {
	case tls && c.Namespace == "":
		return warn(r.Object.String(), fmt.Sprintf("%s would send plaintext to %s: every namespace sees %s (%s), and not when it is taken over", c.name, where, r.Object, r.Mode), fix), true
	case tls:
		return fail(r.Object.String(), fmt.Sprintf("%s would send plaintext to %s: %s (%s) counts for it, and not when it is taken over", c.name, where, r.Object, r.Mode), fix), true
	case c.Namespace == "":
		return check.Finding{}, false
	}
	return warn(r.Object.String(), fmt.Sprintf("what %s says counts for %s, and not when it is taken over", r.Object, c.name), fix), true
}

// hiddenEntries are entries that the plan takes over and shows to fewer.
func (in Input) hiddenEntries() []check.Finding {
	var out []check.Finding
	for _, s := range in.There.Services {
		if s.Object.Kind != "ServiceEntry" || !in.taken(s.Object, s.Owner) {
			continue
		}
		lost := in.outOfSight(s.Object, s.ExportTo)
		if len(lost) == 0 {
			continue
		}
		who := "namespace " + strings.Join(lost, ", ")
		if slices.Contains(lost, intent.ExportEverywhere) {
			who = "every other namespace"
		}
		f := warn(s.Object.String(), fmt.Sprintf("%s makes %s known to %s, and not when it is taken over: calls from there leave as they come, without the TLS of any rule", s.Object, in.Intent.Host, who),
			"say who goes on seeing it with --export-to, or make an entry for them first")
		if in.Outbound == facts.OutboundRegistry {
			f.Outcome, f.Summary = check.Fail, f.Summary+"; and where only registered hosts are let through (REGISTRY_ONLY) they are refused"
		}
		out = append(out, f)
	}
	return out
}
