package conflict

import (
	"fmt"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// ruleVerifies: a rule that is taken over keeps its other ports and subsets. What they
// lack does not become better by that, and the rule is then ours to answer for.
func ruleVerifies() *Conflict {
	return &Conflict{
		ID: "MT038", Name: "rule-verifies",
		Doc: "every TLS setting of the rule, taken-over ones included, checks the server's certificate and name",
		Find: func(in Input) []check.Finding {
			var out []check.Finding
			for _, r := range in.levels() {
				if !r.HasTLS || r.Mode != "SIMPLE" && r.Mode != "MUTUAL" {
					continue
				}
				if what := unverified(r); what != "" {
					out = append(out, warn(r.Object.String(), fmt.Sprintf("%s, %s: %s", r.Object, levelText(r), what), "kubectl edit destinationrule "+r.Object.Name+" -n "+r.Object.Namespace))
				}
			}
			return out
		},
	}
}

// levels are those of the plan's rules, and the whole-rule TLS that server-side apply
// leaves in a rule that is there.
func (in Input) levels() []facts.Rule {
	out := append([]facts.Rule(nil), in.Plan.Rules...)
	for _, r := range in.There.Rules {
		if in.planned(r.Object) && r.Subset == "" && r.Port == 0 && r.HasTLS && r.Owner != in.Intent.Name {
			out = append(out, r)
		}
	}
	return out
}

func unverified(r facts.Rule) string {
	switch {
	case r.SkipCA:
		return "insecureSkipVerify is set: any certificate of anybody is taken"
	case ignored(r):
		return fmt.Sprintf("credentialName %s without workloadSelector: Istio gives a sidecar no TLS at all then", r.CredName)
	case r.SNI != "" && len(r.SANs) == 0:
		return "sni without subjectAltNames: Istio then checks no name, so any certificate of the CA is good"
	}
	return ""
}

func levelText(r facts.Rule) string {
	var parts []string
	if r.Subset != "" {
		parts = append(parts, "subset "+r.Subset)
	}
	if r.Port != 0 {
		parts = append(parts, fmt.Sprintf("port %d", r.Port))
	}
	if len(parts) == 0 {
		return "all ports"
	}
	return strings.Join(parts, ", ")
}

// ignored tells of a rule whose TLS a sidecar leaves out without a word (istio: cluster_tls.go).
func ignored(r facts.Rule) bool {
	return r.CredName != "" && r.Selector == nil && !strings.HasPrefix(r.CredName, "configmap://")
}
