package cert

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"
)

// scene is a mutual connection that fits; each case breaks one thing.
type scene struct {
	root, other Authority
	in          Input
}

const host = "helloworld.example.internal"

func newScene(t *testing.T) *scene {
	s := &scene{root: newRoot(t, "root"), other: newRoot(t, "other")}
	c, v := client(t, s.root, "client.a.internal"), server(t, s.root, host)
	s.in = Input{Host: host, Allowed: []string{"client.a.internal"}, Now: today(), Warn: 30 * 24 * time.Hour,
		Client: End{Cert: c.cert, Key: c.key, CA: s.root.pile(t)}, Server: End{Cert: v.cert, Key: v.key, CA: s.root.pile(t)}}
	return s
}

func bad(results []Result) []Result {
	return slices.DeleteFunc(results, func(r Result) bool { return r.Outcome == OK })
}

func TestCheckFits(t *testing.T) {
	s := newScene(t)
	results := Check(s.in)
	if Worst(results) != OK || len(bad(slices.Clone(results))) > 0 {
		t.Errorf("a pair of one root: %v", bad(results))
	}
	for _, end := range []string{"client", "server"} {
		for _, check := range []string{"pem", "key", "key-type", "usage", "name", "issuer", "ca-flag", "validity"} {
			if !slices.ContainsFunc(results, func(r Result) bool { return r.Check == check && r.End == end }) {
				t.Errorf("no result of check %s for the %s", check, end)
			}
		}
	}
}

func TestCheckFinds(t *testing.T) {
	for _, tt := range checkCases {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(t)
			tt.breakIt(t, s)
			results := bad(Check(s.in))
			found := slices.ContainsFunc(results, func(r Result) bool {
				return r.End == tt.end && r.Check == tt.check && r.Outcome == tt.outcome && strings.Contains(r.Summary, tt.says)
			})
			if !found || Worst(results) != tt.outcome {
				t.Errorf("worst %s, want %s; no %s %s that says %q in\n%v", Worst(results), tt.outcome, tt.end, tt.check, tt.says, results)
			}
			for _, r := range results {
				if r.Fix == "" {
					t.Errorf("%s %s tells nothing to do: %s", r.End, r.Check, r.Summary)
				}
			}
		})
	}
}

var checkCases = []struct {
	name    string
	breakIt func(*testing.T, *scene)
	end     string
	check   string
	outcome Outcome
	says    string
}{
	{"CA of somebody else at the client", func(t *testing.T, s *scene) { s.in.Client.CA = s.other.pile(t) },
		"server", "issuer", Fail, "not in the CA bundle of the client (ca.crt: CN=other)"},
	{"the two CAs swapped", func(t *testing.T, s *scene) {
		c := client(t, s.other, "client.a.internal")
		s.in.Client.Cert, s.in.Client.Key, s.in.Client.CA = c.cert, c.key, s.other.pile(t)
	}, "server", "issuer", Fail, "are swapped"},
	{"CA made anew under its name", func(t *testing.T, s *scene) { s.in.Client.CA = newRoot(t, "root").pile(t) },
		"server", "issuer", Fail, "another key"},
	{"host not in the certificate", func(_ *testing.T, s *scene) { s.in.Host = "elsewhere.example.internal" },
		"server", "name", Fail, "is for " + host + ", not for elsewhere"},
	{"name in the common name only", func(t *testing.T, s *scene) {
		k := p256(t)
		s.in.Server.Key = nil
		s.in.Server.Cert = raw(t, s.root, k.Public(), func(c *x509.Certificate) { c.Subject.CommonName, c.DNSNames = host, nil })
	}, "server", "name", Fail, "common name only"},
	{"client that is not let in", func(_ *testing.T, s *scene) { s.in.Allowed = []string{"another.internal"} },
		"client", "name", Fail, "lets in another.internal only"},
	{"client certificate at the server", func(t *testing.T, s *scene) {
		c := client(t, s.root, host)
		s.in.Server.Cert, s.in.Server.Key = c.cert, c.key
	}, "server", "usage", Fail, "is for clientAuth only"},
	{"server certificate at the client", func(t *testing.T, s *scene) {
		v := server(t, s.root, "client.a.internal")
		s.in.Client.Cert, s.in.Client.Key = v.cert, v.key
	}, "client", "usage", Fail, "is for serverAuth only"},
	{"key of another certificate", func(t *testing.T, s *scene) { s.in.Server.Key = server(t, s.root, host).key },
		"server", "key", Fail, "does not belong to CN=" + host},
	{"CA before the certificate", func(t *testing.T, s *scene) {
		leaf := s.in.Server.Cert.Certs()[0]
		s.in.Server.Cert = pile(t, "tls.crt", PEM(s.root.Chain[0], leaf))
	}, "server", "key", Fail, "certificate 2 of tls.crt, and the first must be"},
	{"encrypted key", func(t *testing.T, s *scene) {
		s.in.Client.Key = pile(t, "tls.key", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("x")}))
	}, "client", "key", Fail, "is encrypted"},
	{"expired server", func(_ *testing.T, s *scene) { s.in.Now = today().Add(2 * year) },
		"server", "validity", Fail, "expired on 2027-11-23"},
	{"certificate of tomorrow", func(_ *testing.T, s *scene) { s.in.Now = today().Add(-time.Hour) },
		"client", "validity", Fail, "not valid before"},
	{"ends soon", func(_ *testing.T, s *scene) { s.in.Now = today().Add(year - 48*time.Hour) },
		"client", "validity", Warn, "ends in 2 d"},
	{"damaged block in the CA", func(t *testing.T, s *scene) {
		s.in.Server.CA = pile(t, "ca.crt", append(PEM(s.root.Chain...), "-----BEGIN CERTIFICATE-----\nMIIB\n"...))
	}, "server", "pem", Fail, "ca.crt, block 2"},
	{"key in the CA bundle", func(t *testing.T, s *scene) {
		s.in.Server.CA = pile(t, "ca.crt", append(PEM(s.root.Chain...), keyPEM(t, s.root.Key)...))
	}, "server", "pem", Fail, "holds a private key"},
	{"CA bundle of no CA", func(t *testing.T, s *scene) {
		s.in.Client.CA = pile(t, "ca.crt", PEM(s.root.Chain[0], s.in.Server.Cert.Certs()[0]))
	}, "client", "ca-flag", Warn, "is no CA certificate"},
	{"signed by what is no CA", func(t *testing.T, s *scene) {
		v := server(t, s.root, "middle.internal")
		k, err := v.key.Key()
		if err != nil {
			t.Fatal(err)
		}
		s.in.Server.Key = nil
		s.in.Server.Cert = raw(t, Authority{Chain: v.cert.Certs(), Key: k}, p256(t).Public(), func(c *x509.Certificate) { c.DNSNames = []string{host} })
		s.in.Client.CA = v.cert
	}, "server", "issuer", Fail, "is no CA"},
	{"Ed25519", func(t *testing.T, s *scene) {
		public, _, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		s.in.Server.Key = nil
		s.in.Server.Cert = raw(t, s.root, public, func(c *x509.Certificate) { c.DNSNames = []string{host} })
	}, "server", "key-type", Fail, "Ed25519"},
	{"a CA that allows no such name", func(t *testing.T, s *scene) {
		narrow := constrained(t, s.root, "only.internal")
		s.in.Server.Key = nil
		s.in.Server.Cert = raw(t, narrow, p256(t).Public(), func(c *x509.Certificate) { c.DNSNames = []string{host} })
		s.in.Client.CA = narrow.pile(t)
	}, "server", "issuer", Fail, "breaks a rule of its CAs"},
	{"self-signed", func(t *testing.T, s *scene) {
		self := newRoot(t, "self")
		s.in.Server.Key, s.in.Server.Cert, s.in.Host = nil, self.pile(t), ""
	}, "server", "issuer", Fail, "signed itself"},
}

