package check

import (
	"cmp"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// nameChecked: MT006.
func nameChecked() *Check {
	return &Check{
		ID: "MT006", Name: "name-checked",
		Doc:     "the server's name is checked against its certificate",
		Needs:   []facts.Fact{facts.FactClusters},
		Applies: hasTLSSocket,
		Upstream: func(in Input, s Subject) []Finding {
			worst := Finding{Outcome: OK, Summary: "the server's name is checked"}
			for _, k := range s.TLSSockets() {
				if f := nameOf(in, s, k); f.Outcome != OK {
					worst = f
				}
			}
			return one(worst)
		},
	}
}

// nameOf judges one socket. Auto SAN validation acts in Envoy's HTTP router
// only, so on TCP it is no check at all (Envoy router.cc; istio cluster_tls.go
// setAutoSniAndAutoSanValidation).
func nameOf(in Input, s Subject, k facts.Socket) Finding {
	u, t := s.Serving(), TrustOf(in.Proxy, k)
	switch {
	case t.Source.Kind == facts.SourceNone && k.Validation.Pins == 0:
		return Finding{Outcome: OK, Summary: "not judged: nothing is validated at all"} // MT003 fails
	case len(t.SANs) > 0, t.SPIFFE, k.Validation.Pins > 0, k.AutoSNISAN:
		return Finding{Outcome: OK}
	case u.AutoSAN && u.Protocol == facts.ProtocolHTTP:
		return Finding{Outcome: OK}
	}
	f := Finding{Outcome: Fail, Object: ruleObject(s), Fix: enableAgain(s),
		Summary: "the server's name is not checked: any certificate of " + caLabel(t) + " is accepted",
		Got:     gotNames(k, u), Want: "subjectAltNames " + cmp.Or(s.Host, "of the server")}
	switch {
	case u.AutoSAN && u.Protocol == facts.ProtocolMixed:
		f.Got = "HTTP and TCP listeners use the cluster: on TCP no name is checked"
	case u.AutoSAN && u.Protocol == facts.ProtocolUnknown:
		f.Outcome, f.Summary = Unknown, "whether the server's name is checked is not known: auto SAN validation works for HTTP only"
		f.Got = "no listener or route that uses the cluster was seen"
	case !t.Known && k.Validation.CA.Kind == facts.SourceSDS && !meshCA(k) && !istioSecret(k.Validation.CA.Name):
		f.Outcome, f.Summary = Unknown, "whether the server's name is checked is not known: the secret may bring the names"
		f.Got = t.Why
	case meshCA(k):
		f.Outcome, f.Summary = Warn, "any workload of the mesh is accepted as the server: no identity is demanded"
		f.Want, f.Fix = "the server's SPIFFE identity in match_subject_alt_names", ""
	}
	return f
}

// istioSecret tells whether a secret is one of those that Istio makes of a CA:
// they hold certificates and never names (istio: pkg/model/authentication.go).
func istioSecret(name string) bool {
	return strings.HasPrefix(name, "file-root:") || strings.HasPrefix(name, "kubernetes") || strings.HasPrefix(name, "configmap:")
}

func gotNames(k facts.Socket, u *facts.Upstream) string {
	sni := "sni " + k.SNI
	if k.SNI == "" {
		sni = "sni empty"
	}
	switch u.Protocol {
	case facts.ProtocolTCP:
		return sni + ", no subjectAltNames; the port is TCP, where Istio sets neither by itself"
	case facts.ProtocolHTTP:
		if k.SNI != "" {
			return sni + " without subjectAltNames: writing sni switches the automatic check off"
		}
	}
	return sni + ", no subjectAltNames"
}

// caLabel names a CA for a sentence: its subject where it is one, else its source.
func caLabel(t Trust) string {
	if len(t.CA) == 1 {
		return t.CA[0].Label()
	}
	if t.Source.Kind == facts.SourceSDS && t.Source.Name == "file-root:system" {
		return "any public CA"
	}
	return t.Source.String()
}
