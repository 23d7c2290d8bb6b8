package status

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// workloadCertificates are a root and a certificate of the db's workload, that of the root signed by itself.
func workloadCertificates(t *testing.T) (root, leaf facts.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"cluster.local"}}, NotBefore: clock().AddDate(-1, 0, 0), NotAfter: clock().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	own := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		URIs: []*url.URL{{Scheme: "spiffe", Host: "cluster.local", Path: "/ns/shop/sa/db"}}}
	var out [2]facts.Certificate
	for i, c := range []*x509.Certificate{ca, own} {
		der, err := x509.CreateCertificate(rand.Reader, c, ca, &key.PublicKey, key)
		if err == nil {
			out[i], err = facts.ParseDER(der)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return out[0], out[1]
}

// TestOwnPair: a client certificate of a rule is fine for a STRICT server only where it was seen to be of the mesh's root, is not
// looked at where the port hands TLS on unopened, and TLS whose server nobody checks is PARTIAL.
func TestOwnPair(t *testing.T) {
	root, leaf := workloadCertificates(t)
	ended := leaf
	ended.NotAfter = clock().Add(-1)
	soon := leaf
	soon.NotBefore = clock().Add(10 * time.Second)
	for _, c := range []struct {
		name, server, client, protocol string
		pair                           *facts.Certificate
		do                             func(in *Input)
		want                           check.Verdict
		why                            string
	}{
		{"of the root", "STRICT", "MUTUAL", "TCP", &leaf, nil, check.VerdictOK, "accept each other"},
		{"not seen", "STRICT", "MUTUAL", "TCP", nil, nil, check.VerdictMayConflict, "of the mesh's root"},
		{"ended", "STRICT", "MUTUAL", "TCP", &ended, nil, check.VerdictConflict, "the server refuses"},
		{"ended, and nobody looks", "PERMISSIVE", "MUTUAL", "TCP", &ended, nil, check.VerdictMayConflict, "unopened"},
		{"the server is not checked", "STRICT", "MUTUAL", "TCP", &leaf, func(in *Input) {
			cluster(in).Socket.Validation = facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceNone}}
		}, check.VerdictPartial, "MT003"},
		{"the server's certificate begins in some seconds", "STRICT", "auto", "TCP", nil, func(in *Input) { in.Seen[1].Proxy.Secrets[0].Chain = []facts.Certificate{soon} }, check.VerdictMayConflict, "begins in 10s"},
		{"no tunnel at the server", "STRICT", "HBONE", "TCP", nil, func(in *Input) { in.Seen[1].Proxy.Inbound = in.Seen[1].Proxy.Inbound[:2] }, check.VerdictUnknown, "no listener for that"},
		{"the tunnel's server was not read", "STRICT", "HBONE", "TCP", nil, func(in *Input) { in.Seen[1].Proxy, in.Seen[1].Err = nil, "timed out" }, check.VerdictUnknown, "timed out"},
	} {
		in := met(c.server, c.client, c.protocol)
		for _, s := range in.Seen {
			s.Proxy.Secrets[0].Chain, s.Proxy.Secrets[1].Validation.Inline = []facts.Certificate{leaf}, []facts.Certificate{root}
		}
		if c.pair != nil {
			in.Seen[0].Proxy.Secrets = append(in.Seen[0].Proxy.Secrets, facts.Secret{Name: "file-cert:/cert~/key", State: facts.StateActive, Chain: []facts.Certificate{*c.pair}})
		}
		if c.do != nil {
			c.do(&in)
		}
		if r := Of(in)[0]; r.Verdict != c.want || !strings.Contains(strings.Join(r.Why, "\n"), c.why) {
			t.Errorf("%s: %s, %q, want %s, %q", c.name, r.Verdict, r.Why, c.want, c.why)
		}
	}
}
