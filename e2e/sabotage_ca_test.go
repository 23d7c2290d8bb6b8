//go:build e2e

package e2e

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// deadAfter is how long Envoy waits for a secret before a cluster goes into use without it (initial_fetch_timeout).
const deadAfter = 16 * time.Second

// caSabotages change where the CA comes from, or what it holds. What is missing has a name of its own in each case:
// Envoy asks for a secret once for all clusters, and only the first one waits.
func caSabotages() []sabotage[*site] {
	path := func(file string) string {
		return tlsRule("mode: SIMPLE, caCertificates: /etc/e2e-ca/" + file + ", sni: $HOST, subjectAltNames: [$HOST]")
	}
	return []sabotage[*site]{
		{name: "wrong CA as a file", ca: "path", breaks: patchRule(path("wrong.pem")), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"wrong CA", "e2e-right-ca", "e2e-wrong-ca"}},
		{name: "wrong CA in the Secret", breaks: secret("$NAME-cacert", "ca.crt", wrongCA), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"wrong CA", "e2e-right-ca", "e2e-wrong-ca"}},
		{name: "wrong CA in the ConfigMap", ca: "configmap", breaks: configMap("$NAME", "ca.crt", wrongCA), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"wrong CA", "e2e-right-ca", "e2e-wrong-ca"}},
		{name: "CA that expired", ca: "path", breaks: patchRule(path("expired.pem")), traffic: trafficFails,
			code: 1, id: "MT008", words: []string{"outside its validity", "e2e-expired-ca"}},
		{name: "two CAs, the right one second", ca: "path", breaks: patchRule(path("wrong-then-right.pem")), traffic: trafficWorks,
			code: 0, id: "MT008", words: nil},
		{name: "two CAs, one expired", ca: "path", breaks: patchRule(path("expired-and-right.pem")), traffic: trafficWorks,
			code: 0, id: "MT008", words: []string{"1 of 2", "e2e-expired-ca"}},
		{name: "two CAs, one damaged", ca: "path", breaks: then(patchRule(path("damaged-and-right.pem")), deadAfter), traffic: trafficWorks,
			code: 0, id: "MT013", words: []string{"accepted"}},
		{name: "CA file missing, the old cluster still serves", ca: "path", breaks: patchRule(path("missing-$NAME.pem")), traffic: trafficWorks, passing: true,
			code: 1, id: "MT005", words: []string{"old version of the cluster still serves"}},
		{name: "CA file missing, after", ca: "path", breaks: then(patchRule(path("missing-$NAME.pem")), deadAfter), traffic: trafficFails,
			code: 1, id: "MT004", words: []string{"/etc/e2e-ca/missing-$NAME.pem does not exist"}},
		{name: "CA file that is no PEM, after", ca: "path", breaks: then(patchRule(path("no-pem")), deadAfter), traffic: trafficFails,
			code: 1, id: "MT004", words: []string{"/etc/e2e-ca/no-pem", "no PEM"}},
		{name: "CA Secret missing, the old cluster still serves", breaks: patchRule(tlsRule("mode: SIMPLE, credentialName: none-$NAME, sni: $HOST, subjectAltNames: [$HOST]")), traffic: trafficWorks, passing: true,
			code: 1, id: "MT005", words: []string{"old version of the cluster still serves"}},
		{name: "CA Secret missing, after", breaks: then(patchRule(tlsRule("mode: SIMPLE, credentialName: none-$NAME, sni: $HOST, subjectAltNames: [$HOST]")), deadAfter), traffic: trafficFails,
			code: 1, id: "MT004", words: []string{"none-$NAME", "missing"}},
		{name: "CA ConfigMap missing, after", ca: "configmap", breaks: then(patchRule(tlsRule("mode: SIMPLE, credentialName: 'configmap://$NS/none-$NAME', sni: $HOST, subjectAltNames: [$HOST]")), deadAfter), traffic: trafficFails,
			code: 1, id: "MT004", words: []string{"none-$NAME", "missing"}},
		{name: "CA ConfigMap with another key, after", ca: "configmap", breaks: then(otherKey, deadAfter), traffic: trafficFails,
			code: 1, id: "MT004", words: []string{"other-$NAME", "ca.crt"}},
		{name: "CA Secret overwritten with something else", breaks: secret("$NAME-cacert", "ca.crt", noCA), traffic: trafficWorks,
			code: 1, id: "MT004", words: []string{"$NAME-cacert", "no certificate"}},
		{name: "expired CA before its renewal", ca: "path", breaks: patchRule(path("expired-then-renewed.pem")), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"another certificate of the same name comes first"}, never: []string{"wrong CA"}},
		{name: "expired CA after its renewal", ca: "path", rare: true, breaks: patchRule(path("renewed-then-expired.pem")), traffic: trafficWorks,
			code: 0, id: "MT008", words: []string{"1 of 2", "e2e-right-ca"}},
		{name: "CA in a block X509 CERTIFICATE", rare: true, ca: "path", breaks: then(patchRule(path("x509.pem")), 2*time.Second), traffic: trafficWorks,
			code: 0, id: "MT013", words: []string{"accepted"}},
		{name: "list of revoked certificates that names the server", breaks: revokes(-time.Hour, time.Hour, true), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"is revoked", "e2e-right-ca"}, never: []string{"wrong CA"}},
		{name: "list of revoked certificates that expired", rare: true, breaks: revokes(-48*time.Hour, -time.Hour, false), traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"CRL", "outside its validity"}, never: []string{"wrong CA"}},
		{name: "list of revoked certificates that names nobody", breaks: revokes(-time.Hour, time.Hour, false), traffic: trafficWorks,
			code: 0, id: "MT013", words: []string{"accepted"}},
		{name: "Secret of another name shadows the right one", breaks: shadow, traffic: trafficFails,
			code: 1, id: "MT013", words: []string{"wrong CA", "e2e-wrong-ca"}},
	}
}

