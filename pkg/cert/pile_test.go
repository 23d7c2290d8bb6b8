package cert

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
)

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// TestReadForms: what openssl, step and cert-manager write is read, and the key in
// each form belongs to its certificate.
func TestReadForms(t *testing.T) {
	root := newRoot(t, "root")
	ec := p256(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err1 := x509.MarshalECPrivateKey(ec)
	pkcs8, err2 := x509.MarshalPKCS8PrivateKey(ec)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	ecCert := raw(t, root, ec.Public(), func(*x509.Certificate) {}).Certs()[0]
	rsaCert := raw(t, root, rsaKey.Public(), func(*x509.Certificate) {}).Certs()[0]
	curve := block("EC PARAMETERS", []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7})
	words := "Certificate:\n    Data:\n        Version: 3 (0x2)\n        Subject: CN = x\n"
	for name, tt := range map[string]struct {
		cert *x509.Certificate
		text string
	}{
		"openssl ecparam -genkey":   {ecCert, curve + block("EC PRIVATE KEY", sec1)},
		"openssl genpkey":           {ecCert, block("PRIVATE KEY", pkcs8)},
		"openssl genrsa of old":     {rsaCert, block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))},
		"lines of Windows":          {ecCert, strings.ReplaceAll(block("PRIVATE KEY", pkcs8), "\n", "\r\n")},
		"openssl pkcs12, Bag words": {ecCert, "Bag Attributes\n    localKeyID: 01\nKey Attributes: <No Attributes>\n" + block("PRIVATE KEY", pkcs8)},
	} {
		k, err := pile(t, "f", []byte(tt.text)).Key()
		if err != nil || !k.Fits(tt.cert) {
			t.Errorf("%s: %v, fits %v", name, err, k.Fits(tt.cert))
		}
	}
	for name, text := range map[string]string{
		"openssl x509 -text":     words + string(PEM(ecCert)),
		"openssl x509 -trustout": block("TRUSTED CERTIFICATE", append(append([]byte{}, ecCert.Raw...), 0x30, 0)),
		"chain with words":       words + string(PEM(ecCert)) + words + string(PEM(rsaCert)),
	} {
		p := pile(t, "f", []byte(text))
		if certs := p.Certs(); len(certs) == 0 || !certs[0].Equal(ecCert) || p[0].Problem != "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestReadProblems(t *testing.T) {
	good := string(PEM(newRoot(t, "root").Chain...))
	enc := block("ENCRYPTED PRIVATE KEY", []byte("secret bytes"))
	for name, tt := range map[string]struct{ text, problem string }{
		"cut off":       {good[:len(good)-40], "is damaged"},
		"no end line":   {"-----BEGIN CERTIFICATE-----\nMIIB\n" + good, "is damaged"},
		"indented":      {"  " + strings.ReplaceAll(good, "\n", "\n  "), "start of its line"},
		"BOM":           {"\xef\xbb\xbf" + good, "start of its line"},
		"other content": {block("CERTIFICATE", []byte("secret bytes")), "no certificate that can be read"},
		"encrypted":     {enc, "is encrypted"},
		"damaged key":   {block("EC PRIVATE KEY", []byte("secret bytes")), "cannot be read"},
		"SSH":           {block("OPENSSH PRIVATE KEY", []byte("secret bytes")), "key of SSH"},
		"DSA":           {block("DSA PRIVATE KEY", []byte("secret bytes")), "does not use"},
	} {
		p := pile(t, "f.pem", []byte(tt.text))
		if !strings.Contains(p[0].Problem, tt.problem) || p[0].Number != 1 {
			t.Errorf("%s: %q, want %q", name, p[0].Problem, tt.problem)
		}
		if strings.Contains(fmt.Sprintf("%+v", p), "secret bytes") {
			t.Errorf("%s: the content of the block is shown: %+v", name, p)
		}
	}
	two := pile(t, "f.pem", []byte("-----BEGIN CERTIFICATE-----\nMIIB\n"+good))
	if len(two) != 2 || len(two.Certs()) != 1 || two[1].Line != 3 {
		t.Errorf("a damaged block must not hide the next: %+v", two)
	}
	for what, c := range map[string]struct {
		text string
		bad  bool
	}{"whole": {good, false}, "a signature around it": {"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + good, false}, "a block that is cut": {"-----BEGIN CERTIFICATE-----\nMIIB\n" + good, true},
		"a key that is cut": {"-----BEGIN EC PRIVATE KEY-----\nMIIB\n" + good, true}} {
		if got := pile(t, "f.pem", []byte(c.text)).Damaged(); c.bad != (got != "") {
			t.Errorf("%s: %q", what, got)
		}
	}
	for text, want := range map[string]string{"": "is empty", "hello": "no PEM block", "0\x82\x01\x00": "is DER"} {
		if _, err := Read("f.pem", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestShow(t *testing.T) {
	root := newRoot(t, "root")
	a, b := server(t, root, host), server(t, root, "other.internal")
	entries := Show([]Pile{a.cert, a.key, b.key}, today())
	if len(entries) != 3 {
		t.Fatalf("%d entries", len(entries))
	}
	c := entries[0]
	if c.Subject != "CN="+host || c.Issuer != "CN=root" || *c.DaysLeft != 365 || c.Key != "tls.key, block 1 (line 1)" || len(c.Fingerprint) != 64 || c.KeyType != "ECDSA P-256" || len(c.Problems) > 0 {
		t.Errorf("%+v", c)
	}
	if entries[1].Key != "tls.crt, block 1 (line 1)" || len(entries[1].Problems) > 0 {
		t.Errorf("%+v", entries[1])
	}
	if len(entries[2].Problems) != 1 {
		t.Errorf("a key without its certificate: %+v", entries[2])
	}
	if late := Show([]Pile{a.cert}, today().Add(2*year)); late[0].Problems[0] != "expired on 2027-11-23" || *late[0].DaysLeft != -365 {
		t.Errorf("%+v", late[0])
	}
}

func TestVisible(t *testing.T) {
	c := raw(t, newRoot(t, "root"), p256(t).Public(), func(c *x509.Certificate) { c.Subject.CommonName = "a\x1b[31m\u202eb" }).Certs()[0]
	if got := label(c); strings.ContainsAny(got, "\x1b\u202e") || !strings.Contains(got, `\x1b[31m`) {
		t.Errorf("%q", got)
	}
}

func TestPairData(t *testing.T) {
	root := newRoot(t, "root")
	p := server(t, root, host)
	for form, want := range map[Form]string{FormTLS: "kubernetes.io/tls [ca.crt tls.crt tls.key]", FormGeneric: "Opaque [cacert cert key]"} {
		d, err := NewPairData(form, p.cert, p.key, root.pile(t), today())
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(d.Type, " ", sortedKeys(d.Values)); got != want {
			t.Errorf("%s: %s, want %s", form, got, want)
		}
		for _, part := range []Part{PartCert, PartKey, PartCA} {
			name, ok := InSecret(d.Values, part)
			if !ok {
				t.Errorf("%s: %s is not found in what was made", form, part)
			}
			if q := pile(t, name, d.Values[name]); part == PartKey && !q.HasKey() || part != PartKey && len(q.Certs()) == 0 {
				t.Errorf("%s: %s is %q", form, part, name)
			}
		}
		if n := len(ReadSecret("s", d.Values)); n != 3 {
			t.Errorf("%s: %d piles are read back", form, n)
		}
	}
	other := server(t, root, "other.internal")
	for name, tt := range map[string]struct {
		cert, key, ca Pile
		want          string
	}{
		"key of another":    {p.cert, other.key, nil, "does not belong"},
		"no key":            {p.cert, p.cert, nil, "no private key"},
		"no certificate":    {p.key, p.key, nil, "no certificate"},
		"key in the CA":     {p.cert, p.key, append(root.pile(t), p.key...), "belongs to no cluster"},
		"nothing in the CA": {p.cert, p.key, pile(t, "ca", []byte(block("EC PARAMETERS", []byte{6, 0}))), "no certificate"},
	} {
		if _, err := NewPairData(FormTLS, tt.cert, tt.key, tt.ca, today()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if _, err := NewPairData(FormTLS, p.cert, p.key, nil, today().Add(2*year)); err == nil {
		t.Error("an expired certificate is taken")
	}
	if _, err := NewCAData(FormTLS, p.key); err == nil {
		t.Error("a key is taken for a CA")
	}
}

// TestInSecret: what istiod reads where a Secret has several keys, some of them empty.
func TestInSecret(t *testing.T) {
	x := []byte("x")
	for name, c := range map[string]struct {
		has             map[string][]byte
		cert, key, root string
	}{
		"both forms":            {map[string][]byte{"tls.crt": x, "tls.key": x, "cert": x, "key": x, "ca.crt": x, "cacert": x}, "cert", "key", "cacert"},
		"half a pair of each":   {map[string][]byte{"tls.crt": x, "key": x}, "", "", ""},
		"the generic one empty": {map[string][]byte{"tls.crt": x, "tls.key": x, "cert": x, "key": nil, "ca.crt": x, "cacert": {}}, "tls.crt", "tls.key", "ca.crt"},
		"all empty":             {map[string][]byte{"tls.crt": nil, "tls.key": nil, "ca.crt": nil}, "", "", ""},
	} {
		for part, want := range map[Part]string{PartCert: c.cert, PartKey: c.key, PartCA: c.root} {
			if got, ok := InSecret(c.has, part); got != want || ok != (want != "") {
				t.Errorf("%s: %q is read for %s, istiod reads %q", name, got, part, want)
			}
		}
	}
}

// FuzzRead: any text gives blocks or an error, never a panic, and Show bears it.
func FuzzRead(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("  -----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END EC PRIVATE KEY-----"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Read("f", text)
		if (err == nil) != (len(p) > 0) {
			t.Errorf("%d blocks and error %v", len(p), err)
		}
		Show([]Pile{p}, today())
		Check(Input{Client: End{Cert: p, Key: p, CA: p}, Server: End{Cert: p, Key: p, CA: p}, Host: "x", Now: today()})
	})
}
