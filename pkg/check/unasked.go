package check

import (
	"crypto/x509"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// unasked holds the client certificate against what the server asks for: the CAs that it names (RFC 8446, 4.2.4), and a
// certificate for clients.
func unasked(in Input, s Subject, k facts.Socket) Finding {
	worst := Finding{Outcome: OK}
	if meshCA(k) {
		return worst
	}
	for _, chain := range append(slices.Clip(k.Own), leafChain(in.Proxy, k.Cert)) {
		if len(chain) > 0 && len(k.Own) < 2 { // of two kinds of key the server chooses one
			worst = worseOf(worst, unaskedChain(in, s, chain))
		}
	}
	return worst
}

func unaskedChain(in Input, s Subject, chain []facts.Certificate) Finding {
	leaf, err := x509.ParseCertificate(chain[0].DER)
	if err != nil {
		return Finding{Outcome: OK} // MT004 tells
	}
	forClients := len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) == 0 || slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	for _, h := range handshakesOf(in, s) {
		if !h.AsksCert {
			continue
		}
		if len(h.AsksFor) > 0 && !slices.ContainsFunc(chain, func(c facts.Certificate) bool { return slices.Contains(h.AsksFor, c.Issuer) }) {
			return Finding{Outcome: Fail, Endpoint: h.Address, Summary: "the client certificate is not of a CA that the server takes: another CA, or the certificate of the CA between is missing",
				Got: chain[0].Label() + ", issued by " + chain[len(chain)-1].Issuer, Want: "a certificate of " + strings.Join(h.AsksFor[:min(3, len(h.AsksFor))], "; ")}
		}
		if !forClients && h.Failure == facts.FailureAlert {
			return Finding{Outcome: Fail, Endpoint: h.Address, Summary: "the client certificate is not for clients (extended key usage), and the server demands one", Got: chain[0].Label(), Want: "extended key usage clientAuth"}
		}
	}
	if !forClients {
		return Finding{Outcome: Warn, Summary: "the client certificate is not for clients (extended key usage): a server that looks refuses it", Got: chain[0].Label(), Want: "extended key usage clientAuth"}
	}
	return Finding{Outcome: OK}
}

// leafChain is the chain that a delivered secret holds; none where that was not seen.
func leafChain(p *facts.Proxy, s facts.Source) []facts.Certificate {
	for _, secret := range p.Secret(s.Name) {
		if s.Kind == facts.SourceSDS && secret.State != facts.StateWarming && len(secret.Chain) > 0 {
			return secret.Chain
		}
	}
	return nil
}

// unanswered: on plain TCP nothing tells whether a server of TLS 1.3 took the client certificate that it demands: the handshake is
// complete for the client before the server has looked (RFC 8446, 4.4.2.4), and a server that names no CAs gives nothing to
// compare it with. A connection that stands tells, since a refusal comes within one way there and back.
func unanswered(in Input, s Subject, k facts.Socket) Finding {
	if s.Active == nil || s.Active.Protocol != facts.ProtocolTCP || meshCA(k) || !slices.ContainsFunc(handshakesOf(in, s), func(h facts.Handshake) bool {
		return h.AsksCert && len(h.AsksFor) == 0 && h.Version == "TLS 1.3" && h.Failure == facts.FailureAlert
	}) {
		return Finding{Outcome: OK}
	}
	done, _, known := handshakes(s.Active)
	stands := slices.ContainsFunc(s.Active.Endpoints, func(e facts.Endpoint) bool { return e.Hosts != nil && e.Hosts.Active > 0 })
	d, seen := in.watched(s)
	if seen && (strings.Contains(d.Exercise, "stood for") || strings.Contains(d.Exercise, "was answered")) {
		stands = true
	}
	if seen && strings.Contains(d.Exercise, "was closed at once") && d.Connections > d.Failed {
		return Finding{Outcome: Fail, Object: ruleObject(s), Summary: "the server closes the connection as soon as the handshake is complete: it demands a client certificate, and refuses the one of the sidecar",
			Got: "a connection made on purpose " + d.Exercise, Want: "a connection that stands", Fix: editRule(s)}
	}
	if !known || done == 0 || stands {
		return Finding{Outcome: OK}
	}
	return Finding{Outcome: Warn, Object: ruleObject(s), Summary: "whether the server takes the client certificate was not seen: it demands one, names no CA, and no connection is open; with TLS 1.3 one that is refused looks as good as one that ended",
		Got: count(done, "connection") + " completed the handshake and ended", Want: "a connection that stands", Fix: "kubectl mesh-tls verify TARGET --exercise --to " + s.Host}
}
