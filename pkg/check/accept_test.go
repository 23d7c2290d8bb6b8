package check

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// made signs a certificate of the host by an authority, with a key and a template of the test's choice.
func made(t *testing.T, a authority, key crypto.Signer, change func(*x509.Certificate)) facts.Certificate {
	t.Helper()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(7), DNSNames: []string{host}, NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(0, 6, 0), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	change(tmpl)
	return a.issue(t, tmpl, key.Public())
}

func key(t *testing.T, kind string) crypto.Signer {
	t.Helper()
	var k crypto.Signer
	var err error
	switch kind {
	case "RSA":
		k, err = rsa.GenerateKey(rand.Reader, 2048)
	case "RSA-1024":
		k, err = rsa.GenerateKey(rand.Reader, 1024)
	case "Ed25519":
		_, k, err = ed25519.GenerateKey(rand.Reader)
	case "P-521":
		k, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	default:
		k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestAsEnvoyAccepts: what Envoy 1.39.3 did with such servers on loopback, one by one, is what MT013 says of them.
func TestAsEnvoyAccepts(t *testing.T) {
	keys := map[string]crypto.Signer{}
	for _, c := range []struct {
		name, key string
		change    func(*x509.Certificate)
		more      func(in *Input)
		want      Outcome
		cause     string
	}{
		{"uses named one by one", "", func(x *x509.Certificate) {
			x.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
		}, nil, OK, ""},
		{"no use named", "", func(x *x509.Certificate) { x.ExtKeyUsage = nil }, nil, OK, ""},
		{"any use", "", func(x *x509.Certificate) { x.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }, nil, Fail, "not for servers"},
		{"key for signing", "", func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageDigitalSignature }, nil, OK, ""},
		{"EC key for agreement", "", func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageKeyAgreement }, nil, Fail, "KEY_USAGE"},
		{"RSA key for encipherment", "RSA", func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageKeyEncipherment }, nil, Fail, "KEY_USAGE"},
		{"the same, Envoy 1.30", "RSA", func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageKeyEncipherment }, func(in *Input) { in.Proxy.Envoy = "1.30.5" }, OK, ""},
		{"the same, Envoy unknown", "RSA", func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageKeyEncipherment }, func(in *Input) { in.Proxy.Envoy = "" }, Unknown, "not for signing"},
		{"the same, Envoy unknown, and expired", "RSA", func(x *x509.Certificate) {
			x.KeyUsage, x.NotAfter = x509.KeyUsageKeyEncipherment, now.AddDate(0, 0, -1)
		}, func(in *Input) { in.Proxy.Envoy = "" }, Fail, "is expired"},
		{"Ed25519", "Ed25519", func(*x509.Certificate) {}, nil, Fail, "Ed25519"},
		{"Ed25519 that the socket takes", "Ed25519", func(*x509.Certificate) {}, func(in *Input) { sock(in).SigAlgs = []string{"ed25519"} }, OK, ""},
		{"Ed25519, OpenSSL", "Ed25519", func(*x509.Certificate) {}, func(in *Input) { in.Proxy.TLSLibrary = "OpenSSL" }, OK, ""},
		{"Ed25519, library unknown", "Ed25519", func(*x509.Certificate) {}, func(in *Input) { in.Proxy.TLSLibrary = "" }, Unknown, "library is not"},
		{"P-521", "P-521", func(*x509.Certificate) {}, nil, Fail, "P-521"},
		{"RSA of 1024 bits", "RSA-1024", func(*x509.Certificate) {}, nil, Warn, "1024 bits"},
		{"SHA-1", "", func(x *x509.Certificate) { x.SignatureAlgorithm = x509.ECDSAWithSHA1 }, nil, Warn, "SHA-1"},
		{"SHA-1, for others", "", func(x *x509.Certificate) {
			x.SignatureAlgorithm, x.ExtKeyUsage = x509.ECDSAWithSHA1, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}, nil, Fail, "not for servers"},
		{"address as text", "", func(x *x509.Certificate) { x.IPAddresses = []net.IP{net.ParseIP("2001:db8::1")} }, func(in *Input) { sans(in, "2001:db8::1") }, OK, ""},
		{"address in another spelling", "", func(x *x509.Certificate) { x.IPAddresses = []net.IP{net.ParseIP("2001:db8::1")} }, func(in *Input) { sans(in, "2001:DB8:0::1") }, Fail, "another host"},
		{"wildcard", "", func(x *x509.Certificate) { x.DNSNames = []string{"*.example.internal"} }, nil, OK, ""},
		{"wildcard of a part", "", func(x *x509.Certificate) { x.DNSNames = []string{"r*s.example.internal"} }, nil, OK, ""},
		{"wildcard of another part", "", func(x *x509.Certificate) { x.DNSNames = []string{"r*x.example.internal"} }, nil, Fail, "another host"},
		{"wildcard, name in Punycode", "", func(x *x509.Certificate) { x.DNSNames = []string{"*.example.internal"} }, func(in *Input) { sans(in, "xn--bcher-kva.example.internal") }, OK, ""},
		{"wildcard of a part, name in Punycode", "", func(x *x509.Certificate) { x.DNSNames = []string{"xn*.example.internal"} }, func(in *Input) { sans(in, "xn--bcher-kva.example.internal") }, Fail, "another host"},
		{"wildcard for one label only", "", func(x *x509.Certificate) { x.DNSNames = []string{"*.internal"} }, nil, Fail, "another host"},
		{"the SNI is the name, whatever names are written", "", func(*x509.Certificate) {}, func(in *Input) { sans(in, "other.example.internal"); sock(in).AutoSNISAN = true }, OK, ""},
		{"capitals", "", func(x *x509.Certificate) { x.DNSNames = []string{strings.ToUpper(host)} }, nil, OK, ""},
		{"identity, case told apart", "", func(x *x509.Certificate) { x.URIs = []*url.URL{{Scheme: "spiffe", Host: "td", Path: "/A"}} }, func(in *Input) { sans(in, "spiffe://td/a") }, Fail, "another host"},
		{"identity, case ignored", "", func(x *x509.Certificate) { x.URIs = []*url.URL{{Scheme: "spiffe", Host: "td", Path: "/A"}} }, func(in *Input) { sans(in, "spiffe://td/a"); sock(in).Validation.SANs[0].IgnoreCase = true }, OK, ""},
		{"TLS 1.0", "", func(*x509.Certificate) {}, func(in *Input) { hello(in).Version = "TLS 1.0" }, Fail, "TLS 1.0 at most"},
		{"TLS 1.0 that the socket takes", "", func(*x509.Certificate) {}, func(in *Input) { hello(in).Version, sock(in).MinTLS = "TLS 1.0", "TLSv1_0" }, OK, ""},
		{"TLS 1.0, Envoy unknown", "", func(*x509.Certificate) {}, func(in *Input) { hello(in).Version, in.Proxy.Envoy = "TLS 1.0", "" }, Unknown, "TLS 1.0 is not known"},
		{"TLS 1.2 where 1.3 is demanded", "", func(*x509.Certificate) {}, func(in *Input) { hello(in).Version, sock(in).MinTLS = "TLS 1.2", "TLSv1_3" }, Fail, "begins at TLS 1.3"},
		{"breaks off after the certificate", "", func(*x509.Certificate) {}, func(in *Input) { hello(in).Failure = facts.FailureAlert }, Fail, "refuses the TLS handshake"},
		{"wants a certificate, which the sidecar has", "", func(*x509.Certificate) {}, func(in *Input) {
			hello(in).Failure, hello(in).AsksCert = facts.FailureAlert, true
			sock(in).Cert = facts.Source{Kind: facts.SourceFile, Name: "/c"}
		}, OK, ""},
		{"wants a certificate and closes", "", func(*x509.Certificate) {}, func(in *Input) { hello(in).Failure, hello(in).AsksCert = facts.FailureClosed, true }, Fail, "demands a client certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := healthy(t)
			in.Proxy.TLSLibrary = "BoringSSL"
			ca := newAuthority(t, "redis-ca", now.AddDate(0, -3, 0), now.AddDate(1, 0, 0))
			in.Proxy.Secrets[0].Validation.Inline = []facts.Certificate{ca.fact(t)}
			if keys[c.key] == nil { // RSA takes long
				keys[c.key] = key(t, c.key)
			}
			hello(&in).Chain = []facts.Certificate{made(t, ca, keys[c.key], c.change)}
			if c.more != nil {
				c.more(&in)
			}
			got := byID(Run(All(), in), "MT013")
			if len(got) != 1 || got[0].Outcome != c.want || !strings.Contains(got[0].Summary+got[0].Got, c.cause) {
				t.Errorf("want %s with %q, got %+v", c.want, c.cause, got)
			}
		})
	}
}

