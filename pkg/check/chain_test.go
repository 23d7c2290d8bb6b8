package check

import (
	"crypto"
	"crypto/rand"
	digest "crypto/sha1" //nolint:gosec // what old CAs sign with
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// signed is a certificate with its key.
type signed struct {
	*x509.Certificate
	key crypto.Signer
}

// makeCert signs a certificate that lasts for two months around now; a nil parent is itself, a nil key a new one for P-256.
func makeCert(t *testing.T, name string, parent *signed, own crypto.Signer, odd func(*x509.Certificate)) *signed {
	t.Helper()
	if own == nil {
		own = key(t, "")
	}
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<60))
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(0, 1, 0), BasicConstraintsValid: true}
	if name == host {
		c.DNSNames, c.KeyUsage, c.ExtKeyUsage = []string{host}, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	} else {
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	}
	if odd != nil {
		odd(c)
	}
	by := &signed{c, own}
	if parent != nil {
		by = parent
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by.Certificate, own.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	x, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &signed{x, own}
}

// withSHA1 signs a certificate anew with SHA-1, which crypto/x509 does not do any more.
func withSHA1(t *testing.T, c, parent *signed) *signed {
	t.Helper()
	type tbs struct {
		Version    int `asn1:"optional,explicit,default:0,tag:0"`
		Serial     *big.Int
		Algorithm  pkix.AlgorithmIdentifier
		Issuer     asn1.RawValue
		Validity   asn1.RawValue
		Subject    asn1.RawValue
		Key        asn1.RawValue
		Extensions asn1.RawValue
	}
	var body tbs
	if _, err := asn1.Unmarshal(c.RawTBSCertificate, &body); err != nil {
		t.Fatal(err)
	}
	body.Algorithm = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}} // ecdsa-with-SHA1
	raw, err := asn1.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	sum := digest.Sum(raw) //nolint:gosec // see above
	sig, err := parent.key.Sign(rand.Reader, sum[:], crypto.SHA1)
	if err != nil {
		t.Fatal(err)
	}
	der, err := asn1.Marshal(struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}{asn1.RawValue{FullBytes: raw}, body.Algorithm, asn1.BitString{Bytes: sig, BitLength: 8 * len(sig)}})
	if err != nil {
		t.Fatal(err)
	}
	x, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &signed{x, c.key}
}

