package check

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// maxLinks bounds a walk through certificates that may sign each other.
const maxLinks = 8

// chainsFor finds the ways from a peer's certificate to the CA, leaf first, as Envoy does. Go's own verification says
// the same but for three things, all seen with Envoy 1.39 (BoringSSL): a use has to be named where uses are named,
// anyExtendedKeyUsage is not enough; signatures with SHA-1 are still taken; and only one path is tried.
func chainsFor(in Input, ca, chain []facts.Certificate, use x509.ExtKeyUsage) ([][]*x509.Certificate, error) {
	leaf, err := x509.ParseCertificate(chain[0].DER)
	if err != nil {
		return nil, err
	}
	p := pathOf(parsed(ca), leaf, parsed(chain[1:]))
	if err := p.ends(); err != nil {
		return nil, err
	}
	roots, mid := p.split()
	at := in.Now
	if at.After(leaf.NotAfter) { // allow_expired_certificate: judged by the caller
		at = leaf.NotAfter
	}
	if in.begins(chain[0]) {
		at = leaf.NotBefore // notYet tells
	}
	found, err := leaf.Verify(x509.VerifyOptions{Roots: pool(roots), Intermediates: pool(mid), CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{use}})
	if err != nil && slices.ContainsFunc(slices.Concat([]*x509.Certificate{leaf}, mid), sha1) {
		if found = linked(leaf, roots, mid, at, maxLinks); len(found) > 0 {
			err = nil
		}
	}
	if err != nil || use == x509.ExtKeyUsageAny {
		return found, err
	}
	fit := slices.DeleteFunc(found, func(way []*x509.Certificate) bool { return misused(way, use) != nil })
	if len(fit) == 0 {
		return nil, x509.CertificateInvalidError{Cert: leaf, Reason: x509.IncompatibleUsage}
	}
	return fit, nil
}

// misused is the first certificate that names uses, and not this one.
func misused(way []*x509.Certificate, use x509.ExtKeyUsage) *x509.Certificate {
	for _, c := range way {
		if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) > 0 && !slices.Contains(c.ExtKeyUsage, use) {
			return c
		}
	}
	return nil
}

// linked is x509.Verify for chains with SHA-1 in them, which that refuses.
func linked(c *x509.Certificate, roots, mid []*x509.Certificate, at time.Time, left int) (found [][]*x509.Certificate) {
	if left == 0 || at.After(c.NotAfter) || at.Before(c.NotBefore) {
		return nil
	}
	if slices.ContainsFunc(roots, c.Equal) {
		return [][]*x509.Certificate{{c}}
	}
	for _, issuer := range slices.Concat(roots, mid) {
		if !issuer.Equal(c) && signedBy(c, issuer) {
			for _, rest := range linked(issuer, roots, mid, at, left-1) {
				found = append(found, append([]*x509.Certificate{c}, rest...))
			}
		}
	}
	return found
}

func signedBy(c, issuer *x509.Certificate) bool {
	err := c.CheckSignatureFrom(issuer)
	var insecure x509.InsecureAlgorithmError
	if errors.As(err, &insecure) && sha1(c) { // unlike CheckSignatureFrom this one takes SHA-1
		err = issuer.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)
	}
	return err == nil && bytes.Equal(c.RawIssuer, issuer.RawSubject)
}

func sha1(c *x509.Certificate) bool {
	return c.SignatureAlgorithm == x509.SHA1WithRSA || c.SignatureAlgorithm == x509.ECDSAWithSHA1
}

func parsed(list []facts.Certificate) []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range list {
		if x, err := x509.ParseCertificate(c.DER); err == nil {
			out = append(out, x)
		}
	}
	return out
}

func pool(list []*x509.Certificate) *x509.CertPool {
	out := x509.NewCertPool()
	for _, c := range list {
		out.AddCert(c)
	}
	return out
}
