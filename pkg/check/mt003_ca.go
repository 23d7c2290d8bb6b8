package check

import (
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

func hasTLSSocket(_ Input, s Subject) bool { return len(s.TLSSockets()) > 0 }

// caValidated: MT003.
func caValidated() *Check {
	return &Check{
		ID: "MT003", Name: "ca-validated",
		Doc:     "the server's certificate is validated against a CA",
		Needs:   []facts.Fact{facts.FactClusters},
		Applies: hasTLSSocket,
		Upstream: func(in Input, s Subject) []Finding {
			worst := Finding{Outcome: OK, Summary: "the server's certificate is validated"}
			for _, k := range s.TLSSockets() {
				worst = worseOf(worst, validates(in, s, k))
			}
			return one(worst)
		},
	}
}

func validates(in Input, s Subject, k facts.Socket) Finding {
	t := TrustOf(in.Proxy, k)
	v := k.Validation
	f := Finding{Outcome: Fail, Object: ruleObject(s), Want: "a CA that the server's certificate is checked against", Fix: enableAgain(s)}
	switch {
	case v.Problem != "":
		f.Outcome, f.Summary, f.Got = Unknown, "the CA of the cluster could not be read", v.Problem
		return f
	case t.Untrusted:
		f.Summary, f.Got = "any certificate is accepted", t.Why
	case t.Source.Kind == facts.SourceOther:
		f.Outcome, f.Summary, f.Got = Unknown, "the CA comes from a provider that this tool does not know", t.Source.String()
	case t.Source.Kind == facts.SourceNone && t.Pins > 0:
		return Finding{Outcome: OK, Summary: "the server's certificate is pinned"}
	case t.Source.Kind == facts.SourceNone && (v.CA.Kind == facts.SourceSDS || v.CA.Kind == facts.SourceSystem):
		f.Summary, f.Got = "no CA: the server's certificate is not validated", t.Why
	case t.Source.Kind == facts.SourceNone:
		f.Summary = "no CA: the server's certificate is not validated, anybody can answer"
		f.Got = "an empty validation context (" + noCAReason(in, s) + ")"
		if !v.Present {
			f.Got = "no validation context (" + noCAReason(in, s) + ")"
		}
	case t.AllowExpired:
		f.Outcome, f.Summary, f.Got, f.Want, f.Fix = Warn, "expired certificates are accepted", "allow_expired_certificate", "expiry to be checked", ""
	case t.Source.Kind == facts.SourceUnknown:
		f.Outcome, f.Summary, f.Got = Unknown, "where the CA comes from could not be read", "a validation context of an unknown shape"
	default:
		return Finding{Outcome: OK}
	}
	return f
}

// noCAReason tells why Istio wrote no CA, where the rule is known.
func noCAReason(in Input, s Subject) string {
	r := s.Decision.Rule
	switch {
	case s.Host == "":
		return "the proxy's configuration names none" // a cluster whose name is not Istio's: no rule made it
	case s.Decision.Found && r.SkipCA:
		return "insecureSkipVerify is true"
	case s.Decision.Found && r.HasTLS && r.CA == "" && r.CredName == "":
		release := facts.ParseRelease(in.Proxy.Istio)
		row, found := facts.BehaviourIn(facts.IstioEmptyCA, release)
		switch {
		case !found:
			return "the rule has no caCertificates; Istio before 1.21 checks nothing then"
		case row.Value == "nothing":
			return "the rule has no caCertificates, and Istio " + release.String() + " checks nothing then"
		}
		// The proxy names its own release; what it was sent is istiod's doing.
		return "the rule has no caCertificates, and none is in effect, though Istio " + release.String() + ", the proxy's, takes " + row.Value +
			": istiod is older, or something changed the cluster"
	}
	return "insecureSkipVerify, or no caCertificates before Istio 1.21"
}

// ruleObject is the object that made the socket: as Istio's metadata says, else
// as the rules of the cluster say.
func ruleObject(s Subject) string {
	if u := s.Serving(); u != nil && u.Rule.Name != "" && !(u.Rule.MadeOfBackendPolicy() && s.Decision.Found) {
		return u.Rule.String()
	}
	if s.Decision.Found {
		return s.Decision.Rule.Object.String()
	}
	return ""
}
