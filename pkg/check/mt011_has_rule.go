package check

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// proxyHasRule: MT011.
func proxyHasRule() *Check {
	return &Check{
		ID: "MT011", Name: "proxy-has-rule",
		Doc:   "the proxy's cluster says what the rule that wins says",
		Needs: []facts.Fact{facts.FactClusters, facts.FactRules},
		Applies: func(in Input, s Subject) bool {
			_, lacks := in.lacksRules()
			return !lacks && hasTLSSocket(in, s) && (s.Decision.Found || s.Serving().Rule.Name != "")
		},
		Upstream: func(in Input, s Subject) []Finding {
			r := s.Decision.Rule
			if f := in.unreadPolicy(s); f.Summary != "" {
				return one(f)
			}
			if made := s.Serving().Rule; gone(in.rules(), made) {
				return one(Finding{Outcome: Unknown, Object: made.String(), Summary: "the rule that made the cluster is gone, and the proxy still has it: it has not received the change yet",
					Got: "a cluster made by " + made.String(), Want: "a proxy that is up to date", Fix: in.again(s, "istioctl proxy-status")})
			}
			if !s.Decision.Found && s.Decision.Unsure == "" && !meshCA(s.TLSSockets()[0]) {
				why := "no DestinationRule counts for this pod"
				if len(s.Decision.Rejected) > 0 {
					why = s.Decision.Rejected[0].Why
				}
				return one(Finding{Outcome: Warn, Object: s.Serving().Rule.String(), Summary: "the proxy has TLS that no rule gives it any more: it may send plaintext after its next restart",
					Got: why, Want: "a rule that counts for this pod", Fix: enableAgain(s)})
			}
			for _, k := range s.TLSSockets() {
				if diff := differs(r, k); diff != "" {
					return one(Finding{Outcome: Unknown, Object: r.Object.String(), Summary: "the proxy and the rule do not agree: it has not received the newest rule, or refused it, or an EnvoyFilter overrules it" + in.unexported(r),
						Got: diff, Want: "the proxy to have what the rule says", Fix: in.again(s, "istioctl proxy-status, and kubectl get envoyfilters -A")})
				}
			}
			return ok("the proxy has the rule")
		},
	}
}

// unreadPolicy is what is said of TLS that comes of a BackendTLSPolicy which was not seen: nothing where it was.
func (in Input) unreadPolicy(s Subject) Finding {
	why, missing := in.Config.Missing[facts.FactBackends]
	made := s.Serving().Rule
	if !missing || s.Decision.Found || !made.MadeOfBackendPolicy() {
		return Finding{}
	}
	return Finding{Outcome: Unknown, Object: made.String(), Summary: "whether the proxy has what the BackendTLSPolicy says is not known: that could not be read",
		Got: why, Want: "the right to list backendtlspolicies.gateway.networking.k8s.io", Fix: "kubectl get backendtlspolicies -n " + made.Namespace + " -o yaml"}
}

// gone tells whether the rule that Istio says made a cluster does not exist. Rules
// that Istio makes itself (of a BackendTLSPolicy) never do: their names have a "~".
func gone(rules *facts.Index, made facts.Ref) bool {
	return made.Name != "" && !strings.Contains(made.Name, "~") && !rules.HasRule(made)
}

// differs compares a rule with the socket that should come from it (istio:
// cluster_tls.go constructUpstreamTLS, pkg/security/security.go for the names).
func differs(r facts.Rule, k facts.Socket) string {
	switch {
	case !r.HasTLS || r.Mode == "":
		return ""
	case r.Mode == "DISABLE":
		return "the rule says DISABLE, the cluster still has TLS"
	case r.SNI != "" && r.SNI != k.SNI:
		return "the rule says sni " + r.SNI + ", the cluster has sni " + quoteEmpty(k.SNI)
	case r.SkipCA && k.Validation.CA.Kind != facts.SourceNone:
		return "the rule says insecureSkipVerify, the cluster validates against " + k.Validation.CA.String()
	case len(r.SANs) > 0 && !r.SkipCA && !slices.Equal(names(k.Validation.SANs), slices.Sorted(slices.Values(r.SANs))):
		return "the rule accepts the names " + strings.Join(r.SANs, ", ") + ", the cluster " + quoteEmpty(strings.Join(names(k.Validation.SANs), ", "))
	case r.Mode == "ISTIO_MUTUAL" || r.SkipCA:
		return ""
	}
	want := caSource(r)
	if got := k.Validation.CA; want != "" && got.Kind == facts.SourceSDS && got.Name != want {
		return "the rule's CA is " + want + ", the cluster's is " + got.Name
	}
	if r.CredName == "" && r.CA != "" && k.Validation.CA.Kind == facts.SourceNone {
		return "the rule names a CA, the cluster validates nothing"
	}
	return ""
}

// caSource is the name of the secret that Istio makes of a rule's CA; "" where
// that depends on Istio's version.
func caSource(r facts.Rule) string {
	switch {
	case r.OfBackendPolicy() && r.BadCA == "" && r.CredName != "":
		return r.CredName + "-cacert"
	case strings.Contains(r.CredName, "://"):
		return ""
	case r.CredName != "":
		return "kubernetes://" + strings.TrimSuffix(r.CredName, "-cacert") + "-cacert"
	case r.CA != "":
		return "file-root:" + r.CA
	}
	return ""
}
