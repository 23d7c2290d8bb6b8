package cert

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"time"
)

// Authority is a CA that can sign: its certificate, then what else stood in its
// file (the CAs above it), and its key.
type Authority struct {
	Chain []*x509.Certificate
	Key   PrivateKey
}

// NewAuthority joins a CA's file and its key's file. The certificate that the key
// belongs to signs. It refuses what nobody would accept a signature of: no CA flag,
// no right to sign certificates, not valid at now.
func NewAuthority(ca, key Pile, now time.Time) (Authority, error) {
	for _, b := range ca {
		if b.Problem != "" && !b.IsKey() {
			return Authority{}, fmt.Errorf("%s: the PEM block %s", b.where(), b.Problem)
		}
	}
	k, err := key.Key()
	if err != nil {
		return Authority{}, err
	}
	a := Authority{Key: k, Chain: ca.Certs()}
	if n := slices.IndexFunc(a.Chain, k.Fits); n > 0 {
		a.Chain[0], a.Chain[n] = a.Chain[n], a.Chain[0]
	}
	if len(a.Chain) == 0 {
		return Authority{}, fmt.Errorf("%s holds no certificate", ca.source())
	}
	if !k.Fits(a.Chain[0]) {
		return Authority{}, fmt.Errorf("the key in %s belongs to no certificate in %s: give the CA's certificate and its own key", key.source(), ca.source())
	}
	return a, a.maySign(now)
}

func (a Authority) maySign(now time.Time) error {
	c := a.Chain[0]
	switch {
	case !c.BasicConstraintsValid || !c.IsCA:
		return fmt.Errorf("%s is no CA certificate (CA:TRUE is missing), so nobody would accept what it signs: make a CA with kubectl mesh-tls cert ca", label(c))
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return fmt.Errorf("%s may not sign certificates (its key usage leaves keyCertSign out): make a CA with kubectl mesh-tls cert ca", label(c))
	case now.After(c.NotAfter):
		return fmt.Errorf("%s expired on %s, so nobody would accept what it signs: make a new CA", label(c), day(c.NotAfter))
	case now.Before(c.NotBefore):
		return fmt.Errorf("%s is valid from %s only: wait, or check the clock", label(c), day(c.NotBefore))
	}
	return nil
}

// sent is what a server or client sends behind a certificate of this CA: the
// intermediates. A root is not sent, the other side must have it.
func (a Authority) sent() []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range a.Chain {
		if !selfIssued(c) {
			out = append(out, c)
		}
	}
	return out
}

// selfIssued tells a root from an intermediate by its names and key ids, as every
// peer does: nobody checks the signature of a root on itself.
func selfIssued(c *x509.Certificate) bool {
	sameKey := len(c.AuthorityKeyId) == 0 || bytes.Equal(c.AuthorityKeyId, c.SubjectKeyId)
	return bytes.Equal(c.RawIssuer, c.RawSubject) && sameKey
}

func signedBy(c, parent *x509.Certificate) error {
	return parent.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
