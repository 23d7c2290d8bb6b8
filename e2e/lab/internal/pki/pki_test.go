package pki

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func verify(t *testing.T, ca, cert, host string, at time.Time) error {
	t.Helper()
	roots := x509.NewCertPool()
	b, err := os.ReadFile(ca)
	if err != nil || !roots.AppendCertsFromPEM(b) {
		t.Fatalf("no CA in %s: %v", ca, err)
	}
	b, err = os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: at})
	return err
}

func TestMake(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "s.pem"), filepath.Join(dir, "s.key")
	r := Request{Dir: dir, CA: "one", Hosts: []string{"r.example.internal", "10.0.0.1"}, Days: 30, Cert: cert, Key: key}
	one, err := Make(r, now)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		host string
		at   time.Time
		ok   bool
	}{
		"good":       {"r.example.internal", now, true},
		"address":    {"10.0.0.1", now, true},
		"other host": {"x.example.internal", now, false},
		"too late":   {"r.example.internal", now.AddDate(0, 0, 31), false},
	} {
		if err := verify(t, one, cert, c.host, c.at); (err == nil) != c.ok {
			t.Errorf("%s: %v, want ok %v", name, err, c.ok)
		}
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v %v, want mode 600", info.Mode(), err)
	}

	// A second certificate of the same name comes from the same CA, another
	// name is another CA.
	r.Hosts, r.Expired = []string{"r.example.internal"}, true
	if _, err := Make(r, now); err != nil {
		t.Fatal(err)
	}
	if err := verify(t, one, cert, "r.example.internal", now.AddDate(0, 0, -10)); err != nil {
		t.Errorf("expired, looked at before its end: %v", err)
	}
	if verify(t, one, cert, "r.example.internal", now) == nil {
		t.Error("the expired certificate verifies")
	}
	r.CA = "two"
	two, err := Make(r, now)
	if err != nil {
		t.Fatal(err)
	}
	if two == one || verify(t, one, cert, "r.example.internal", now.AddDate(0, 0, -10)) == nil {
		t.Error("a certificate of CA two verifies against CA one")
	}
}

func TestMakeRefuses(t *testing.T) {
	for name, r := range map[string]Request{
		"no host":     {CA: "c", Days: 1},
		"no days":     {CA: "c", Hosts: []string{"h"}},
		"path for CA": {CA: "../c", Hosts: []string{"h"}, Days: 1},
	} {
		r.Dir = t.TempDir()
		if _, err := Make(r, now); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
