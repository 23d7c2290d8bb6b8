//go:build e2e

package e2e

import (
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

// shadow: the right CA is in Secret c-NAME, and a Secret c-NAME-cacert that is read first has another.
func shadow(t *testing.T, x *site) {
	t.Helper()
	secret("c-$NAME", "ca.crt", rightCA)(t, x)
	secret("c-$NAME-cacert", "ca.crt", wrongCA)(t, x)
	patchRule(tlsRule("mode: SIMPLE, credentialName: c-$NAME, sni: $HOST, subjectAltNames: [$HOST]"))(t, x)
}
