package check

import (
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// clientCertificate: MT009.
func clientCertificate() *Check {
	return &Check{
		ID: "MT009", Name: "client-certificate",
		Doc:   "where a client certificate is wanted, the sidecar has one and it is inside its validity",
		Needs: []facts.Fact{facts.FactClusters},
		Applies: func(_ Input, s Subject) bool {
			for _, k := range s.TLSSockets() {
				if hasCert(k) || wantsClientCert(s) {
					return true
				}
			}
			return false
		},
		Upstream: func(in Input, s Subject) []Finding {
			for _, k := range s.TLSSockets() {
				if !hasCert(k) {
					return one(Finding{Outcome: Fail, Object: ruleObject(s), Summary: "no client certificate is presented", Got: "client certificate " + k.Cert.String(), Want: "a client certificate (mode MUTUAL)", Fix: editRule(s)})
				}
				if f := chainValidity(in, k); f.Outcome != OK {
					f.Object, f.Fix = ruleObject(s), enableWith(s, "--client-cert-file FILE --client-key-file FILE")
					return one(f)
				}
				if f := unasked(in, s, k); f.Outcome != OK {
					f.Object, f.Fix = ruleObject(s), enableWith(s, "--client-cert-file FILE --client-key-file FILE")
					return one(f)
				}
				if f := turnedAway(s, k); f.Outcome != OK {
					return one(f)
				}
			}
			return ok("a client certificate is presented")
		},
	}
}

// turnedAway notices a server that lets the handshake complete and then closes: with TLS
// 1.3 that is how a client certificate is refused, because the client is done before the
// server has looked at it (RFC 8446, 4.4.2.4 and figure 1). The connections count as
// good then. What is seen is that every request failed, each on a connection of its own
// that ended; on TCP not even that can be seen.
func turnedAway(s Subject, k facts.Socket) Finding {
	if s.Active == nil || s.Active.Protocol != facts.ProtocolHTTP && s.Active.Protocol != facts.ProtocolMixed || meshCA(k) {
		return Finding{Outcome: OK}
	}
	var all facts.HostCounters
	for _, e := range s.Active.Endpoints {
		if e.Hosts != nil {
			all.Requests, all.Errors = all.Requests+e.Hosts.Requests, all.Errors+e.Hosts.Errors
			all.Total, all.Active, all.Failed = all.Total+e.Hosts.Total, all.Active+e.Hosts.Active, all.Failed+e.Hosts.Failed
		}
	}
	if all.Requests == 0 || all.Errors < all.Requests || all.Total < all.Active+all.Failed+all.Requests {
		return Finding{Outcome: OK}
	}
	return Finding{Outcome: Unknown, Object: ruleObject(s), Summary: "whether the server accepts the client certificate is not known: every request failed, although the handshakes completed",
		Got: fmt.Sprintf("%d of %d requests failed, each on a connection that ended", all.Errors, all.Requests), Want: "a request that is answered",
		Fix: "is the certificate of a CA that the server trusts, and of a client that it lets in? kubectl mesh-tls cert check, and the server's log"}
}

func hasCert(k facts.Socket) bool {
	return k.Cert.Kind != facts.SourceNone && k.Cert.Kind != facts.SourceUnknown
}

func wantsClientCert(s Subject) bool {
	if s.Intent != nil && s.Intent.Mode == intent.ModeMutual {
		return true
	}
	m := s.Decision.Rule.Mode
	return s.Decision.Found && (m == "MUTUAL" || m == "ISTIO_MUTUAL")
}

// chainValidity looks at the certificates of a delivered secret; a secret that
// is not delivered is MT004's business.
func chainValidity(in Input, k facts.Socket) Finding {
	if k.Cert.Kind != facts.SourceSDS {
		return Finding{Outcome: OK}
	}
	for _, sec := range in.Proxy.Secret(k.Cert.Name) {
		for _, c := range sec.Chain {
			switch {
			case in.Now.After(c.NotAfter), in.Now.Before(c.NotBefore):
				return Finding{Outcome: Fail, Summary: "the client certificate is outside its validity", Got: period(c), Want: "a certificate that is valid now"}
			case k.Cert.Name != "default" && in.Now.Add(in.Warn).After(c.NotAfter):
				return Finding{Outcome: Warn, Summary: fmt.Sprintf("the client certificate ends in %d days", int(c.NotAfter.Sub(in.Now).Hours()/24)), Got: period(c), Want: "a certificate that lasts"}
			}
		}
	}
	return Finding{Outcome: OK}
}
