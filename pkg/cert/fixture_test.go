package cert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

func today() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

const year = 365 * 24 * time.Hour

func request(name string, sans ...string) Request {
	s, err := ParseSANs(sans)
	if err != nil {
		panic(err)
	}
	return Request{CommonName: name, SANs: s, Key: ECDSAP256, Now: today(), Valid: year}
}

func newRoot(t *testing.T, name string) Authority {
	t.Helper()
	r := request(name)
	r.Valid = 10 * year
	made, err := NewCA(r, nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return Authority{Chain: made.Chain, Key: made.Key}
}

// pair is an issued certificate as piles, as if it was read from files.
type pair struct{ cert, key Pile }

func issuePair(t *testing.T, ca Authority, r Request) pair {
	t.Helper()
	made, err := Issue(r, ca, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair{pile(t, "tls.crt", PEM(made.Chain...)), pile(t, "tls.key", keyPEM(t, made.Key))}
}

func keyPEM(t *testing.T, k PrivateKey) []byte {
	t.Helper()
	text, err := k.PEM()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func pile(t *testing.T, source string, text []byte) Pile {
	t.Helper()
	p, err := Read(source, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (a Authority) pile(t *testing.T) Pile {
	t.Helper()
	return pile(t, "ca.crt", PEM(a.Chain...))
}

func server(t *testing.T, ca Authority, sans ...string) pair {
	t.Helper()
	r := request(sans[0], sans...)
	r.Server = true
	return issuePair(t, ca, r)
}

func client(t *testing.T, ca Authority, sans ...string) pair {
	t.Helper()
	r := request("client", sans...)
	r.Client = true
	return issuePair(t, ca, r)
}

// raw signs any template, for certificates that Issue would not make.
func raw(t *testing.T, ca Authority, public crypto.PublicKey, change func(*x509.Certificate)) Pile {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "odd"}, NotBefore: today().Add(-year), NotAfter: today().Add(year),
		DNSNames: []string{"x.example.internal"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true}
	change(c)
	der, err := x509.CreateCertificate(rand.Reader, c, ca.Chain[0], public, ca.Key.signer)
	if err != nil {
		t.Fatal(err)
	}
	return pile(t, "odd.crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func p256(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
