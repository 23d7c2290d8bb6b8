//go:build e2e

package e2e

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority is a CA. Its files lie in the test's directory: the certificate alone, never beside its key.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
	pem  []byte
}

// leaf says what is odd about a certificate; the zero value is a good one for a day.
type leaf struct {
	names    []string
	ips      []string
	cn       string
	from, to time.Duration // from now; 0, 0 is an hour ago until tomorrow
	usage    []x509.ExtKeyUsage
	isCA     bool
	signs    x509.KeyUsage // key usage, where it is not what such a certificate has
	kind     string        // of the key: RSA-1024, Ed25519; default ECDSA with P-256
	self     bool          // signed by its own key and not by the CA
	sent     []*authority  // intermediates that the server sends after its own certificate
}

func (l leaf) template() *x509.Certificate {
	if l.from == 0 && l.to == 0 {
		l.from, l.to = -time.Hour, 24*time.Hour*60
	}
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62)) // reading random bytes does not fail
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: l.cn}, DNSNames: l.names,
		NotBefore: time.Now().Add(l.from), NotAfter: time.Now().Add(l.to), BasicConstraintsValid: true, IsCA: l.isCA,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if l.usage != nil {
		c.ExtKeyUsage = l.usage
	}
	if l.isCA {
		c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil
	}
	if l.signs != 0 {
		c.KeyUsage = l.signs
	}
	for _, ip := range l.ips {
		c.IPAddresses = append(c.IPAddresses, net.ParseIP(ip))
	}
	return c
}

// newAuthority makes a CA, signed by parent or by itself.
func newAuthority(t *testing.T, dir, cn string, parent *authority, l leaf) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return renewed(t, dir, cn, key, parent, l)
}

// renewed makes a CA of this name for a key that another CA may have, too.
func renewed(t *testing.T, dir, cn string, key *ecdsa.PrivateKey, parent *authority, l leaf) *authority {
	t.Helper()
	l.cn, l.isCA = cn, l.signs == 0
	a := &authority{key: key}
	template, signer, signerKey := l.template(), (*x509.Certificate)(nil), key
	if signer = template; parent != nil {
		signer, signerKey = parent.cert, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer, &key.PublicKey, signerKey)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	a.file = write(t, filepath.Join(dir, cn+".pem"), a.pem)
	return a
}

// issue makes a server's certificate and key and returns their files.
func (a *authority) issue(t *testing.T, dir string, l leaf) (cert, key string) {
	t.Helper()
	k := newKey(t, l.kind)
	template, signer, signerKey := l.template(), a.cert, crypto.Signer(a.key)
	if l.self {
		signer, signerKey = template, k
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer, k.Public(), signerKey)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for _, i := range l.sent {
		text = append(text, i.pem...)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.CreateTemp(dir, "server-*.pem")
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, file.Name(), text), write(t, file.Name()+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

func newKey(t *testing.T, kind string) crypto.Signer {
	t.Helper()
	var k crypto.Signer
	var err error
	switch kind {
	case "RSA-1024":
		k, err = rsa.GenerateKey(rand.Reader, 1024)
	case "Ed25519":
		_, k, err = ed25519.GenerateKey(rand.Reader)
	default:
		k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func write(t *testing.T, file string, text []byte) string {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func join(t *testing.T, dir, name string, parts ...[]byte) string {
	t.Helper()
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return write(t, filepath.Join(dir, name), all)
}
