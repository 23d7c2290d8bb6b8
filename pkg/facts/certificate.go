package facts

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Certificate is one certificate in plain words. DER is kept so that a chain
// can be verified; a certificate is public, a key never gets here.
type Certificate struct {
	Subject, Issuer, Serial string
	DNS, URIs, IPs, Emails  []string
	NotBefore, NotAfter     time.Time
	IsCA                    bool
	KeyType                 string // RSA, ECDSA, Ed25519
	Fingerprint             string // SHA-256 of the DER, lower-case hex
	DER                     []byte
}

// certificateBlocks are the names that Envoy's library takes for a certificate (BoringSSL: PEM_bytes_read_bio).
var certificateBlocks = []string{"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"}

// ErrNoCertificate says that a PEM text holds no certificate at all.
var ErrNoCertificate = errors.New("no PEM block of type CERTIFICATE")

// ParsePEM reads every CERTIFICATE block of a PEM bundle. Other blocks (keys)
// are skipped unread. It returns the certificates that parse together with an
// error for the first block that does not, so that a caller can show both.
func ParsePEM(text []byte) ([]Certificate, error) {
	var out []Certificate
	var first error
	for n := 1; ; n++ {
		var block *pem.Block
		block, text = pem.Decode(text)
		if block == nil {
			break
		}
		if !slices.Contains(certificateBlocks, block.Type) {
			continue
		}
		c, err := ParseDER(block.Bytes)
		if err != nil {
			if first == nil {
				first = fmt.Errorf("PEM block %d: %w", n, err)
			}
			continue
		}
		out = append(out, c)
	}
	if len(out) == 0 && first == nil {
		first = ErrNoCertificate
	}
	return out, first
}

// ParseDER reads one certificate.
func ParseDER(der []byte) (Certificate, error) {
	x, err := x509.ParseCertificate(der)
	if err != nil {
		return Certificate{}, err
	}
	sum := sha256.Sum256(x.Raw)
	c := Certificate{
		Subject: x.Subject.String(), Issuer: x.Issuer.String(), Serial: hex.EncodeToString(x.SerialNumber.Bytes()),
		DNS: x.DNSNames, Emails: x.EmailAddresses, NotBefore: x.NotBefore, NotAfter: x.NotAfter, IsCA: x.IsCA,
		KeyType: x.PublicKeyAlgorithm.String(), Fingerprint: hex.EncodeToString(sum[:]), DER: x.Raw,
	}
	for _, u := range x.URIs {
		c.URIs = append(c.URIs, u.String())
	}
	for _, ip := range x.IPAddresses {
		c.IPs = append(c.IPs, ip.String())
	}
	return c, nil
}

// Label names a certificate for a person: its subject, or where that is empty
// (workload certificates of a mesh) its first name.
func (c Certificate) Label() string {
	for _, names := range [][]string{{c.Subject}, c.URIs, c.DNS, c.IPs, {"serial " + c.Serial}} {
		if len(names) > 0 && names[0] != "" {
			return names[0]
		}
	}
	return "certificate"
}
