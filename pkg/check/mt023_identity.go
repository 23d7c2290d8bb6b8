package check

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// identity is the secret that holds a workload's certificate (istio: pkg/security/security.go).
const identity = "default"

// workloadIdentity: MT023. It is silent where nothing that is judged uses the identity,
// and about proxies that have none of this name.
func workloadIdentity() *Check {
	return &Check{
		ID: "MT023", Name: "workload-identity",
		Doc: "the pod's certificate names its own namespace and service account, chains to the mesh's root that the pod holds, and was renewed in time",
		Proxy: func(in Input) []Finding {
			if in.Proxy == nil || !in.usesIdentity() {
				return nil
			}
			chain := chainOf(in.Proxy, identity)
			if len(chain) == 0 {
				return nil // MT004 tells of a secret that is not delivered
			}
			for _, judge := range []func(Input, []facts.Certificate) Finding{named, inTime, rooted} {
				if f := judge(in, chain); f.Outcome != OK {
					if f.Fix = "istioctl proxy-config secret"; in.Proxy.Target.Pod != "" {
						f.Object = "Pod " + in.Proxy.Target.String()
						f.Fix = fmt.Sprintf("kubectl logs %s -n %s -c istio-proxy --tail=50", in.Proxy.Target.Pod, in.Proxy.Target.Namespace)
					}
					return one(f)
				}
			}
			return ok(chain[0].Label() + ": the pod's own identity, of the mesh's root, renewed in time")
		},
	}
}

// usesIdentity tells whether an upstream that is asked about, or a strict intent, stands
// on the workload's certificate. It looks at clusters as they are, without judging them:
// there may be thousands.
func (in Input) usesIdentity() bool {
	if len(in.To) == 0 && in.StrictIntent() != nil {
		return true
	}
	mine := func(k facts.Socket) bool { return k.Kind == facts.SocketTLS && k.Cert.Name == identity }
	return slices.ContainsFunc(in.Proxy.Upstreams, func(u facts.Upstream) bool {
		asked := len(in.To) == 0 || slices.ContainsFunc(in.To, func(t To) bool { return strings.EqualFold(t.Host, u.Host) })
		return asked && u.Direction != "inbound" && (mine(u.Socket) || slices.ContainsFunc(u.Matches, mine))
	})
}

// named compares the SPIFFE ID, spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT, with the pod.
func named(in Input, chain []facts.Certificate) Finding {
	f := Finding{Outcome: Fail, Got: allNames(chain[0]), Summary: "the pod's certificate is no identity of the mesh: it has no SPIFFE ID", Want: "spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT"}
	for _, id := range chain[0].URIs {
		part := strings.Split(strings.TrimPrefix(id, "spiffe://"), "/")
		if !strings.HasPrefix(id, "spiffe://") || len(part) != 5 || part[1] != "ns" || part[3] != "sa" {
			continue
		}
		ns, account := in.client().Namespace, in.Proxy.Node.ServiceAccount
		if ns != "" && part[2] != ns || account != "" && part[4] != account {
			f.Summary, f.Got, f.Want = "the pod's certificate is that of another workload", id, fmt.Sprintf("/ns/%s/sa/%s", ns, account)
			return f
		}
		return Finding{Outcome: OK}
	}
	return f
}

// inTime: the agent renews at half of the validity (istio: SECRET_GRACE_PERIOD_RATIO), so
// that a certificate with less than a tenth left was not renewed.
func inTime(in Input, chain []facts.Certificate) Finding {
	leaf := chain[0]
	left, all := leaf.NotAfter.Sub(in.Now), leaf.NotAfter.Sub(leaf.NotBefore)
	f := Finding{Outcome: Fail, Got: period(leaf), Want: "a certificate that istiod renewed at half of its time"}
	switch {
	case left < 0:
		f.Summary = "the pod's certificate has ended: nobody in the mesh accepts it"
	case in.begins(leaf):
		f.Outcome, f.Summary = Warn, in.notYet("the pod's certificate", leaf).summary
	case in.early(leaf) > 0:
		f.Summary = "the pod's certificate is not valid yet"
	case left < all/10:
		f.Outcome, f.Summary = Warn, fmt.Sprintf("the pod's certificate was not renewed in time: %s of %s are left", left.Round(time.Minute), all.Round(time.Minute))
	default:
		f.Outcome = OK
	}
	return f
}

// rooted verifies the chain against the root that the pod itself was given; a peer has
// the same one.
func rooted(in Input, chain []facts.Certificate) Finding {
	t := TrustOf(in.Proxy, facts.Socket{Validation: facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSDS, Name: "ROOTCA"}}})
	if !t.Known || t.SPIFFE {
		return Finding{Outcome: OK} // no root to compare with, or one for each trust domain
	}
	if _, err := chainsFor(in, t.CA, chain, x509.ExtKeyUsageAny); err != nil {
		return Finding{Outcome: Fail, Summary: "the pod's certificate does not chain to the mesh's root that the pod holds: the root changed, or the certificate is of another mesh",
			Got: fmt.Sprintf("issued by %s; the root is %s (%v)", chain[0].Issuer, subjects(t.CA), err), Want: "one root for both"}
	}
	return Finding{Outcome: OK}
}
