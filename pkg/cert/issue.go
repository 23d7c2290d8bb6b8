package cert

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
)

// Request says what certificate is wanted.
type Request struct {
	CommonName   string
	Organization string
	SANs         SANs
	Key          KeyType
	Now          time.Time
	Valid        time.Duration // from Now
	Server       bool          // for the end that is dialled
	Client       bool          // for the end that dials
}

// Issued is a new certificate with what is sent behind it, and its key.
type Issued struct {
	Chain []*x509.Certificate
	Key   PrivateKey
	Notes []string // what was done otherwise than asked, and what is odd
}

// backdate lets a machine whose clock is a little behind accept a new certificate.
const backdate = 5 * time.Minute

// longestName is ub-common-name of RFC 5280: OpenSSL refuses a longer one.
const longestName = 64

func (r Request) check() error {
	switch {
	case r.CommonName == "":
		return errors.New("a certificate needs a name")
	case len(r.CommonName) > longestName || visible(r.CommonName) != r.CommonName:
		return fmt.Errorf("the common name %q must have at most %d bytes that can be printed", visible(r.CommonName), longestName)
	case len(r.Organization) > longestName || visible(r.Organization) != r.Organization:
		return fmt.Errorf("the organization %q must have at most %d bytes that can be printed", visible(r.Organization), longestName)
	case r.Valid < time.Minute:
		return fmt.Errorf("a validity of %s is too short: give at least a minute", r.Valid)
	case r.Now.Add(r.Valid).Year() > 9999:
		return errors.New("the validity goes beyond the year 9999, the last that a certificate can name")
	}
	return nil
}

// NewCA makes a CA: a root that signs itself, or, with a parent, an intermediate of it.
func NewCA(r Request, parent *Authority, random io.Reader) (Issued, error) {
	if err := r.check(); err != nil {
		return Issued{}, err
	}
	t, err := r.template(random)
	if err != nil {
		return Issued{}, err
	}
	t.IsCA, t.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	out, err := r.sign(t, parent, random)
	if err == nil && r.Key == Ed25519 {
		out.Notes = append(out.Notes, "Envoy 1.39 accepts what an Ed25519 CA signs; FIPS builds and other TLS libraries may not: ecdsa is the safe choice")
	}
	return out, err
}

// Issue makes a certificate for one end of a connection, or for both.
func Issue(r Request, ca Authority, random io.Reader) (Issued, error) {
	err := r.check()
	switch {
	case err != nil:
		return Issued{}, err
	case r.Key == Ed25519:
		return Issued{}, fmt.Errorf("key type %s: %w; use ecdsa. Only a CA may have such a key", r.Key, ErrEd25519)
	case !r.Server && !r.Client:
		return Issued{}, errors.New("say what the certificate is for: --server (the end that is dialled), --client (the end that dials), or both")
	case r.Server && r.SANs.Empty():
		return Issued{}, errors.New("a server's certificate needs the names that clients dial: --san HOST; the common name is read by nobody")
	}
	t, err := r.template(random)
	if err != nil {
		return Issued{}, err
	}
	t.DNSNames, t.URIs, t.IPAddresses = r.SANs.DNS, r.SANs.URIs, r.SANs.IPs
	if t.KeyUsage = x509.KeyUsageDigitalSignature; r.Key == RSA2048 || r.Key == RSA3072 || r.Key == RSA4096 {
		t.KeyUsage |= x509.KeyUsageKeyEncipherment // TLS 1.2 without a Diffie-Hellman exchange
	}
	if r.Server {
		t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if r.Client {
		t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	out, err := r.sign(t, &ca, random)
	if err == nil && !r.Server && r.SANs.Empty() {
		out.Notes = append(out.Notes, "the certificate has no SAN: a gateway cannot tell this client from any other of the same CA (--san NAME)")
	}
	return out, err
}

func (r Request) template(random io.Reader) (*x509.Certificate, error) {
	serial := make([]byte, 16)
	if _, err := io.ReadFull(random, serial); err != nil {
		return nil, fmt.Errorf("read 16 random bytes for the serial number: %w", err)
	}
	serial[0] = serial[0]&0x7f | 0x40 // positive, and always of the same length
	t := &x509.Certificate{SerialNumber: new(big.Int).SetBytes(serial), Subject: pkix.Name{CommonName: r.CommonName},
		NotBefore: r.Now.Add(-backdate), NotAfter: r.Now.Add(r.Valid), BasicConstraintsValid: true}
	if r.Organization != "" {
		t.Subject.Organization = []string{r.Organization}
	}
	return t, nil
}

// sign makes the key and the certificate, and verifies what came out as a peer would.
func (r Request) sign(t *x509.Certificate, ca *Authority, random io.Reader) (Issued, error) {
	var out Issued
	signer, err := r.Key.generate(random)
	if err != nil {
		return out, err
	}
	out.Key = signer
	parent := t
	if ca != nil {
		parent, signer = ca.Chain[0], ca.Key
		out.Notes = fit(t, parent)
	}
	if why, old := EnvoyRefuses(out.Key.signer.Public()); old && !t.IsCA {
		out.Notes = append(out.Notes, why)
	}
	der, err := x509.CreateCertificate(random, t, parent, out.Key.signer.Public(), signer.signer)
	if err != nil {
		return Issued{}, fmt.Errorf("sign the certificate %q: %w", r.CommonName, err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		return Issued{}, fmt.Errorf("read back the certificate %q: %w", r.CommonName, err)
	}
	out.Chain = []*x509.Certificate{made}
	if ca == nil {
		return out, nil
	}
	out.Chain = append(out.Chain, ca.sent()...)
	if err := accepted(made, ca.Chain, r.Now); err != nil {
		return Issued{}, fmt.Errorf("nobody would accept the certificate %q of %s: %w", r.CommonName, label(parent), err)
	}
	return out, nil
}

// fit cuts the validity to that of the CA: what outlives its CA fails with it all
// the same, on a day that nobody has in the calendar.
func fit(t, parent *x509.Certificate) (notes []string) {
	if t.NotAfter.After(parent.NotAfter) {
		t.NotAfter = parent.NotAfter
		notes = append(notes, "the validity is cut to that of the CA, which ends on "+day(parent.NotAfter))
	}
	if t.NotBefore.Before(parent.NotBefore) {
		t.NotBefore = parent.NotBefore
	}
	return notes
}

// accepted finds what the CA forbids (name constraints, length of the path).
func accepted(c *x509.Certificate, chain []*x509.Certificate, now time.Time) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, p := range chain {
		if roots.AddCert(p); !selfIssued(p) {
			between.AddCert(p)
		}
	}
	_, err := c.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}