// constrained makes an intermediate that may sign for one domain only.
func constrained(t *testing.T, root Authority, domain string) Authority {
	t.Helper()
	k := p256(t)
	p := raw(t, root, k.Public(), func(c *x509.Certificate) {
		c.Subject.CommonName, c.DNSNames, c.ExtKeyUsage, c.IsCA, c.KeyUsage = "narrow", nil, nil, true, x509.KeyUsageCertSign
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{domain}
	})
	return Authority{Chain: p.Certs(), Key: PrivateKey{signer: k}}
}

// TestCheckIntermediate: the chain holds with what is sent, and the missing link is named without.
func TestCheckIntermediate(t *testing.T) {
	s := newScene(t)
	made, err := NewCA(request("middle"), &s.root, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	v := server(t, Authority{Chain: made.Chain, Key: made.Key}, host)
	if n := len(v.cert.Certs()); n != 2 {
		t.Fatalf("the certificate file has %d certificates, want the leaf and the intermediate", n)
	}
	s.in.Server.Cert, s.in.Server.Key = v.cert, v.key
	if results := bad(Check(s.in)); len(results) > 0 {
		t.Errorf("with the intermediate: %v", results)
	}
	s.in.Server.Cert = pile(t, "tls.crt", PEM(v.cert.Certs()[0]))
	results := bad(Check(s.in))
	if len(results) != 1 || results[0].Check != "issuer" || !strings.Contains(results[0].Fix, "behind the certificate in tls.crt") {
		t.Errorf("without the intermediate: %v", results)
	}
}

// TestCheckNotGiven: what nobody gave files for is never good and never bad.
func TestCheckNotGiven(t *testing.T) {
	s := newScene(t)
	results := Check(Input{Server: End{Cert: s.in.Server.Cert}, Client: End{CA: s.in.Client.CA}, Now: today()})
	count := map[Outcome]int{}
	for _, r := range results {
		if count[r.Outcome]++; r.Outcome == OK && r.End == "client" && r.Check != "ca-flag" && r.Check != "pem" && r.Check != "validity" {
			t.Errorf("OK without files: %v", r)
		}
	}
	if Worst(results) != OK || count[NotRun] < 5 || count[OK] < 5 {
		t.Errorf("%v", results)
	}
	if Outcome(0) != Unknown || Worst([]Result{{}}) != Unknown || Worst([]Result{{Outcome: Unknown}, {Outcome: Fail}}) != Fail {
		t.Error("the zero value must be unknown, and a failure must win")
	}
}

func TestEnvoyRefuses(t *testing.T) {
	for curve, want := range map[elliptic.Curve]string{elliptic.P256(): "", elliptic.P224(): "curve P-224", elliptic.P521(): "P-521"} {
		k := p256(t).PublicKey
		k.Curve = curve
		if why, _ := EnvoyRefuses(&k); (why == "") != (want == "") || !strings.Contains(why, want) {
			t.Errorf("%s: %q", curve.Params().Name, why)
		}
	}
}
