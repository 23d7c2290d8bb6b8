package check

import (
	"cmp"
	"slices"
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
				worst = worseOf(worst, nameOf(in, s, k))
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
	case t.Source.Kind == facts.SourceNone && t.Pins == 0:
		return Finding{Outcome: OK, Summary: "not judged: nothing is validated at all"} // MT003 fails
	case t.Extension:
		return Finding{Outcome: Unknown, Object: ruleObject(s), Summary: "whether the server's name is checked is not known: an extension decides who is accepted", Got: t.Source.String(), Want: "a validator that is known"}
	case t.Pins > 0, k.AutoSNISAN && SNISent(s, k) == Yes:
		return Finding{Outcome: OK}
	case k.AutoSNISAN && SNISent(s, k) == NotKnown && len(t.SANs) == 0:
		return Finding{Outcome: Unknown, Object: ruleObject(s), Summary: "whether the server's name is checked is not known: it is checked against the SNI, and whether one is sent is not known",
			Got: "auto_sni_san_validation", Want: "sni " + cmp.Or(s.Host, "of the server")}
	case len(t.SANs) > 0:
		return nameRules(s, t)
	case t.SPIFFE:
		return anyWorkload(s, "the certificate's trust domain only")
	case u.AutoSAN && u.NameHeader != "" && u.Protocol == facts.ProtocolHTTP:
		return Finding{Outcome: Unknown, Object: ruleObject(s), Summary: "whether the server's name is checked is not known: a header of the call says which name that is",
			Got: "override_auto_sni_header " + u.NameHeader, Want: "subjectAltNames " + cmp.Or(s.Host, "of the server")}
	case u.AutoSAN && u.Protocol == facts.ProtocolHTTP:
		return Finding{Outcome: OK}
	}
	f := Finding{Outcome: Fail, Object: ruleObject(s), Fix: cmp.Or(namesInPolicy(s), enableAgain(s)),
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
		return anyWorkload(s, f.Got)
	}
	return f
}

func anyWorkload(s Subject, got string) Finding {
	return Finding{Outcome: Warn, Object: ruleObject(s), Summary: "any workload of the mesh is accepted as the server: no identity is demanded",
		Got: got, Want: "the server's SPIFFE identity in match_subject_alt_names"}
}

// nameRules judges the rules for the server's name. One that fits is enough for Envoy,
// so the widest of them counts.
func nameRules(s Subject, t Trust) Finding {
	worst := Finding{Outcome: OK}
	if !slices.ContainsFunc(t.SANs, func(n facts.NameMatch) bool { return n.Kind != "exact" || n.Value != "" }) { // subjectAltNames: [""]
		return Finding{Outcome: Fail, Object: ruleObject(s), Fix: enableAgain(s), Summary: "the name that the server's certificate must have is empty: every server is refused",
			Got: "subjectAltNames with an empty name", Want: "subjectAltNames " + cmp.Or(s.Host, "of the server")}
	}
	for _, n := range t.SANs {
		f := Finding{Outcome: OK}
		switch {
		case n.Kind == "custom":
			f = Finding{Outcome: Unknown, Object: ruleObject(s), Summary: "whether the server's name is checked is not known: a matcher of a kind that this tool does not judge",
				Got: n.String(), Want: "an exact name"}
		case anyName(n):
			f = Finding{Outcome: Fail, Object: ruleObject(s), Fix: enableAgain(s), Got: n.String(), Want: "subjectAltNames " + cmp.Or(s.Host, "of the server"),
				Summary: "the server's name is not checked: the rule for it fits any name, so any certificate of " + caLabel(t) + " is accepted"}
		case anyIdentity(n):
			f = anyWorkload(s, n.String())
		}
		worst = worseOf(worst, f)
	}
	return worst
}

// istioSecret tells whether a secret is one of those that Istio makes of what users
// give it: they hold certificates and never names (istio: pkg/model/authentication.go).
func istioSecret(name string) bool {
	return strings.HasPrefix(name, "file-root:") || strings.HasPrefix(name, "file-cert:") || strings.HasPrefix(name, "kubernetes") || strings.HasPrefix(name, "configmap:")
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
			if strings.HasPrefix(k.SNI, "outbound_.") { // as auto mTLS and ISTIO_MUTUAL have it
				return sni + ", which Istio sets by itself, and no subjectAltNames: neither the rule nor the ServiceEntry says the server's service account"
			}
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
	if t.Source.Kind == facts.SourceSDS && t.Source.Name == publicCAs {
		return "any public CA"
	}
	return t.Source.String()
}
