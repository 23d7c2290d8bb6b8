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
	chain := leafChain(in.Proxy, k.Cert)
	if len(chain) == 0 || meshCA(k) {
		return Finding{Outcome: OK}
	}
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