func sans(in *Input, name string) {
	sock(in).Validation.SANs = []facts.NameMatch{{Kind: "exact", Value: name}}
}

// TestSHA1Intermediate: a chain with SHA-1 in its middle leads to the CA, one that ends elsewhere does not.
func TestSHA1Intermediate(t *testing.T) {
	root, strange := newAuthority(t, "root", now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)), newAuthority(t, "root", now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
	mid := newAuthority(t, "mid", now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
	middle := made(t, root, mid.key, func(x *x509.Certificate) {
		x.Subject, x.IsCA, x.BasicConstraintsValid, x.KeyUsage, x.ExtKeyUsage, x.DNSNames = mid.cert.Subject, true, true, x509.KeyUsageCertSign, nil, nil
		x.SignatureAlgorithm = x509.ECDSAWithSHA1
	})
	old := made(t, root, mid.key, func(x *x509.Certificate) {
		x.Subject, x.IsCA, x.BasicConstraintsValid, x.KeyUsage, x.ExtKeyUsage, x.DNSNames = mid.cert.Subject, true, true, x509.KeyUsageCertSign, nil, nil
		x.SignatureAlgorithm, x.NotBefore, x.NotAfter = x509.ECDSAWithSHA1, now.AddDate(-1, 0, 0), now.AddDate(0, 0, -1)
	})
	for name, c := range map[string]struct {
		ca   authority
		mid  facts.Certificate
		want Outcome
	}{"right": {root, middle, OK}, "another root of that name": {strange, middle, Fail}, "ended": {root, old, Fail}} {
		in := healthy(t)
		in.Proxy.Secrets[0].Validation.Inline = []facts.Certificate{c.ca.fact(t)}
		hello(&in).Chain = []facts.Certificate{mid.leaf(t, host, now.AddDate(0, -1, 0), now.AddDate(0, 1, 0)), c.mid}
		if got := byID(Run(All(), in), "MT013"); len(got) != 1 || got[0].Outcome != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestPinned: of hashes of certificates and of keys one has to fit, whether a CA stands beside them or not.
func TestPinned(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(v *facts.Validation, leaf facts.Certificate)
		want Outcome
	}{
		"its hash": {func(v *facts.Validation, leaf facts.Certificate) { v.Hashes = []string{"00", leaf.Fingerprint} }, OK},
		"its key": {func(v *facts.Validation, leaf facts.Certificate) {
			x, _ := x509.ParseCertificate(leaf.DER)
			sum := sha256.Sum256(x.RawSubjectPublicKeyInfo)
			v.Keys = []string{base64.StdEncoding.EncodeToString(sum[:])}
		}, OK},
		"another": {func(v *facts.Validation, _ facts.Certificate) { v.Hashes, v.Keys = []string{"00"}, []string{"AA=="} }, Fail},
		"another, without CA": {func(v *facts.Validation, _ facts.Certificate) {
			v.Hashes, v.CA = []string{"00"}, facts.Source{Kind: facts.SourceNone}
		}, Fail},
	} {
		in := healthy(t)
		v := &sock(&in).Validation
		c.do(v, hello(&in).Chain[0])
		v.Pins = len(v.Hashes) + len(v.Keys)
		if got := byID(Run(All(), in), "MT013"); len(got) != 1 || got[0].Outcome != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestTrustDomains: the validator for SPIFFE takes the CA of the trust domain that the certificate names, and no other.
func TestTrustDomains(t *testing.T) {
	a := newAuthority(t, "a", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
	b := newAuthority(t, "b", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
	for name, c := range map[string]struct {
		leaf    facts.Certificate
		domains []facts.TrustDomainCA
		want    Outcome
	}{
		"its domain":            {a.identity(t, "spiffe://one/x", now.AddDate(0, -1, 0), now.AddDate(0, 1, 0)), []facts.TrustDomainCA{{Name: "two", CA: []facts.Certificate{b.fact(t)}}, {Name: "one", CA: []facts.Certificate{a.fact(t)}}}, OK},
		"CA of another domain":  {a.identity(t, "spiffe://two/x", now.AddDate(0, -1, 0), now.AddDate(0, 1, 0)), []facts.TrustDomainCA{{Name: "two", CA: []facts.Certificate{b.fact(t)}}, {Name: "one", CA: []facts.Certificate{a.fact(t)}}}, Fail},
		"domain of nobody":      {a.identity(t, "spiffe://three/x", now.AddDate(0, -1, 0), now.AddDate(0, 1, 0)), []facts.TrustDomainCA{{Name: "one", CA: []facts.Certificate{a.fact(t)}}}, Fail},
		"no ID":                 {a.leaf(t, host, now.AddDate(0, -1, 0), now.AddDate(0, 1, 0)), []facts.TrustDomainCA{{Name: "one", CA: []facts.Certificate{a.fact(t)}}}, Fail},
		"bundle in a file":      {a.identity(t, "spiffe://one/x", now.AddDate(0, -1, 0), now.AddDate(0, 1, 0)), []facts.TrustDomainCA{{Name: "one"}}, Unknown},
		"all bundles in a file": {a.identity(t, "spiffe://one/x", now.AddDate(0, -1, 0), now.AddDate(0, 1, 0)), nil, Unknown},
	} {
		for _, inSecret := range []bool{false, true} {
			in := healthy(t)
			v := facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSPIFFE}, SPIFFE: c.domains}
			if sock(&in).Validation = v; inSecret {
				in.Proxy.Secrets[0].Validation = &v
				sock(&in).Validation = facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSDS, Name: in.Proxy.Secrets[0].Name}}
			}
			hello(&in).Chain = []facts.Certificate{c.leaf}
			got := byID(Run(All(), in), "MT013")
			if len(got) != 1 || got[0].Outcome != c.want {
				t.Errorf("%s, in a secret %v: %+v", name, inSecret, got)
			}
			if name == "domain of nobody" && got[0].Want != "a SPIFFE ID of one" {
				t.Errorf("whose ID is wanted: %+v", got)
			}
		}
	}
}

// TestEndpointsOwnSocket: a server is judged by the socket that its endpoint gets, not by those of others.
func TestEndpointsOwnSocket(t *testing.T) {
	for address, want := range map[string]int{"10.244.0.1:16222": 1, "10.244.0.2:16222": 1, "10.244.0.3:16222": 0, "10.9.9.9:1": 2} {
		in := healthy(t)
		u := up(&in)
		wrong := u.Socket
		wrong.Match, wrong.Validation.SANs = map[string]any{"n": "b"}, []facts.NameMatch{{Kind: "exact", Value: "other"}}
		u.Matches = []facts.Socket{wrong, {Kind: facts.SocketPlaintext, Match: map[string]any{"n": "c"}}}
		u.Endpoints = []facts.Endpoint{u.Endpoints[0], {Address: "10.244.0.2:16222", Match: map[string]any{"n": "b"}}, {Address: "10.244.0.3:16222", Match: map[string]any{"n": "c"}}}
		got := Subject{Active: u}.SocketsTo(address)
		if len(got) != want || address == "10.244.0.1:16222" && got[0].Validation.SANs[0].Value != host {
			t.Errorf("%s: %+v", address, got)
		}
	}
}
