// Package pki makes certificate authorities and server certificates for the
// lab. It must not be used for anything but tests: keys are written to files
// without a passphrase.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// CA is a certificate authority. The zero value is not valid.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Pair is a certificate and its key, both as PEM.
type Pair struct{ Cert, Key []byte }

// Leaf says what a server (or client) certificate is for.
type Leaf struct {
	Hosts     []string // names or addresses, the first is also the subject
	NotBefore time.Time
	NotAfter  time.Time
}

// NewCA makes an authority called name, valid from a year before now for 10
// years, so that certificates that expired yesterday can still be of it.
func NewCA(name string, now time.Time) (*CA, Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, Pair{}, fmt.Errorf("make a key for CA %s: %w", name, err)
	}
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, Pair{}, fmt.Errorf("sign CA %s: %w", name, err)
	}
	p, err := pair(der, key)
	if err != nil {
		return nil, Pair{}, err
	}
	ca, err := Load(p)
	return ca, p, err
}

// Load reads back what NewCA wrote.
func Load(p Pair) (*CA, error) {
	c, k := firstBlock(p.Cert), firstBlock(p.Key)
	if c == nil || k == nil {
		return nil, fmt.Errorf("read a CA: no PEM block in the certificate or in the key")
	}
	cert, err := x509.ParseCertificate(c)
	if err != nil {
		return nil, fmt.Errorf("read a CA certificate: %w", err)
	}
	key, err := x509.ParseECPrivateKey(k)
	if err != nil {
		return nil, fmt.Errorf("read the key of CA %s: %w", cert.Subject.CommonName, err)
	}
	return &CA{cert, key}, nil
}

// Issue signs a certificate for l, good for servers and clients alike.
func (ca *CA) Issue(l Leaf) (Pair, error) {
	if len(l.Hosts) == 0 {
		return Pair{}, fmt.Errorf("issue a certificate: no host given")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("make a key for %s: %w", l.Hosts[0], err)
	}
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: l.Hosts[0]},
		NotBefore: l.NotBefore, NotAfter: l.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, h := range l.Hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, ca.cert, key.Public(), ca.key)
	if err != nil {
		return Pair{}, fmt.Errorf("sign a certificate for %s: %w", l.Hosts[0], err)
	}
	return pair(der, key)
}

// RSAKey makes a key for signing tokens, as PEM.
func RSAKey() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a key for tokens: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), nil
}

// Write puts p into two files; only the owner may read the key.
func (p Pair) Write(cert, key string) error {
	if err := os.WriteFile(cert, p.Cert, 0o644); err != nil {
		return err
	}
	return os.WriteFile(key, p.Key, 0o600)
}

func pair(der []byte, key *ecdsa.PrivateKey) (Pair, error) {
	k, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("encode a key: %w", err)
	}
	return Pair{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: k}),
	}, nil
}

func firstBlock(b []byte) []byte {
	if block, _ := pem.Decode(b); block != nil {
		return block.Bytes
	}
	return nil
}

func serial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b) // crypto/rand.Read never returns an error
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b)
}
