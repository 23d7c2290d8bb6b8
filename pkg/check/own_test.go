package check

import (
	"crypto/x509"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// ownDoors makes db's port one of a Sidecar's ingress listener with TLS of its own, and web's socket one of a rule that fits
// it: a CA of their own, a server certificate, a client certificate.
func ownDoors(t *testing.T, in *Input, mode facts.Mode, sends Sends) {
	t.Helper()
	pairUp(t, in)
	root := newAuthority(t, "own-root", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
	issue := func(name string, usage x509.ExtKeyUsage) []facts.Certificate {
		return []facts.Certificate{root.issue(t, &x509.Certificate{SerialNumber: big.NewInt(7), DNSNames: []string{name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{usage}}, &root.key.PublicKey)}
	}
	held := facts.Secret{Name: "file-root:/ca", State: facts.StateActive, Validation: &facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceInline}, Inline: []facts.Certificate{root.fact(t)}}}
	ca := facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSDS, Name: "file-root:/ca"}}
	server := facts.Chain{TransportProtocol: "tls", RequireClientCert: mode == facts.ModeMutual, Socket: facts.Socket{Kind: facts.SocketTLS, Cert: facts.Source{Kind: facts.SourceSDS, Name: "file-cert:/s~/k"}, Validation: ca}}
	if mode == facts.ModeSimple {
		server.Socket.Validation = facts.Validation{}
	}
	door(in).Chains = []facts.Chain{server}
	other(in).Proxy.Secrets = append(other(in).Proxy.Secrets, held, facts.Secret{Name: "file-cert:/s~/k", State: facts.StateActive, Chain: issue("own.example", x509.ExtKeyUsageServerAuth)})
	in.Proxy.Secrets = append(in.Proxy.Secrets, held, facts.Secret{Name: "file-cert:/c~/k", State: facts.StateActive, Chain: issue("client", x509.ExtKeyUsageClientAuth)})
	in.Config.Policies = []facts.Policy{{Object: policyRef("shop", "db"), Mode: facts.ModeDisable}}
	rule(in).SANs = []string{"own.example"}
	k := sock(in)
	switch sends {
	case SendsPlain:
		plain(in)
	case SendsSimple, SendsMutual:
		k.Validation, k.Cert = ca, facts.Source{Kind: facts.SourceSDS, Name: "file-cert:/c~/k"}
		k.Validation.SANs = []facts.NameMatch{{Kind: "exact", Value: "own.example", Type: "dns"}}
		if sends == SendsSimple {
			k.Cert = facts.Source{Kind: facts.SourceNone}
		}
	}
}

