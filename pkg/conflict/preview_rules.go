package conflict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// byRules finds clients with a sidecar whose DestinationRule keeps it from sending
// mutual TLS of the mesh: a row for each rule.
func (in PreviewInput) byRules(servers []server) []Locked {
	index := in.There.Index()
	var order []string
	found := map[string]*contrary{}
	in.led(servers, func(s facts.Service, p facts.Port, _ server) {
		for _, host := range s.Hosts {
			if !in.contrary(host) {
				continue
			}
			for _, c := range in.callers() {
				for _, subset := range in.subsets(host) {
					d := index.Effective(c.Client, host, p.Number, subset)
					if !d.Found || !d.Rule.HasTLS || d.Rule.Mode == "ISTIO_MUTUAL" || d.Rule.Mode == "" {
						continue
					}
					key := fmt.Sprint(d.Rule.Object, d.Rule.Subset, d.Rule.Port, d.Rule.Mode)
					if found[key] == nil {
						found[key] = &contrary{rule: d.Rule}
						order = append(order, key)
					}
					found[key].clients = append(found[key].clients, c.name)
					found[key].servers = append(found[key].servers, serviceText(s, p))
				}
			}
		}
	})
	var out []Locked
	for _, key := range order {
		out = append(out, found[key].locked())
	}
	return out
}

// LockedByRules is what of a preview the rules alone tell: clients, of the pods that are known, that a strict intent would
// lock out because their DestinationRule keeps them from sending mutual TLS of the mesh.
func LockedByRules(in Input) []Locked {
	p := PreviewInput{Input: in}
	p.Input = p.prepared()
	return p.byRules(p.servers())
}

// contrary is a rule that sends other than mutual TLS of the mesh, and who uses it.
type contrary struct {
	rule             facts.Rule
	clients, servers []string
}

func (x contrary) locked() Locked {
	r := x.rule
	l := Locked{Kind: LockedRule, Outcome: check.Fail, Who: few(x.clients), Server: few(x.servers),
		Fix: fmt.Sprintf("take tls out of it, or set ISTIO_MUTUAL: kubectl edit destinationrule %s -n %s", r.Object.Name, r.Object.Namespace)}
	sends := "plaintext"
	switch r.Mode {
	case "SIMPLE":
		sends = "TLS without a certificate of the mesh"
	case "MUTUAL":
		sends = "TLS with a certificate of its own, which must be of the mesh's root"
		l.Outcome = check.Warn
	}
	l.Why = fmt.Sprintf("its sidecar sends %s: %s, mode %s, %s", sends, r.Object, r.Mode, levelText(r))
	return l
}

// contrary tells whether any rule that could be about the host sends other than mutual
// TLS of the mesh: the usual case is none, and then nobody need be looked up.
func (in PreviewInput) contrary(host string) bool {
	return slices.ContainsFunc(in.There.Rules, func(r facts.Rule) bool {
		return r.HasTLS && slices.Contains([]string{"DISABLE", "SIMPLE", "MUTUAL"}, r.Mode) && hostCovers(fullName(r.Host, r.Object.Namespace), host)
	})
}

// subsets are those of the rules for a host, and "" for calls to none.
func (in PreviewInput) subsets(host string) []string {
	out := []string{""}
	for _, r := range in.There.Rules {
		if r.Subset != "" && hostCovers(fullName(r.Host, r.Object.Namespace), host) && !slices.Contains(out, r.Subset) {
			out = append(out, r.Subset)
		}
	}
	return out
}

// callers are the pods with a sidecar, one of each kind.
func (in PreviewInput) callers() []client {
	var out []client
	seen := map[string]int{}
	for _, p := range in.Pods {
		if !p.Proxied() {
			continue
		}
		key := p.Target.Namespace + " " + stable(p.Target.Labels)
		if n, known := seen[key]; known {
			out[n].name = strings.TrimSuffix(out[n].name, " and others like it") + " and others like it"
			continue
		}
		seen[key] = len(out)
		out = append(out, client{Client: facts.Client{Namespace: p.Target.Namespace, Labels: p.Target.Labels}, name: "pod " + p.Target.String()})
	}
	return out
}
