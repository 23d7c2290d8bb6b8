package cert

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// longestPath bounds the walk from a certificate to its root.
const longestPath = 10

// link is how far a certificate could be followed into a bundle.
type link struct {
	path     []*x509.Certificate // leaf first; the anchor last where trusted
	trusted  bool
	sameName *x509.Certificate // an issuer of the right name whose key did not sign
	weak     bool              // a signature that cannot be checked: SHA-1, MD5
}

// follow walks from the leaf over what is sent to a certificate of the bundle. Time,
// names and usage are judged elsewhere, so that each fault has its own words.
func follow(leaf *x509.Certificate, sent, bundle []*x509.Certificate) link {
	l := link{path: []*x509.Certificate{leaf}}
	for c := leaf; len(l.path) <= longestPath; {
		if slices.ContainsFunc(bundle, c.Equal) {
			l.trusted = true
			return l
		}
		parent := l.parent(c, bundle)
		if parent != nil {
			l.path, l.trusted = append(l.path, parent), true
			return l
		}
		if parent = l.parent(c, sent); parent == nil || slices.ContainsFunc(l.path, parent.Equal) {
			return l
		}
		l.path, c = append(l.path, parent), parent
	}
	return l
}

func (l *link) parent(c *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	for _, p := range among {
		if !bytes.Equal(p.RawSubject, c.RawIssuer) || p.Equal(c) {
			continue
		}
		var insecure x509.InsecureAlgorithmError
		switch err := signedBy(c, p); {
		case err == nil:
			return p
		case errors.As(err, &insecure):
			l.weak = true
		default:
			l.sameName = p
		}
	}
	return nil
}

// path gives the certificates between this end's leaf and the other end's bundle.
func (s side) path(leaf *x509.Certificate) []*x509.Certificate {
	if leaf == nil {
		return nil
	}
	return follow(leaf, s.own.Cert.Certs()[1:], s.other.CA.Certs()).path
}

// issuer: the other end must trust who signed this end's certificate.
func (s side) issuer() Result {
	leaf, none := s.leafOr("issuer")
	if none != nil {
		return *none
	}
	if s.other.CA == nil {
		return s.notRun("issuer", s.caFlag())
	}
	sent, bundle := s.own.Cert.Certs()[1:], s.other.CA.Certs()
	l := follow(leaf.Certificate, sent, bundle)
	if !l.trusted {
		return s.untrusted(leaf.Certificate, l)
	}
	anchor := l.path[len(l.path)-1]
	for _, c := range l.path[1:] {
		if !c.BasicConstraintsValid || !c.IsCA || c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
			return s.result("issuer", Fail, "make a CA: kubectl mesh-tls cert ca, and issue from it",
				"%s signed the certificate of the %s, and is no CA (CA:TRUE, or the right to sign certificates, is missing)", label(c), s.name)
		}
	}
	if why := s.rules(l.path); why != "" {
		return s.result("issuer", Fail, "issue it from a CA that allows it", "%s", why)
	}
	if anchor.Equal(leaf.Certificate) {
		return s.result("issuer", OK, "", "the %s has exactly this certificate in its CA bundle", s.peer)
	}
	return s.result("issuer", OK, "", "signed by %s, which the %s trusts", label(anchor), s.peer)
}

// swapped tells that each end trusts its own certificate and not the other's.
func (s side) swapped(own []*x509.Certificate) bool {
	theirs := s.other.Cert.Certs()
	if len(theirs) == 0 {
		return false
	}
	mine := s.own.Cert.Certs()
	return follow(mine[0], mine[1:], own).trusted && follow(theirs[0], theirs[1:], s.other.CA.Certs()).trusted && !follow(theirs[0], theirs[1:], own).trusted
}

// untrusted finds the reason, the likeliest mistake first.
func (s side) untrusted(leaf *x509.Certificate, l link) Result {
	last := l.path[len(l.path)-1]
	ca, own := s.other.CA, s.own.CA.Certs()
	switch {
	case l.weak:
		return s.result("issuer", Unknown, "issue it anew: kubectl mesh-tls cert issue", "%s is signed with SHA-1 or MD5, which is not checked here and which TLS libraries refuse", label(last))
	case l.sameName != nil:
		return s.result("issuer", Fail, "give both ends the CA certificate that is in use now, or issue the certificate anew",
			"%s has a CA of the right name, %s, with another key: the CA was made anew under its old name", ca.source(), label(l.sameName))
	case s.swapped(own):
		return s.result("issuer", Fail, "exchange the two CA bundles: each end needs the CA of the other's certificate",
			"the CA that signed the %s's certificate is in the %s's own bundle (%s) and not in the %s's (%s), and the other way round: the two CAs are swapped",
			s.name, s.name, s.own.CA.source(), s.peer, ca.source())
	case selfIssued(leaf):
		return s.result("issuer", Fail, fmt.Sprintf("put this certificate into %s, or issue one from a CA that stands there", ca.source()),
			"%s signed itself, and is not in %s", label(leaf), ca.source())
	}
	return s.result("issuer", Fail, fmt.Sprintf("put the certificate of that CA into %s; or, where it is an intermediate, behind the certificate in %s", ca.source(), s.own.Cert.source()),
		"%s is signed by %s, which is not in the CA bundle of the %s (%s: %s)", label(last), visible(last.Issuer.String()), s.peer, ca.source(), labels(ca.Certs()))
}

func labels(certs []*x509.Certificate) string {
	if len(certs) == 0 {
		return "no certificate"
	}
	text := label(certs[0])
	if n := len(certs) - 1; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// rules asks the library for all that the walk does not look at: name constraints,
// the length of the path, critical extensions, usage of the CAs. It is asked for a
// moment at which the whole path is valid; without one, the validity check speaks.
func (s side) rules(path []*x509.Certificate) string {
	at, end := path[0].NotBefore, path[0].NotAfter
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for i, c := range path {
		if c.NotBefore.After(at) {
			at = c.NotBefore
		}
		if c.NotAfter.Before(end) {
			end = c.NotAfter
		}
		if i > 0 {
			between.AddCert(c)
		}
	}
	roots.AddCert(path[len(path)-1])
	if at.After(end) {
		return ""
	}
	_, err := path[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at.Add(time.Second), KeyUsages: s.usages(path[0])})
	if err == nil {
		return ""
	}
	return fmt.Sprintf("the chain from %s to %s breaks a rule of its CAs: %s", label(path[0]), label(path[len(path)-1]), visible(err.Error()))
}

// usages leaves out what the usage check says already.
func (s side) usages(leaf *x509.Certificate) []x509.ExtKeyUsage {
	want := map[string]x509.ExtKeyUsage{"server": x509.ExtKeyUsageServerAuth, "client": x509.ExtKeyUsageClientAuth}[s.name]
	if !slices.Contains(leaf.ExtKeyUsage, want) {
		want = x509.ExtKeyUsageAny
	}
	return []x509.ExtKeyUsage{want}
}
