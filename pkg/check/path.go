package check

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// maxPath bounds a path, as Envoy's library does.
const maxPath = 100

// path is what leads from a leaf to a certificate of the CA, leaf first; anchored is false where it does not.
type path struct {
	certs    []*x509.Certificate
	anchored bool
	barred   *x509.Certificate // of the name that is looked for, and may not sign; nil: none
}

// pathOf picks the certificates as BoringSSL does (crypto/x509/x509_vfy.cc X509_verify_cert, with Envoy's
// X509_V_FLAG_PARTIAL_CHAIN): the first of the issuer's name, and of its key identifier where both tell one, among the
// CA's and only then among those that the server sent. Where that one turns out to be wrong no other is tried: an
// expired CA before its renewal hides it.
func pathOf(ca []*x509.Certificate, leaf *x509.Certificate, sent []*x509.Certificate) path {
	p := path{certs: []*x509.Certificate{leaf}}
	for len(p.certs) < maxPath {
		last := p.certs[len(p.certs)-1]
		p.anchored = p.anchored || slices.ContainsFunc(ca, last.Equal)
		if bytes.Equal(last.RawSubject, last.RawIssuer) {
			return p
		}
		next := issuerIn(ca, last)
		if next == nil && !p.anchored {
			next = issuerIn(sent, last)
		}
		if next == nil {
			p.barred = namesake(slices.Concat(ca, sent), last)
			return p
		}
		if slices.ContainsFunc(p.certs, next.Equal) {
			return p
		}
		p.certs = append(p.certs, next)
	}
	return p
}

// issuerIn finds who may have issued a certificate, as X509_check_issued does; nil is nobody.
func issuerIn(list []*x509.Certificate, child *x509.Certificate) *x509.Certificate {
	for _, c := range list {
		keyFits := len(child.AuthorityKeyId) == 0 || len(c.SubjectKeyId) == 0 || bytes.Equal(child.AuthorityKeyId, c.SubjectKeyId)
		if bytes.Equal(c.RawSubject, child.RawIssuer) && keyFits && (c.KeyUsage == 0 || c.KeyUsage&x509.KeyUsageCertSign != 0) {
			return c
		}
	}
	return nil
}

// namesake finds a certificate of the issuer's name, whatever it may do.
func namesake(list []*x509.Certificate, child *x509.Certificate) *x509.Certificate {
	for _, c := range list {
		if bytes.Equal(c.RawSubject, child.RawIssuer) {
			return c
		}
	}
	return nil
}

// ends tells why a path does not come to the CA, or leads through one that may not sign; nil is that it may be verified.
func (p path) ends() error {
	switch {
	case p.anchored:
	case p.barred != nil && p.barred.KeyUsage&x509.KeyUsageCertSign == 0:
		return x509.CertificateInvalidError{Cert: p.barred, Reason: x509.NotAuthorizedToSign}
	default:
		return x509.UnknownAuthorityError{Cert: p.certs[len(p.certs)-1]}
	}
	for _, c := range p.certs[1:max(1, len(p.certs)-1)] {
		if !(c.BasicConstraintsValid && c.IsCA) { // of version 1, only a self-signed one may sign (boringssl: check_ca)
			return x509.CertificateInvalidError{Cert: c, Reason: x509.NotAuthorizedToSign}
		}
	}
	return nil
}

// split gives the path's end as the only root, and what is between. A CA without basic constraints is one to BoringSSL
// where it is trusted.
func (p path) split() (roots, mid []*x509.Certificate) {
	top := *p.certs[len(p.certs)-1]
	if !top.BasicConstraintsValid {
		top.BasicConstraintsValid, top.IsCA, top.MaxPathLen = true, true, -1
	}
	return []*x509.Certificate{&top}, p.certs[1:max(1, len(p.certs)-1)]
}

// shadowed tells of a CA bundle, or a chain, that would do if another certificate of the same name did not come first.
func shadowed(in Input, ca, chain []facts.Certificate) (refusal, bool) {
	leaf, err := x509.ParseCertificate(chain[0].DER)
	if err != nil {
		return refusal{}, false
	}
	certs := pathOf(parsed(ca), leaf, parsed(chain[1:])).certs
	ways, err := leaf.Verify(x509.VerifyOptions{Roots: pool(parsed(ca)), Intermediates: pool(parsed(chain[1:])), CurrentTime: in.Now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil || slices.ContainsFunc(ways, func(way []*x509.Certificate) bool { return slices.EqualFunc(way, certs, (*x509.Certificate).Equal) }) {
		return refusal{}, false
	}
	c, err := facts.ParseDER(certs[len(certs)-1].Raw)
	if err != nil {
		return refusal{}, false
	}
	return refusal{summary: "the right CA is there, and the sidecar does not find it: another certificate of the same name comes first, and it tries no second one (CERTIFICATE_VERIFY_FAILED)",
		got:  fmt.Sprintf("SHA-256 %s: %s", short([]string{c.Fingerprint})[0], period(c)),
		want: "one certificate of that name, the one that issued the server's", fix: "remove the others from the CA bundle, or from the chain that the server sends"}, true
}