func list(t *testing.T, certs ...*signed) []facts.Certificate {
	t.Helper()
	var out []facts.Certificate
	for _, c := range certs {
		f, err := facts.ParseDER(c.Raw)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// TestChain holds what MT013 says of a server's chain to what Envoy 1.39 did with such chains on the lab.
func TestChain(t *testing.T) {
	root := makeCert(t, "root", nil, nil, nil)
	old := makeCert(t, "root", nil, root.key, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0) })
	namesake := makeCert(t, "root", nil, nil, func(c *x509.Certificate) { c.SubjectKeyId = []byte{9} })
	twin := makeCert(t, "root", nil, nil, func(c *x509.Certificate) { c.SubjectKeyId = root.SubjectKeyId })
	mid := makeCert(t, "mid", root, nil, nil)
	soon := makeCert(t, "root", nil, root.key, func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, 1) })
	oldMid := makeCert(t, "mid", root, mid.key, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0) })
	leaf := func(parent *signed, key crypto.Signer, odd func(*x509.Certificate)) *signed {
		return makeCert(t, host, parent, key, odd)
	}
	good := leaf(root, nil, nil)
	rsa1024 := key(t, "RSA-1024")
	use := func(u x509.KeyUsage) func(*x509.Certificate) { return func(c *x509.Certificate) { c.KeyUsage = u } }
	bare := makeCert(t, "bare", nil, nil, func(c *x509.Certificate) { c.BasicConstraintsValid, c.IsCA, c.KeyUsage = false, false, 0 })
	noCA := makeCert(t, "no-ca", root, nil, func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature })
	mute := makeCert(t, "mute", nil, nil, use(x509.KeyUsageDigitalSignature))
	critical := func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
	}
	for _, c := range []struct {
		name  string
		chain []*signed
		ca    []*signed
		want  Outcome
		says  string
	}{
		{"good", []*signed{good}, []*signed{root}, OK, ""},
		{"intermediate sent", []*signed{leaf(mid, nil, nil), mid}, []*signed{root}, OK, ""},
		{"intermediate sent after the root", []*signed{leaf(mid, nil, nil), root, mid}, []*signed{root}, OK, ""},
		{"intermediate trusted", []*signed{leaf(mid, nil, nil)}, []*signed{mid}, OK, ""},
		{"itself trusted", []*signed{good}, []*signed{good}, OK, ""},
		{"intermediate that ended", []*signed{leaf(mid, nil, nil), oldMid}, []*signed{root}, Fail, "validityCN=mid: "},
		{"CA that ends before what it issued", []*signed{good}, []*signed{soon}, OK, ""},
		{"intermediate missing", []*signed{leaf(mid, nil, nil)}, []*signed{root}, Fail, "does not send the certificate of its intermediate"},
		{"signed by one that is no CA", []*signed{leaf(noCA, nil, nil), noCA}, []*signed{root}, Fail, "is no CA"},
		{"CA that may not sign", []*signed{leaf(mute, nil, nil)}, []*signed{mute}, Fail, "may not sign"},
		{"CA without basic constraints", []*signed{leaf(bare, nil, nil)}, []*signed{bare}, OK, ""},
		{"expired CA before its renewal", []*signed{good}, []*signed{old, root}, Fail, "another certificate of the same name comes first"},
		{"expired CA after its renewal", []*signed{good}, []*signed{root, old}, OK, ""},
		{"another CA of the same name first, told apart by its key", []*signed{good}, []*signed{namesake, root}, OK, ""},
		{"another CA of the same name first", []*signed{good}, []*signed{twin, root}, Fail, "another certificate of the same name comes first"},
		{"critical extension", []*signed{leaf(root, nil, critical)}, []*signed{root}, Fail, "critical extension"},
		{"RSA of 1024 bits", []*signed{leaf(root, rsa1024, nil)}, []*signed{root}, Warn, "1024 bits"},
		{"signed with SHA-1", []*signed{withSHA1(t, good, root)}, []*signed{root}, Warn, "SHA-1"},
		{"signed with SHA-1 by another", []*signed{withSHA1(t, good, mid)}, []*signed{root}, Fail, "wrong CA"},
		{"intermediate signed with SHA-1", []*signed{leaf(mid, nil, nil), withSHA1(t, mid, root)}, []*signed{root}, OK, ""},
		{"signed with SHA-1 by an expired CA", []*signed{withSHA1(t, good, root)}, []*signed{old}, Fail, "does not chain"},
	} {
		t.Run(c.name, func(t *testing.T) { judged(t, list(t, c.chain...), c.want, c.says, caOf(list(t, c.ca...))) })
	}
}

// caOf puts a bundle into the sidecar's secret.
func caOf(ca []facts.Certificate) func(*Input) {
	return func(in *Input) { in.Proxy.Secrets[0].Validation.Inline = ca }
}

// judged demands an outcome of MT013 for a chain, with words where it is not OK.
func judged(t *testing.T, chain []facts.Certificate, want Outcome, says string, odd ...func(*Input)) {
	t.Helper()
	in := healthy(t)
	hello(&in).Chain = chain
	for _, do := range odd {
		do(&in)
	}
	got := byID(Run(All(), in), "MT013")
	fits := func(f Finding) bool { return f.Outcome == want && strings.Contains(f.Summary+f.Got, says) }
	if !slices.ContainsFunc(got, fits) {
		t.Errorf("want %s with %q, got %+v", want, says, got)
	}
}

