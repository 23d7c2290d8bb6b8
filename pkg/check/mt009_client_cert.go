package check

import (
	"fmt"
	"slices"
	"time"

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
			worst := Finding{Outcome: OK, Summary: "a client certificate is presented"}
			for _, k := range s.TLSSockets() {
				worst = worseOf(worst, ownCertificate(in, s, k))
			}
			if name := savedWithout(in, s); worst.Outcome == OK && name != "" {
				return one(Finding{Outcome: NotJudged, Object: ruleObject(s), Summary: "a client certificate is presented, and whether it is valid was not looked at: the saved dump does not say what is in " + name,
					Got: "no certs.json beside the dump", Want: "the proxy's answer to /certs"})
			}
			return one(worst)
		},
	}
}

// ownCertificate judges one socket.
func ownCertificate(in Input, s Subject, k facts.Socket) Finding {
	if !hasCert(k) {
		return Finding{Outcome: Fail, Object: ruleObject(s), Summary: "no client certificate is presented", Got: "client certificate " + k.Cert.String(), Want: "a client certificate (mode MUTUAL)", Fix: editRule(s)}
	}
	worst := worseOf(turnedAway(s, k), unanswered(in, s, k))
	if f := unasked(in, s, k); f.Outcome != OK {
		f.Object, f.Fix = ruleObject(s), enableWith(s, "--client-cert-file FILE --client-key-file FILE")
		worst = worseOf(f, worst)
	}
	if k.Cert.Kind == facts.SourceOther { // of several kinds Envoy has none (tls.proto: not-implemented-hide), and presents nothing
		worst = worseOf(worst, Finding{Outcome: Unknown, Object: ruleObject(s), Summary: "whether a client certificate is presented is not known: it comes from where this tool cannot look", Got: k.Cert.String(), Want: "a certificate in a file or a secret"})
	}
	for _, source := range append([]facts.Source{k.Cert}, k.MoreCerts...) {
		f := chainValidity(in, source)
		f.Object, f.Fix = ruleObject(s), enableWith(s, "--client-cert-file FILE --client-key-file FILE")
		worst = worseOf(worst, f)
	}
	if name, unseen := unseenFile(in, k); unseen {
		worst = worseOf(worst, Finding{Object: ruleObject(s), Summary: "whether the client certificate is valid is not known: the proxy reads it from " + name + ", and what it read was not seen",
			Got: "no certificate of that file in the proxy's list", Want: "the proxy's answer to /certs"})
	}
	inline := Finding{Outcome: OK}
	if k.OwnProblem != "" {
		inline = Finding{Summary: "whether the client certificate is valid is not known: it does not parse", Got: k.OwnProblem, Want: "a certificate in PEM"}
	}
	inline.Fix = renewOwn
	for _, chain := range k.Own {
		inline = worseOf(inline, ownChain(in, k, chain))
	}
	inline.Object = ruleObject(s)
	return worseOf(worst, inline)
}

const renewOwn = "renew the certificate where it is written: an EnvoyFilter, or the control plane that made the cluster"

// ownChain judges the time of a chain that a socket has inline, or from a file. A file that was renewed is held in several
// versions, by clusters that read it before and after: where some of them last, it is not known which one this socket has.
func ownChain(in Input, k facts.Socket, chain []facts.Certificate) Finding {
	worst := Finding{Outcome: OK}
	for _, c := range chain {
		f := lasts(in, clientCert, c, min(in.Warn, c.NotAfter.Sub(c.NotBefore)/10))
		f.Fix = renewOwn
		if f.Outcome == Fail && slices.ContainsFunc(k.Own, func(other []facts.Certificate) bool {
			return versionsOfFile(chain, other) && lasts(in, clientCert, other[0], 0).Outcome != Fail
		}) {
			f = Finding{Summary: "whether the client certificate is valid is not known: the proxy holds several versions of " + c.Subject + ", and some of them are outside their validity",
				Got: f.Got, Want: "the newest version in every cluster", Fix: "restart the pod: every cluster reads the file again"}
		}
		worst = worseOf(worst, f)
	}
	return worst
}