func then(do func(*testing.T, *site), wait time.Duration) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		do(t, x)
		time.Sleep(wait)
	}
}

func wrongCA(x *site) string { return x.wrong.file }
func noCA(x *site) string    { return x.noPEM }
func rightCA(x *site) string { return x.right.file }

// secret writes a Secret anew, as `kubectl create secret` makes it.
func secret(name, key string, file func(*site) string) func(*testing.T, *site) {
	return object("secret", []string{"generic"}, name, key, file)
}

func configMap(name, key string, file func(*site) string) func(*testing.T, *site) {
	return object("configmap", nil, name, key, file)
}

func object(kind string, form []string, name, key string, file func(*site) string) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		args := append(append([]string{"create", kind}, form...), x.fill(name), "-n", x.namespace, "--from-file="+key+"="+file(x), "--dry-run=client", "-o", "yaml")
		yaml := x.kube(t, args...)
		if r := x.exec(t, yaml, x.kubectl, "apply", "--server-side", "--force-conflicts", "-f", "-"); r.code != 0 {
			t.Fatalf("%s", r)
		}
		x.kube(t, "label", kind, x.fill(name), "-n", x.namespace, "e2e-site="+x.name, "--overwrite")
	}
}

// otherKey points the rule to a ConfigMap that has the CA under another key than ca.crt.
func otherKey(t *testing.T, x *site) {
	t.Helper()
	configMap("other-$NAME", "bundle.pem", rightCA)(t, x)
	patchRule(tlsRule("mode: SIMPLE, credentialName: 'configmap://$NS/other-$NAME', sni: $HOST, subjectAltNames: [$HOST]"))(t, x)
}

// revokes adds a list of revoked certificates to the CA, valid from and to now; it names the server's, or nobody.
func revokes(from, to time.Duration, server bool) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		cert, key := x.right.issue(t, x.work, leaf{names: []string{x.host}})
		x.serveWith(t, "--cert", cert, "--key", key)
		text, err := os.ReadFile(cert)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(from), NextUpdate: time.Now().Add(to)}
		if server {
			list.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: c.SerialNumber, RevocationTime: list.ThisUpdate}}
		}
		der, err := x509.CreateRevocationList(rand.Reader, list, x.right.cert, x.right.key)
		if err != nil {
			t.Fatal(err)
		}
		file := write(t, filepath.Join(t.TempDir(), "ca.crl"), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
		x.kube(t, "create", "secret", "generic", x.fill("crl-$NAME"), "-n", x.namespace, "--from-file=ca.crt="+x.right.file, "--from-file=ca.crl="+file)
		x.kube(t, "label", "secret", x.fill("crl-$NAME"), "-n", x.namespace, "e2e-site="+x.name)
		patchRule(tlsRule("mode: SIMPLE, credentialName: crl-$NAME, sni: $HOST, subjectAltNames: [$HOST]"))(t, x)
	}
}

// shadow: the right CA is in Secret c-NAME, and a Secret c-NAME-cacert that is read first has another.
func shadow(t *testing.T, x *site) {
	t.Helper()
	secret("c-$NAME", "ca.crt", rightCA)(t, x)
	secret("c-$NAME-cacert", "ca.crt", wrongCA)(t, x)
	patchRule(tlsRule("mode: SIMPLE, credentialName: c-$NAME, sni: $HOST, subjectAltNames: [$HOST]"))(t, x)
}