// TestOwnDoors: TLS that a Sidecar's ingress listener opens by itself, against all that clients send. The port is TCP; MT021
// is not asked where the two ends do not get as far as certificates.
func TestOwnDoors(t *testing.T) {
	simple, mutual, optional := facts.ModeSimple, facts.ModeMutual, facts.ModeOptionalMutual
	for _, c := range []struct {
		mode  facts.Mode
		sends Sends
		do    func(in *Input)
		fits  Verdict
		mt020 Outcome
		words string
		mt021 string
	}{
		{simple, SendsSimple, nil, VerdictOK, OK, "TLS (SIMPLE) meets SIMPLE", "OK and the server asks for none"},
		{simple, SendsMutual, nil, VerdictOK, OK, "TLS (MUTUAL) meets SIMPLE", "OK and the server asks for none"},
		{optional, SendsSimple, nil, VerdictOK, OK, "TLS (SIMPLE) meets OPTIONAL_MUTUAL", "OK and the server asks for none"},
		{optional, SendsMutual, nil, VerdictOK, OK, "TLS (MUTUAL) meets OPTIONAL_MUTUAL", "OK both ends"},
		{mutual, SendsMutual, nil, VerdictOK, OK, "TLS (MUTUAL) meets MUTUAL", "OK both ends"},
		{mutual, SendsSimple, nil, VerdictConflict, Fail, "presents no certificate", ""},
		{simple, SendsPlain, nil, VerdictMayConflict, Warn, "speaks it itself", ""},
		{mutual, SendsPlain, func(in *Input) { in.Pairs[0].Service.Ports[0].Protocol = "GRPC" }, VerdictConflict, Fail, "takes TLS only", ""},
		{simple, SendsMesh, nil, VerdictConflict, Warn, "each end takes the other's", "FAIL the client refuses"},
		{optional, SendsMesh, nil, VerdictConflict, Warn, "each end takes the other's", "FAIL the client refuses"},
		{mutual, SendsMesh, nil, VerdictConflict, Warn, "each end takes the other's", "FAIL the client refuses"},
		{simple, SendsMesh, func(in *Input) { door(in).Chains[0].Socket.Cert.Name = "default" }, VerdictPartial, Warn, "the client is not checked", "OK and the server asks for none"},
		{mutual, SendsSimple, func(in *Input) { other(in).Proxy.Node.Kind, door(in).Gateway = facts.NodeRouter, true }, VerdictUnknown, Unknown, "not known: mode MUTUAL", ""},
		{mutual, SendsMesh, func(in *Input) { other(in).Proxy.Node.Kind, door(in).Gateway = facts.NodeRouter, true }, VerdictUnknown, Unknown, "not known: mode MUTUAL", ""},
		{mutual, SendsMutual, func(in *Input) { in.Proxy.Secrets = in.Proxy.Secrets[:3] }, VerdictMayConflict, Warn, "takes the other's own", "UNKNOWN the client's certificate was not seen"},
		{simple, SendsSimple, func(in *Input) { other(in).Proxy.Secrets, up(in).Endpoints[0].Hosts = other(in).Proxy.Secrets[:3], nil }, VerdictMayConflict, Warn, "takes the server's own", "UNKNOWN the server's certificate was not seen"},
		{simple, SendsSimple, func(in *Input) { rule(in).SANs, sock(in).Validation.SANs[0].Value = []string{"x"}, "x" }, VerdictConflict, Warn, "takes the server's own", "FAIL for another host"},
		{simple, SendsMutual, func(in *Input) { in.Proxy.Secrets = in.Proxy.Secrets[:3] }, VerdictOK, OK, "meets SIMPLE", "OK and the server asks for none"},
		{optional, SendsMutual, func(in *Input) { in.Proxy.Secrets[3].Chain[0].NotAfter = now.Add(-time.Minute) }, VerdictConflict, Warn, "takes the other's own", "FAIL the server refuses"},
	} {
		in := healthy(t)
		ownDoors(t, &in, c.mode, c.sends)
		if c.do != nil {
			c.do(&in)
		}
		name := string(c.sends) + " to " + string(c.mode)
		ends, _ := EndsOf(up(&in), in.Pairs[0])
		if got, why := in.Fits(Subjects(in)[0], ends[0]); got != c.fits || why == "" {
			t.Errorf("%s: %s %q, want %s", name, got, why, c.fits)
		}
		fs := Run(All(), in)
		if got := byID(fs, "MT020"); len(got) != 1 || got[0].Outcome != c.mt020 || !strings.Contains(got[0].Summary, c.words) {
			t.Errorf("%s: %+v, want %s %q", name, got, c.mt020, c.words)
		}
		outcome, words, _ := strings.Cut(c.mt021, " ")
		switch got := byID(fs, "MT021"); {
		case c.mt021 == "" && len(got) == 0:
		case len(got) != 1 || got[0].Outcome.String() != outcome || !strings.Contains(got[0].Summary, words):
			t.Errorf("%s: %+v, want %q", name, got, c.mt021)
		}
	}
}

// TestOwnDoorFix: what to look at where a Sidecar's own TLS is met by what does not fit it.
func TestOwnDoorFix(t *testing.T) {
	in := healthy(t)
	ownDoors(t, &in, facts.ModeMutual, SendsPlain)
	in.Config.Rules = nil
	if got := byID(Run(All(), in), "MT020"); len(got) != 1 || !strings.HasPrefix(got[0].Fix, "kubectl get sidecars.networking.istio.io -n shop") || got[0].Object != "Pod shop/db-1" {
		t.Errorf("%+v", got)
	}
}