// versionsOfFile tells whether two chains are what the proxy tells of one and the same file.
func versionsOfFile(a, b []facts.Certificate) bool {
	of := func(chain []facts.Certificate) bool { return len(chain) > 0 && len(chain[0].DER) == 0 }
	return of(a) && of(b) && a[0].Subject == b[0].Subject
}

// unseenFile names a file that a client certificate comes from, and of which a live proxy told nothing.
func unseenFile(in Input, k facts.Socket) (string, bool) {
	if notSaved(in) {
		return "", false // savedWithout
	}
	for _, s := range append([]facts.Source{k.Cert}, k.MoreCerts...) {
		if s.Kind == facts.SourceFile && !slices.ContainsFunc(k.Own, func(chain []facts.Certificate) bool {
			return len(chain) > 0 && chain[0].Subject == s.Name && len(chain[0].DER) == 0
		}) {
			return s.Name, true
		}
	}
	return "", false
}

// notSaved tells of a saved dump that has no certs.json. There is nobody to ask then, and what Envoy read from files is left
// out of the judgement, as the content of a CA's file is. That it could read them is sure: it takes no cluster whose files it
// cannot read (context_config_impl.cc, tls_certificate_config_impl.cc).
func notSaved(in Input) bool {
	_, missing := in.Proxy.Lacks(facts.FactFiles)
	return missing && in.Proxy.Target.Source != ""
}

// savedWithout names a file with a client certificate that a saved dump does not tell of; "" where there is none.
func savedWithout(in Input, s Subject) string {
	if !notSaved(in) {
		return ""
	}
	for _, k := range s.TLSSockets() {
		for _, source := range append([]facts.Source{k.Cert}, k.MoreCerts...) {
			if source.Kind == facts.SourceFile {
				return source.Name
			}
		}
	}
	return ""
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
// is not delivered is MT004's business. Certificates that a control plane issues, it
// renews too, hours before they end as a rule: there a tenth of the time is soon, as with those that it writes into the
// cluster itself (Consul, for three days).
func chainValidity(in Input, source facts.Source) Finding {
	if source.Kind != facts.SourceSDS {
		return Finding{Outcome: OK}
	}
	worst := Finding{Outcome: OK}
	for _, sec := range in.Proxy.Secret(source.Name) {
		if sec.Validation != nil {
			worst = worseOf(worst, Finding{Summary: "whether a client certificate is presented is not known: secret " + source.Name + " is none", Got: "a secret that holds a CA", Want: "a certificate and its key"})
		}
		if len(sec.Chain) > 0 {
			f := in.notHeld(source, sec.Chain[0])
			f.Summary = "the sidecar does not use the client certificate that it was given, whose key does not fit as a rule: connections fail, or show the one from before"
			worst = worseOf(worst, f)
		}
		for _, c := range sec.Chain {
			soon := in.Warn
			if source.Name == identity {
				soon = 0
			} else if !istioSecret(source.Name) {
				soon = min(soon, c.NotAfter.Sub(c.NotBefore)/10)
			}
			worst = worseOf(worst, lasts(in, clientCert, c, soon))
		}
	}
	return worst
}

const clientCert = "the client certificate"

// lasts judges the time of one certificate that a proxy shows.
func lasts(in Input, whose string, c facts.Certificate, soon time.Duration) Finding {
	switch left := c.NotAfter.Sub(in.Now); {
	case left < 0, in.early(c) > clocksApart:
		return Finding{Outcome: Fail, Summary: whose + " is outside its validity", Got: period(c), Want: "a certificate that is valid now"}
	case in.begins(c):
		r := in.notYet(whose, c)
		return Finding{Outcome: r.outcome(), Summary: r.summary, Got: r.got, Want: r.want}
	case left < soon:
		return Finding{Outcome: Warn, Summary: fmt.Sprintf("%s ends in %d days", whose, int(left.Hours()/24)), Got: period(c), Want: "a certificate that lasts"}
	}
	return Finding{Outcome: OK}
}
