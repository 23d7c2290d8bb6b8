package check

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// caObject: MT024. Envoy keeps a CA whose object is gone or holds garbage until it
// restarts, so that everything looks well until then.
func caObject() *Check {
	return &Check{
		ID: "MT024", Name: "ca-object",
		Doc:   "the CA in the proxy is the one in the Secret or ConfigMap that it came from",
		Needs: []facts.Fact{facts.FactClusters},
		Applies: func(in Input, s Subject) bool {
			return slices.ContainsFunc(s.TLSSockets(), func(k facts.Socket) bool { _, read := in.caOf(k); return read })
		},
		Upstream: func(in Input, s Subject) []Finding {
			worst := Finding{Outcome: OK, Summary: "the proxy has the CA of the cluster's object"}
			for _, k := range s.TLSSockets() {
				if ca, read := in.caOf(k); read {
					worst = worseOf(worst, in.sameCA(s, k, ca))
				}
			}
			return one(worst)
		},
	}
}

// caOf is the object behind a socket's CA; false where there is none, or it could not be read.
func (in Input) caOf(k facts.Socket) (facts.CAObject, bool) {
	ca, there := in.CAs[k.Validation.CA.Name]
	return ca, there && ca.Unread == ""
}

func (in Input) sameCA(s Subject, k facts.Socket, ca facts.CAObject) Finding {
	f := Finding{Outcome: Warn, Object: ca.Object.String(), Want: "the CA that the server's certificate chains to", Fix: enableWith(s, "--ca-file FILE")}
	switch {
	case ca.Gone:
		f.Summary, f.Got = "the CA's object is gone: the sidecar goes on with what it has, and after its next restart no connection comes about", ca.Object.String()+" does not exist"
		return f
	case ca.Problem != "" && len(ca.Certificates) == 0:
		f.Summary, f.Got = "the CA's object holds no CA: the sidecar keeps what it had until it restarts", ca.Problem
		return f
	}
	t := TrustOf(in.Proxy, k)
	if !t.Known {
		return Finding{Outcome: Unknown, Object: f.Object, Summary: "whether the proxy has the CA of the cluster's object is not known", Got: t.Why, Want: f.Object}
	}
	if slices.Equal(prints(t.CA), prints(ca.Certificates)) {
		return Finding{Outcome: OK}
	}
	return Finding{Outcome: Unknown, Object: f.Object, Summary: "the proxy has another CA than the object that it comes from: it has not received the newest one, or refused it",
		Got: told(t.CA), Want: told(ca.Certificates) + ", as in " + f.Object, Fix: "verify again in some seconds; then istioctl proxy-status"}
}

// prints are the fingerprints of a bundle, as a set.
func prints(bundle []facts.Certificate) []string {
	var out []string
	for _, c := range bundle {
		out = append(out, c.Fingerprint)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// told names certificates so that two of one subject can be told apart.
func told(bundle []facts.Certificate) string {
	var out []string
	for _, c := range bundle {
		out = append(out, c.Label()+" (SHA-256 "+c.Fingerprint[:min(12, len(c.Fingerprint))]+"…)")
	}
	if len(out) == 0 {
		return "no certificate"
	}
	return strings.Join(out, ", ")
}
