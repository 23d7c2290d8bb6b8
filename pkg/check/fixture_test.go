package check

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

const host = "redis.example.internal"

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB, name string, from, to time.Time) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key}
}

func (a authority) fact(t testing.TB) facts.Certificate {
	t.Helper()
	c, err := facts.ParseDER(a.cert.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (a authority) leaf(t testing.TB, name string, from, to time.Time) facts.Certificate {
	t.Helper()
	return a.sign(t, name, from, to, x509.ExtKeyUsageServerAuth)
}

// leafFor is a certificate of the host for another use than a server's.
func (a authority) leafFor(t *testing.T, use x509.ExtKeyUsage) facts.Certificate {
	t.Helper()
	return a.sign(t, host, now.AddDate(0, -1, 0), now.AddDate(0, 1, 0), use)
}

// issue signs a certificate and reads it as the tool does.
func (a authority) issue(t testing.TB, tmpl *x509.Certificate, key crypto.PublicKey) facts.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, key, a.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := facts.ParseDER(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (a authority) sign(t testing.TB, name string, from, to time.Time, use x509.ExtKeyUsage) facts.Certificate {
	t.Helper()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: from, NotAfter: to, ExtKeyUsage: []x509.ExtKeyUsage{use}}
	return a.issue(t, tmpl, &a.key.PublicKey)
}

// healthy is S0 done right: one TCP upstream, TLS by a rule and an intent of
// ours, CA delivered, three connections made, the server seen by a probe.
func healthy(t testing.TB) Input {
	t.Helper()
	ca := newAuthority(t, "redis-ca", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
	secret := "file-root:/etc/redis-ca/ca.pem"
	sans := []facts.NameMatch{{Kind: "exact", Value: host}}
	u := facts.Upstream{
		Cluster: "outbound|16222||" + host, Direction: "outbound", Host: host, Port: 16222, State: facts.StateActive, Type: "STRICT_DNS", Protocol: facts.ProtocolTCP,
		Socket: facts.Socket{Kind: facts.SocketTLS, TypeURL: "tls", SNI: host, Cert: facts.Source{Kind: facts.SourceNone},
			Validation: facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSDS, Name: secret}, SANs: sans}},
		Endpoints:      []facts.Endpoint{{Address: "10.244.0.1:16222", Hosts: &facts.HostCounters{Total: 3, Requests: 3}}},
		EndpointsKnown: true, Rule: facts.Ref{Kind: "DestinationRule", Namespace: "redis", Name: "external-redis"}, External: true, TLSAsked: true,
	}
	var none [2]uint64
	p := &facts.Proxy{
		Target: facts.Target{Namespace: "redis", Pod: "redis-client-1", Labels: map[string]string{"app": "redis-client"}, Annotations: map[string]string{}}, Envoy: "1.39.3",
		Upstreams: []facts.Upstream{u}, Updates: facts.Updates{ClustersRejected: &none[0], ListenersRejected: &none[1]}, Missing: map[facts.Fact]string{},
		Secrets:    []facts.Secret{{Name: secret, State: facts.StateActive, Validation: &facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceInline}, Inline: []facts.Certificate{ca.fact(t)}}}},
		Handshakes: []facts.Handshake{{Cluster: u.Cluster, Address: "10.244.0.1:16222", SNI: host, Version: "TLS 1.3", Chain: []facts.Certificate{ca.leaf(t, host, now.AddDate(0, -1, 0), now.AddDate(0, 6, 0))}}},
	}
	rule := facts.Rule{Object: u.Rule, Host: host, HasTLS: true, Policy: true, Mode: "SIMPLE", CA: "/etc/redis-ca/ca.pem", SNI: host, SANs: []string{host}}
	service := facts.Service{Object: facts.Ref{Kind: "ServiceEntry", Namespace: "redis", Name: "external-redis"}, Hosts: []string{host}, External: true, Resolution: "DNS", Ports: []facts.Port{{Number: 16222, Protocol: "TCP"}}}
	it := intent.Intent{Name: "external-redis", Namespace: "redis", Recipe: intent.RecipeOrigination, Host: host, Ports: []intent.Port{{Number: 16222, Protocol: "TCP"}}, Mode: intent.ModeSimple,
		SNI: host, SANs: []string{host}, CA: intent.CA{Kind: intent.CAPath, Name: "/etc/redis-ca/ca.pem"}, Resolution: "DNS"}
	return Input{Proxy: p, Config: &facts.Config{RootNamespace: "istio-system", Rules: []facts.Rule{rule}, Services: []facts.Service{service}}, Intents: []intent.Intent{it}, Now: now, Warn: 14 * 24 * time.Hour}
}

// helpers that reach into the healthy input.
func up(in *Input) *facts.Upstream     { return &in.Proxy.Upstreams[0] }
func sock(in *Input) *facts.Socket     { return &in.Proxy.Upstreams[0].Socket }
func rule(in *Input) *facts.Rule       { return &in.Config.Rules[0] }
func noProbe(in *Input)                { in.Proxy.Handshakes = nil }
func hello(in *Input) *facts.Handshake { return &in.Proxy.Handshakes[0] }
func lacks(in *Input, f facts.Fact)    { in.Proxy.Missing[f] = "not in the dump" }
func plain(in *Input) {
	*sock(in) = facts.Socket{Kind: facts.SocketPlaintext}
	up(in).TLSAsked = false
	noProbe(in)
}
func byID(fs []Finding, id string) []Finding {
	return pick(fs, func(f Finding) bool { return f.ID == id })
}

func note(in *Input, key, value string) { in.Proxy.Target.Annotations[key] = value }

func pick(fs []Finding, keep func(Finding) bool) []Finding {
	var out []Finding
	for _, f := range fs {
		if keep(f) {
			out = append(out, f)
		}
	}
	return out
}
