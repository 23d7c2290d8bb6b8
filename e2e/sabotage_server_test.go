//go:build e2e

package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"
)

// serverSabotages change the server and leave the mesh alone.
func serverSabotages() []sabotage[*site] {
	list := []sabotage[*site]{
		{name: "server with a certificate of another CA", breaks: serves(func(x *site) (*authority, leaf) { return x.wrong, leaf{names: []string{x.host}} }), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"wrong CA", "e2e-wrong-ca", "e2e-right-ca"}},
		{name: "server that signed its certificate itself", breaks: serves(func(x *site) (*authority, leaf) {
			return x.right, leaf{cn: "self-" + x.name, names: []string{x.host}, self: true}
		}), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"does not chain", "self-$NAME"}},
		{name: "server with a CA of the same name and another key", traffic: trafficFails, breaks: func(t *testing.T, x *site) {
			x.serve(t, newAuthority(t, t.TempDir(), "e2e-right-ca", nil, leaf{}), leaf{names: []string{x.host}})
		}, code: 1, id: "MT013", words: []string{"wrong CA", "e2e-right-ca"}},
		{name: "server with a certificate of another host", breaks: serves(func(x *site) (*authority, leaf) { return x.right, leaf{names: []string{"other.example.internal"}} }), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"another host", "other.example.internal"}},
		{name: "server with an expired certificate", breaks: serves(func(x *site) (*authority, leaf) {
			return x.right, leaf{names: []string{x.host}, from: -48 * time.Hour, to: -24 * time.Hour}
		}), traffic: trafficFails, code: 1, id: "MT013", words: []string{"expired"}},
		{name: "server with a certificate of tomorrow", breaks: serves(func(x *site) (*authority, leaf) {
			return x.right, leaf{names: []string{x.host}, from: 24 * time.Hour, to: 48 * time.Hour}
		}), traffic: trafficFails, code: 1, id: "MT013", words: []string{"not valid yet"}},
		{name: "server with a name in the subject only", breaks: serves(func(x *site) (*authority, leaf) { return x.right, leaf{cn: x.host} }), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"another host", "none"}},
		{name: "server with a wildcard of the parent domain", breaks: serves(func(x *site) (*authority, leaf) { return x.right, leaf{names: []string{"*.example.internal"}} }), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"another host", "*.example.internal"}},
		{name: "server with a certificate for clients", breaks: serves(func(x *site) (*authority, leaf) {
			return x.right, leaf{names: []string{x.host}, usage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		}), traffic: trafficFails, code: 1, id: "MT013", words: []string{"usage"}, never: []string{"wrong CA"}},
		{name: "server with a wildcard", breaks: serves(func(x *site) (*authority, leaf) { return x.right, leaf{names: []string{"*.e2e.example.internal"}} }), traffic: trafficWorks,
			code: 0, id: "MT013", words: []string{"accepted"}},
		{name: "server that speaks plain Redis", breaks: func(t *testing.T, x *site) { x.serveWith(t, "--plain") }, traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"plaintext"}},
		{name: "server stopped", breaks: func(t *testing.T, x *site) { x.stop(t) }, traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"cannot be reached"}},
		{name: "server that demands a client certificate", breaks: func(t *testing.T, x *site) {
			x.serve(t, x.right, leaf{names: []string{x.host}}, "--client-ca", x.right.file)
		}, traffic: trafficFails, code: 1, id: "MT013", words: []string{"demands a client certificate"}},
		{name: "server with its intermediate", breaks: serves(func(x *site) (*authority, leaf) {
			mid := x.intermediate
			return mid, leaf{names: []string{x.host}, sent: []*authority{mid}}
		}), traffic: trafficWorks, code: 0, id: "MT013", words: []string{"accepted"}},
		{name: "server that forgets its intermediate", breaks: serves(func(x *site) (*authority, leaf) { return x.intermediate, leaf{names: []string{x.host}} }), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"does not chain", "e2e-intermediate-ca"}},
		{name: "SNI that the server does not know", traffic: trafficFails, breaks: func(t *testing.T, x *site) {
			x.serveOdd(t, bySNI(t, x))
			patchRule(tlsRule("mode: SIMPLE, credentialName: $NAME, sni: mistyped.example.internal, subjectAltNames: [$HOST]"))(t, x)
		}, code: 1, id: "MT013", words: []string{"another host", "default.example.internal"}},
		{name: "SNI that the server knows", traffic: trafficWorks, breaks: func(t *testing.T, x *site) { x.serveOdd(t, bySNI(t, x)) },
			code: 0, id: "MT013", words: []string{"accepted"}},
		{name: "server of old TLS", traffic: trafficFails, breaks: func(t *testing.T, x *site) {
			s := bySNI(t, x)
			s.Max = oldTLS
			x.serveOdd(t, s)
		}, code: 1, id: "MT013", words: []string{"version"}},
		{name: "server with any extended key usage", breaks: serves(func(x *site) (*authority, leaf) {
			return x.right, leaf{names: []string{x.host}, usage: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
		}), traffic: trafficFails, code: 1, id: "MT013", words: []string{"not for servers"}, never: []string{"wrong CA"}},
		{name: "server whose certificate is not for signing", breaks: serves(func(x *site) (*authority, leaf) {
			return x.right, leaf{names: []string{x.host}, signs: x509.KeyUsageKeyAgreement}
		}), traffic: trafficFails, code: 1, id: "MT013", words: []string{"not for signing"}},
		{name: "server with a key of Ed25519", breaks: odd(leaf{kind: "Ed25519"}, oddServer{}), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"Ed25519"}},
		{name: "server with a short key", breaks: odd(leaf{kind: "RSA-1024"}, oddServer{}), traffic: trafficWorks,
			code: 0, id: "MT013", words: []string{"1024 bits"}},
		{name: "server of ciphers that the sidecar does not have", breaks: odd(leaf{}, oddServer{Max: tls.VersionTLS12, Ciphers: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"cipher"}},
		{name: "server that closes at once", breaks: odd(leaf{}, oddServer{Closes: true}), traffic: trafficFails, rare: true,
			code: 1, id: "MT013", words: []string{"closes the connection"}},
		{name: "server signed by one that is no CA", breaks: func(t *testing.T, x *site) {
			no := newAuthority(t, t.TempDir(), "e2e-no-ca", x.right, leaf{signs: x509.KeyUsageDigitalSignature})
			x.serve(t, no, leaf{names: []string{x.host}, sent: []*authority{no}})
		}, traffic: trafficFails, code: 1, id: "MT013", words: []string{"is no CA"}, never: []string{"wrong CA"}},
		{name: "server with an expired intermediate", rare: true, breaks: func(t *testing.T, x *site) {
			old := newAuthority(t, t.TempDir(), "e2e-old-intermediate", x.right, leaf{from: -48 * time.Hour, to: -24 * time.Hour})
			x.serve(t, old, leaf{names: []string{x.host}, sent: []*authority{old}})
		}, traffic: trafficFails, code: 1, id: "MT013", words: []string{"outside its validity", "e2e-old-intermediate"}, never: []string{"wrong CA"}},
		{name: "server with its expired intermediate before the renewed one", breaks: func(t *testing.T, x *site) {
			mid := x.intermediate
			old := renewed(t, t.TempDir(), "e2e-intermediate-ca", mid.key, x.right, leaf{from: -48 * time.Hour, to: -24 * time.Hour})
			x.serve(t, mid, leaf{names: []string{x.host}, sent: []*authority{old, mid}})
		}, traffic: trafficFails, rare: true, code: 1, id: "MT013", words: []string{"another certificate of the same name comes first"}, never: []string{"wrong CA"}},
		{name: "client certificate of another CA than the server's", ca: "path", breaks: presents("stranger"), traffic: trafficFails,
			code: 1, id: "MT009", words: []string{"not of a CA that the server takes", "e2e-wrong-ca", "e2e-right-ca"}},
		{name: "client certificate for servers", ca: "path", breaks: presents("server"), traffic: trafficFails,
			code: 1, id: "MT009", words: []string{"not for clients"}},
		{name: "client certificate that the server takes", ca: "path", breaks: presents("other"), traffic: trafficWorks,
			code: 0, id: "MT009", words: []string{"presented"}},
		{name: "server that says nothing", traffic: trafficFails, breaks: func(t *testing.T, x *site) { x.serveOdd(t, oddServer{Silent: true}) },
			code: 1, id: "MT013", words: []string{"does not answer"}},
	}
	for i := range list {
		list[i].repair = func(t *testing.T, x *site) {
			x.serve(t, x.right, leaf{names: []string{x.host}})
			x.enable(t, "--adopt", "--force-conflicts")
		}
	}
	return list
}

