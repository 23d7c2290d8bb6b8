package check

import (
	"fmt"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// plaintextReason names why an upstream that should be TLS is not, the object to
// look at, and a command that helps. Sources: istio cluster_tls.go
// buildUpstreamClusterTLSContext, push_context.go destinationRule.
func plaintextReason(in Input, s Subject) (why, object, fix string) {
	if _, lacks := in.lacksRules(); lacks {
		if s.Serving().TLSAsked {
			return "a rule asks for TLS and Istio ignored it (as it does with credentialName on a sidecar without workloadSelector)", s.Serving().Rule.String(), "kubectl get destinationrules -A"
		}
		return "the cluster has no TLS, and the rules of the cluster were not read to tell why", "", ""
	}
	if s.Decision.Found {
		return effectiveReason(in, s, s.Decision.Rule)
	}
	if len(s.Decision.Rejected) > 0 {
		var whys []string
		for _, r := range s.Decision.Rejected {
			whys = append(whys, r.Why)
		}
		first := s.Decision.Rejected[0].Rule.Object
		return strings.Join(whys, "; "), first.String(), first.Get()
	}
	if why, object, fix, known := meshReason(in, s); known && s.Intent == nil {
		return why, object, fix
	}
	return "no DestinationRule asks for TLS for this host", intentObject(s), enableAgain(s)
}

func effectiveReason(in Input, s Subject, r facts.Rule) (why, object, fix string) {
	object = r.Object.String()
	silent := "the rule that wins says nothing about TLS here"
	if replaced := replacedRule(s); replaced != nil && !r.HasTLS {
		silent += ", and " + replaced.Why
	}
	edit := r.Object.Edit()
	switch {
	case !r.HasTLS && elsewhere(s) == "" && s.Intent == nil:
		if why, culprit, fix, known := meshReason(in, s); known {
			return silent + "; " + why, culprit, fix
		}
		return silent, object, edit
	case !r.HasTLS:
		return silent + elsewhere(s), object, edit
	case r.BadCA != "":
		return RefusedPolicy(s) + ", and gives a sidecar no TLS at all then", object, edit
	case r.Mode == "DISABLE":
		return "the rule says mode DISABLE", object, edit
	case ignoredCredential(r) && in.Proxy.Node.Kind != facts.NodeRouter:
		return "the rule uses credentialName without workloadSelector, which Istio ignores on sidecars", object,
			"kubectl patch destinationrule " + r.Object.Name + " -n " + r.Object.Namespace + " --type merge -p '{\"spec\":{\"workloadSelector\":{\"matchLabels\":{\"app\":\"" + appLabel(s) + "\"}}}}'"
	case r.Mode == "MUTUAL" && r.CredName == "" && (r.Cert == "" || r.Key == ""):
		return "mode MUTUAL without a client certificate and key: Istio makes no TLS context", object, edit
	}
	return fmt.Sprintf("the rule asks for %s and the sidecar does not have it: not received yet, refused, or overruled by an EnvoyFilter", r.Mode) + in.unexported(r), object, "istioctl proxy-status"
}

// unexported tells what else may keep a rule of another namespace from a client: the mesh's default, which is not among the
// objects that are read.
func (in Input) unexported(r facts.Rule) string {
	if len(r.ExportTo) > 0 || r.Object.Namespace == in.client().Namespace || r.Object.Namespace == "" {
		return ""
	}
	return "; or it is not for this namespace, where the mesh's defaultDestinationRuleExportTo says so: it has no exportTo of its own"
}

// RefusedPolicy is what Istio has against the BackendTLSPolicy that asks for the subject's TLS; "" where it uses it, or there is none.
func RefusedPolicy(s Subject) string {
	if r := s.Decision.Rule; s.Decision.Found && r.BadCA != "" {
		return fmt.Sprintf("Istio cannot use the CA that %s names (%s)", r.Object, r.BadCA)
	}
	if unused := unusedRule(s); unused != nil && !(s.Decision.Found && wantsTLS(s.Decision.Rule)) {
		return fmt.Sprintf("Istio refuses %s: %s", unused.Object, unused.Unused)
	}
	return ""
}

// elsewhere tells where the winning rule does speak of TLS: another port, or a
// subset that traffic uses only when a VirtualService sends it there.
func elsewhere(s Subject) string {
	for _, r := range s.Decision.Rejected {
		if r.Rule.HasTLS && (r.Reason == facts.ReasonSubset || r.Reason == facts.ReasonPort) {
			return "; " + r.Why
		}
	}
	return ""
}

// ignoredCredential: SIMPLE or MUTUAL by credentialName on a sidecar needs a
// workloadSelector; CA from a ConfigMap does not (Istio 1.26 and later).
func ignoredCredential(r facts.Rule) bool {
	return r.CredName != "" && !strings.HasPrefix(r.CredName, "configmap://") && len(r.Selector) == 0
}

func appLabel(s Subject) string {
	if s.Intent != nil && s.Intent.Workload["app"] != "" {
		return s.Intent.Workload["app"]
	}
	return "CLIENT"
}

func intentObject(s Subject) string {
	if s.Intent == nil {
		return ""
	}
	return facts.Ref{Kind: "DestinationRule", Namespace: s.Intent.Namespace, Name: s.Intent.Name}.String()
}
