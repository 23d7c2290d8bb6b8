package cert

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// PrivateKey holds a key and shows it to no printer: every verb of fmt, JSON and
// YAML get the same words. The zero value has no key.
type PrivateKey struct{ signer crypto.Signer }

const hidden = "private key (not shown)"

// Format implements fmt.Formatter, so that %v of a structure around it hides it too.
func (PrivateKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// MarshalText implements encoding.TextMarshaler, for JSON and YAML.
func (PrivateKey) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Fits tells whether the key is that of the certificate.
func (k PrivateKey) Fits(c *x509.Certificate) bool {
	public, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.signer != nil && public.Equal(k.signer.Public())
}

// PEM writes the key in PKCS#8 form, which every reader of today takes. The only
// places for it are a file of mode 0600 and a Secret.
func (k PrivateKey) PEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.signer)
	if err != nil {
		return nil, errors.New("write the private key as PKCS#8: the key has a form that PKCS#8 does not know")
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func isKeyType(blockType string) bool { return strings.Contains(blockType, "PRIVATE KEY") }

// parseKey reads one block: PKCS#1, SEC 1 or PKCS#8. problem is for a person and
// holds nothing of the block's content.
func parseKey(b *pem.Block) (key *PrivateKey, problem string) {
	switch {
	case b.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, "is encrypted, and Istio has no way to give a proxy the password: write it without one, openssl pkey -in FILE -out NEWFILE (it asks for the password)"
	case b.Type == "OPENSSH PRIVATE KEY":
		return nil, "is a key of SSH, not of TLS: make one with kubectl mesh-tls cert issue"
	}
	var parsed any
	var err error
	switch b.Type {
	case "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(b.Bytes)
	case "EC PRIVATE KEY":
		parsed, err = x509.ParseECPrivateKey(b.Bytes)
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(b.Bytes)
	default:
		return nil, "is of a kind that TLS does not use: make an RSA or ECDSA key, openssl genpkey or kubectl mesh-tls cert issue"
	}
	if s, ok := parsed.(crypto.Signer); ok && err == nil {
		return &PrivateKey{signer: s}, ""
	}
	return nil, "cannot be read: it is damaged, or of a kind that TLS does not use; copy it again, or make a new pair"
}