// TestRevoked: with a list of revoked certificates Envoy refuses what it names, and what no list covers.
func TestRevoked(t *testing.T) {
	root, other := makeCert(t, "root", nil, nil, nil), makeCert(t, "other", nil, nil, nil)
	mid := makeCert(t, "mid", root, nil, nil)
	good, below := makeCert(t, host, root, nil, nil), makeCert(t, host, mid, nil, nil)
	crl := func(by *signed, from, to time.Time, names ...*signed) []byte {
		var gone []x509.RevocationListEntry
		for _, c := range names {
			gone = append(gone, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: from})
		}
		der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: from, NextUpdate: to, RevokedCertificateEntries: gone}, by.Certificate, by.key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	from, to := now.AddDate(0, 0, -1), now.AddDate(0, 0, 1)
	for _, c := range []struct {
		name  string
		chain []*signed
		lists [][]byte
		want  Outcome
		says  string
		odd   func(*facts.Validation)
	}{
		{"nothing revoked", []*signed{good}, [][]byte{crl(root, from, to)}, OK, "", nil},
		{"another revoked", []*signed{good}, [][]byte{crl(root, from, to, other)}, OK, "", nil},
		{"revoked", []*signed{good}, [][]byte{crl(root, from, to, good)}, Fail, "is revoked", nil},
		{"intermediate revoked", []*signed{below, mid}, [][]byte{crl(root, from, to, mid), crl(mid, from, to)}, Fail, "is revoked", nil},
		{"list expired", []*signed{good}, [][]byte{crl(root, from.AddDate(-1, 0, 0), from)}, Fail, "outside its validity", nil},
		{"list of tomorrow", []*signed{good}, [][]byte{crl(root, to, to.AddDate(0, 0, 1))}, Fail, "outside its validity", nil},
		{"list of another CA", []*signed{good}, [][]byte{crl(other, from, to)}, Fail, "none of the CA", nil},
		{"no list of the intermediate", []*signed{below, mid}, [][]byte{crl(root, from, to)}, Fail, "none of the CA", nil},
		{"lists of both", []*signed{below, mid}, [][]byte{crl(root, from, to), crl(mid, from, to)}, OK, "", nil},
		{"leaf only", []*signed{below, mid}, [][]byte{crl(mid, from, to)}, OK, "", func(v *facts.Validation) { v.CRLLeafOnly = true }},
		{"leaf only, and revoked", []*signed{good}, [][]byte{crl(root, from, to, good)}, Fail, "is revoked", func(v *facts.Validation) { v.CRLLeafOnly = true }},
		{"garbage", []*signed{good}, nil, Fail, "cannot be read", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			judged(t, list(t, c.chain...), c.want, c.says, caOf(list(t, root)), func(in *Input) {
				v := in.Proxy.Secrets[0].Validation
				v.CRL, v.Revoked = facts.Source{Kind: facts.SourceInline}, c.lists
				if c.odd != nil {
					c.odd(v)
				}
			})
		})
	}
	file := func(in *Input) { sock(in).Validation.CRL = facts.Source{Kind: facts.SourceFile, Name: "/etc/crl"} }
	judged(t, list(t, good), OK, "", caOf(list(t, root)), file) // calls completed
	unused := func(in *Input) { up(in).Endpoints[0].Hosts = nil }
	judged(t, list(t, good), Unknown, "revoked is not known", caOf(list(t, root)), file, unused)
	judged(t, list(t, good), Fail, "another host", caOf(list(t, root)), file, unused, func(in *Input) { sans(in, "other.example.internal") })
	judged(t, list(t, below, mid), OK, "", caOf(list(t, root)), func(in *Input) { // the rule's context says it for its secret
		in.Proxy.Secrets[0].Validation.CRL, in.Proxy.Secrets[0].Validation.Revoked = facts.Source{Kind: facts.SourceInline}, [][]byte{crl(mid, from, to)}
		sock(in).Validation.CRLLeafOnly = true
	})
}