// serves starts the site's Redis again with the certificate described.
func serves(of func(*site) (*authority, leaf)) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		a, l := of(x)
		x.serve(t, a, l)
	}
}

// odd serves a certificate of the right CA from a server that no Redis can be.
func odd(l leaf, s oddServer) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		l.names = []string{x.host}
		s.Default[0], s.Default[1] = x.right.issue(t, x.work, l)
		x.serveOdd(t, s)
	}
}

// presents lets the sidecar present one of its client certificates to a server that demands one of the right CA.
func presents(pair string) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		odd(leaf{}, oddServer{Clients: x.right.file})(t, x)
		patchRule(tlsRule("mode: MUTUAL, caCertificates: /etc/e2e-ca/right.pem, sni: $HOST, subjectAltNames: [$HOST], clientCertificate: /etc/e2e-ca/"+pair+".crt, privateKey: /etc/e2e-ca/"+pair+".key"))(t, x)
	}
}

const oldTLS = 0x0302 // 1.1: Envoy's clients begin at 1.2

// bySNI has the right certificate for those who ask for it by name, and another for all others.
func bySNI(t *testing.T, x *site) oddServer {
	t.Helper()
	cert, key := x.right.issue(t, x.work, leaf{names: []string{x.host}})
	other, otherKey := x.right.issue(t, x.work, leaf{names: []string{"default.example.internal"}})
	return oddServer{Default: [2]string{other, otherKey}, Named: map[string][2]string{x.host: {cert, key}}}
}
