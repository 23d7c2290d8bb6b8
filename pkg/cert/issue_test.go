package cert

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestIssue(t *testing.T) {
	root := newRoot(t, "root")
	for _, key := range []KeyType{ECDSAP256, ECDSAP384, RSA2048} {
		r := request("web", "Web.example.internal", "spiffe://cluster.local/ns/a/sa/b", "10.0.0.1", "web.example.internal", "*.apps.internal")
		r.Server, r.Client, r.Key = true, true, key
		made, err := Issue(r, root, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := made.Chain[0]
		if got := fmt.Sprint(namesOf(c)); got != "[web.example.internal *.apps.internal spiffe://cluster.local/ns/a/sa/b 10.0.0.1]" {
			t.Errorf("%s: names %s", key, got)
		}
		if got := strings.Join(extKeyUsages(c), ","); got != "serverAuth,clientAuth" {
			t.Errorf("%s: usage %s", key, got)
		}
		if (c.KeyUsage&x509.KeyUsageKeyEncipherment != 0) != (key == RSA2048) || c.KeyUsage&x509.KeyUsageDigitalSignature == 0 || c.IsCA {
			t.Errorf("%s: key usage %v, CA %v", key, keyUsages(c), c.IsCA)
		}
		if !made.Key.Fits(c) || len(made.Chain) != 1 {
			t.Errorf("%s: the key fits %v, %d certificates", key, made.Key.Fits(c), len(made.Chain))
		}
		if c.NotBefore.After(today()) || !c.NotAfter.Equal(today().Add(year)) || len(c.SerialNumber.Bytes()) != 16 {
			t.Errorf("%s: %s to %s, serial %x", key, c.NotBefore, c.NotAfter, c.SerialNumber)
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	root := newRoot(t, "root")
	for name, tt := range map[string]struct {
		change func(*Request)
		want   string
	}{
		"no end":      {func(r *Request) { r.Server = false }, "--server"},
		"no name":     {func(r *Request) { r.CommonName = "" }, "needs a name"},
		"long name":   {func(r *Request) { r.CommonName = strings.Repeat("x", 65) }, "64 bytes"},
		"escape":      {func(r *Request) { r.CommonName = "a\x1b[31m" }, "can be printed"},
		"no SAN":      {func(r *Request) { r.SANs = SANs{} }, "--san HOST"},
		"no validity": {func(r *Request) { r.Valid = 0 }, "too short"},
		"far future":  {func(r *Request) { r.Valid = 1 << 62; r.Now = time.Date(9900, 1, 1, 0, 0, 0, 0, time.UTC) }, "9999"},
		"no key type": {func(r *Request) { r.Key = "" }, "must be one of"},
	} {
		r := request("web", "web.internal")
		r.Server = true
		tt.change(&r)
		if _, err := Issue(r, root, rand.Reader); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	r := request("web", "web.internal")
	r.Server = true
	if _, err := Issue(r, constrained(t, root, "only.internal"), rand.Reader); err == nil || !strings.Contains(err.Error(), "nobody would accept") {
		t.Errorf("a name that the CA may not sign: %v", err)
	}
	if _, err := Issue(r, root, bytes.NewReader(nil)); err == nil || !strings.Contains(err.Error(), "random") {
		t.Errorf("without random bytes: %v", err)
	}
	if r.Key, _ = ParseKeyType("Ed25519"); r.Key != Ed25519 {
		t.Errorf("Ed25519 is read as %q", r.Key)
	}
	if _, err := Issue(r, root, rand.Reader); !errors.Is(err, ErrEd25519) {
		t.Errorf("Ed25519: %v", err)
	}
	made, err := NewCA(r, nil, rand.Reader)
	if err != nil || len(made.Notes) != 1 {
		t.Fatalf("an Ed25519 CA: %v, notes %q", err, made.Notes)
	}
	r.Key = ECDSAP256
	if _, err := Issue(r, Authority{Chain: made.Chain, Key: made.Key}, rand.Reader); err != nil {
		t.Errorf("of an Ed25519 CA: %v", err)
	}
	if _, err := ParseKeyType("dsa"); err == nil {
		t.Error("DSA is taken")
	}
}

// TestIssueNotes: what is done otherwise than asked is said.
func TestIssueNotes(t *testing.T) {
	root := newRoot(t, "root")
	r := request("client")
	r.Client, r.Valid, r.Key = true, 20*year, ECDSAP384
	made, err := Issue(r, root, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(made.Notes, "|"); !strings.Contains(all, "cut to that of the CA") || !strings.Contains(all, "no SAN") || !strings.Contains(all, "1.33") {
		t.Errorf("notes %q", made.Notes)
	}
	if !made.Chain[0].NotAfter.Equal(root.Chain[0].NotAfter) {
		t.Errorf("valid until %s, the CA until %s", made.Chain[0].NotAfter, root.Chain[0].NotAfter)
	}
}

func TestNewAuthority(t *testing.T) {
	root, other := newRoot(t, "root"), newRoot(t, "other")
	key, leaf := pile(t, "root.key", keyPEM(t, root.Key)), server(t, root, host)
	both := pile(t, "bundle.crt", PEM(other.Chain[0], root.Chain[0]))
	a, err := NewAuthority(both, key, today())
	if err != nil || !a.Chain[0].Equal(root.Chain[0]) || len(a.Chain) != 2 {
		t.Errorf("the certificate of the key must come first: %v, %d certificates", err, len(a.Chain))
	}
	for name, tt := range map[string]struct {
		ca, key Pile
		now     time.Time
		want    string
	}{
		"key of another": {other.pile(t), key, today(), "belongs to no certificate"},
		"no CA":          {leaf.cert, leaf.key, today(), "is no CA certificate"},
		"expired":        {root.pile(t), key, today().Add(11 * year), "expired"},
		"too early":      {root.pile(t), key, today().Add(-year), "valid from"},
		"no key":         {root.pile(t), root.pile(t), today(), "holds no private key"},
		"no certificate": {key, key, today(), "holds no certificate"},
	} {
		if _, err := NewAuthority(tt.ca, tt.key, tt.now); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestParseSANsRefuses(t *testing.T) {
	for _, name := range []string{"", "a b", "a..b", "x.*.y", "ip:host", "uri:nowhere", "10.0.0.0/8", "spiffe://u@d/x", "spiffe://d:1/x", "-a.b", "dns:müller.de", strings.Repeat("a", 64) + ".b"} {
		if s, err := ParseSANs([]string{name}); err == nil {
			t.Errorf("%q is taken: %+v", name, s)
		}
	}
	s, err := ParseSANs([]string{"dns:10.0.0.1", "URI:https://a/b", "ip:::1"})
	if err != nil || len(s.DNS) != 1 || len(s.URIs) != 1 || len(s.IPs) != 1 {
		t.Errorf("%v %v", s, err)
	}
}

// TestKeyIsHidden: no way of printing shows a key.
func TestKeyIsHidden(t *testing.T) {
	root := newRoot(t, "root")
	holders := []any{root, root.Key, &root.Key, []PrivateKey{root.Key}, map[string]PrivateKey{"k": root.Key}, Block{Key: &root.Key}, Issued{Key: root.Key}}
	for _, h := range holders {
		asJSON, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %x %d", h, h, h, h, h, h), string(asJSON)} {
			number := fmt.Sprint(root.Key.signer)
			if strings.Contains(text, number[3:20]) || strings.Contains(text, "PrivateKey:") && strings.Contains(text, "D:") {
				t.Errorf("%T is printed with its key: %.200s", h, text)
			}
		}
	}
	if text := fmt.Sprintf("%v", root.Key); text != hidden {
		t.Errorf("the key is printed as %q", text)
	}
	if !slices.Equal(keyPEM(t, root.Key)[:27], []byte("-----BEGIN PRIVATE KEY-----")) {
		t.Error("PEM does not give the key")
	}
}
