package facts

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"
)

func testCertificate(t *testing.T, name string, signer any, public any) []byte {
	t.Helper()
	id, err := url.Parse("spiffe://a.org/ns/b/sa/c")
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(0xabcd), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"a.example"}, IPAddresses: []net.IP{net.ParseIP("10.0.0.1")}, URIs: []*url.URL{id}, EmailAddresses: []string{"x@a.example"},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestParsePEM reads every block, skips keys, and tells what does not parse.
func TestParsePEM(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	one := block("CERTIFICATE", testCertificate(t, "one", key, key.Public()))
	two := block("CERTIFICATE", testCertificate(t, "two", private, public))
	secret := block("EC PRIVATE KEY", []byte("do not look"))
	junk := block("CERTIFICATE", []byte("junk"))
	cases := map[string]struct {
		text    string
		want    string
		problem string
	}{
		"two":               {one + two, "CN=one CN=two", ""},
		"words around":      {"# Root\n" + one + "\n# Other\n" + two, "CN=one CN=two", ""},
		"key is skipped":    {secret + one, "CN=one", ""},
		"broken in between": {one + junk + two, "CN=one CN=two", "PEM block 2"},
		"only broken":       {junk, "", "PEM block 1"},
		"only a key":        {secret, "", "no PEM block"},
		"empty":             {"", "", "no PEM block"},
		"cut off":           {one[:len(one)/2], "", "no PEM block"},
		"DER":               {string(testCertificate(t, "x", key, key.Public())), "", "no PEM block"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ParsePEM([]byte(c.text))
			var subjects []string
			for _, cert := range got {
				subjects = append(subjects, cert.Subject)
				if bytes.Contains(cert.DER, []byte("do not look")) {
					t.Error("a key got into a certificate")
				}
			}
			if s := strings.Join(subjects, " "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
			if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Errorf("error %v, want %q", err, c.problem)
			}
		})
	}
	if _, err := ParsePEM(nil); !errors.Is(err, ErrNoCertificate) {
		t.Errorf("an empty text gives %v", err)
	}
}

// TestParseDER reads what a person asks about a certificate.
func TestParseDER(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseDER(testCertificate(t, "one", key, key.Public()))
	if err != nil {
		t.Fatal(err)
	}
	if c.Subject != "CN=one" || c.Issuer != "CN=one" || c.Serial != "abcd" || c.KeyType != "ECDSA" || !c.IsCA || len(c.Fingerprint) != 64 ||
		c.DNS[0] != "a.example" || c.IPs[0] != "10.0.0.1" || c.URIs[0] != "spiffe://a.org/ns/b/sa/c" || c.Emails[0] != "x@a.example" || c.NotAfter.Year() != 2036 {
		t.Errorf("read wrongly: %+v", c)
	}
	if _, err := ParseDER([]byte("junk")); err == nil {
		t.Error("junk is taken for a certificate")
	}
}