// TestAutomaticName: for HTTP Envoy checks the Host header against the certificate where no rule for names is written.
func TestAutomaticName(t *testing.T) {
	root := makeCert(t, "root", nil, nil, nil)
	leaf := makeCert(t, host, root, nil, nil)
	auto := func(in *Input) {
		sock(in).Validation.SANs, sock(in).SNI, rule(in).SANs, rule(in).SNI, in.Intents = nil, "", nil, "", nil
		up(in).AutoSNI, up(in).AutoSAN, up(in).Protocol = true, true, facts.ProtocolHTTP
	}
	judged(t, list(t, leaf), OK, "", caOf(list(t, root)), auto)
	judged(t, list(t, leaf), Fail, "another host", caOf(list(t, root)), auto, func(in *Input) { up(in).Authority = "other.example.internal" })
	other := makeCert(t, host, root, nil, func(c *x509.Certificate) { c.DNSNames = []string{"other.example.internal"} })
	judged(t, list(t, other), Fail, "another host", caOf(list(t, root)), auto)
	judged(t, list(t, other), OK, "", caOf(list(t, root)), auto, func(in *Input) { up(in).Authority = "other.example.internal" })
}

// TestClientCertificateWanted: a server that names its CAs, or demands a certificate for clients, refuses others.
func TestClientCertificateWanted(t *testing.T) {
	root, other := makeCert(t, "root", nil, nil, nil), makeCert(t, "other", nil, nil, nil)
	mid := makeCert(t, "mid", root, nil, nil)
	use := func(u x509.ExtKeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.IsCA, c.KeyUsage, c.ExtKeyUsage = false, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{u}
		}
	}
	client := func(by *signed) *signed { return makeCert(t, "client", by, nil, use(x509.ExtKeyUsageClientAuth)) }
	for _, c := range []struct {
		name  string
		chain []*signed
		asks  []string
		want  Outcome
		says  string
	}{
		{"of the CA", []*signed{client(root)}, []string{"CN=root"}, OK, ""},
		{"of another CA", []*signed{client(other)}, []string{"CN=root"}, Fail, "not of a CA that the server takes"},
		{"intermediate missing", []*signed{client(mid)}, []string{"CN=root"}, Fail, "not of a CA that the server takes"},
		{"intermediate there", []*signed{client(mid), mid}, []string{"CN=root"}, OK, ""},
		{"server names no CA", []*signed{client(other)}, nil, Warn, "was not seen"},
		{"not for clients", []*signed{makeCert(t, "client", root, nil, use(x509.ExtKeyUsageServerAuth))}, nil, Fail, "not for clients"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := healthy(t)
			sock(&in).Cert = facts.Source{Kind: facts.SourceSDS, Name: "pair"}
			in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: "pair", State: facts.StateActive, Chain: list(t, c.chain...)})
			hello(&in).AsksCert, hello(&in).AsksFor, hello(&in).Failure = true, c.asks, facts.FailureAlert
			got := byID(Run(All(), in), "MT009")
			if !slices.ContainsFunc(got, func(f Finding) bool { return f.Outcome == c.want && strings.Contains(f.Summary, c.says) }) {
				t.Errorf("want %s with %q, got %+v", c.want, c.says, got)
			}
			*up(&in).Endpoints[0].Hosts = facts.HostCounters{Total: 2, Failed: 2}
			if got := byID(Run(All(), in), "MT012"); got[0].Outcome != Fail || !strings.Contains(got[0].Summary, "it is that certificate") {
				t.Errorf("no connection completes although the probe does: %+v", got)
			}
			noProbe(&in) // nobody saw whether the server asks
			if got := byID(Run(All(), in), "MT009"); c.says == "not for clients" && Worst(got) != Warn {
				t.Errorf("without a probe: %+v", got)
			}
		})
	}
}
