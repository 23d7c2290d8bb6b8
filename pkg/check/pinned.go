package check

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// pinned refuses a peer whose certificate and key are not among the pins, where there are any (Envoy:
// verify_certificate_hash, verify_certificate_spki; the leaf alone counts).
func (t Trust) pinned(leaf facts.Certificate) refusal {
	if t.Pins == 0 || slices.Contains(t.Hashes, leaf.Fingerprint) {
		return refusal{}
	}
	if x, err := x509.ParseCertificate(leaf.DER); err == nil {
		sum := sha256.Sum256(x.RawSubjectPublicKeyInfo)
		if slices.Contains(t.Keys, base64.StdEncoding.EncodeToString(sum[:])) {
			return refusal{}
		}
	}
	return refusal{summary: "the certificate is not one of those that are pinned", got: leaf.Label() + " (SHA-256 " + short([]string{leaf.Fingerprint})[0] + ")",
		want: "a certificate, or key, with one of the pinned hashes", fix: "renew the pins where the certificate was renewed"}
}

// caFor is the CA that counts for a peer: with a validator for SPIFFE that of the trust domain which its ID names.
func (t Trust) caFor(leaf facts.Certificate) ([]facts.Certificate, refusal) {
	if !t.SPIFFE {
		return t.CA, refusal{}
	}
	for _, id := range leaf.URIs {
		rest, is := strings.CutPrefix(id, "spiffe://")
		domain, _, _ := strings.Cut(rest, "/")
		i := slices.IndexFunc(t.Domains, func(d facts.TrustDomainCA) bool { return is && d.Name == domain })
		if i < 0 {
			continue
		}
		if len(t.Domains[i].CA) == 0 {
			return nil, refusal{doubt: true, summary: "the CA of trust domain " + domain + " was not seen", got: "a trust bundle that the proxy reads itself", want: "the CA's content"}
		}
		return t.Domains[i].CA, refusal{}
	}
	if len(t.Domains) == 0 {
		return nil, refusal{doubt: true, summary: "the CAs of the trust domains were not seen", got: "trust bundles that the proxy reads itself", want: "the CAs' content"}
	}
	var known []string
	for _, d := range t.Domains {
		known = append(known, d.Name)
	}
	return nil, refusal{summary: "the certificate is of no trust domain that is accepted", got: "names in the certificate: " + allNames(leaf), want: "a SPIFFE ID of " + strings.Join(known, " or ")}
}
