//go:build e2e

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

const certHost = "mutual.cert.e2e.example.internal"

// certField is a client with a sidecar, and what `cert` made for it and for a server outside the mesh.
type certField struct {
	*suite
	namespace string
	port      int
}

// TestCertificates proves that what `cert` makes works on the wire: istiod hands the Secret to the sidecar, the
// server takes the client's certificate and the sidecar the server's; that `cert check` says so before, and says
// what is wrong of a pair that the server then really refuses.
func TestCertificates(t *testing.T) {
	s := newSuite(t)
	needLab(t, s)
	c := &certField{suite: s, port: firstPort + 170}
	t.Logf("proves: certificates and Secrets of `cert` carry mutual TLS between a sidecar and a real server, and `cert check` tells beforehand what does not")
	c.make(t)
	for port, more := range map[int][]string{c.port: {"--client-ca", c.file("root.crt")}, c.port + 1: nil} {
		c.serve(t, port, more...)
		t.Cleanup(func() { s.labRun(t, "serve", s.lab, "stop", "web", "--port", fmt.Sprint(port)) })
	}
	c.namespace = s.namespace(t, "cert", true)
	s.deploy(t, workload{namespace: c.namespace, name: "client"})

	t.Log("1. SIMPLE: enable origination takes the root, and verify accepts the server's certificate")
	must(t, c.plugin(t, "enable", "origination", fmt.Sprintf("%s:%d", certHost, c.port+1), "-n", c.namespace, "--name", "simple", "--protocol", "http", "--ca-file", c.file("root.crt"), "--workload", "app=client"), 0)
	c.want(t, c.port+1, `"sni":"`+certHost+`"`)
	must(t, c.plugin(t, "verify", "deploy/client", "-n", c.namespace, "--to", fmt.Sprintf("%s:%d", certHost, c.port+1)), 0)
	must(t, c.plugin(t, "disable", "simple", "-n", c.namespace, "--yes"), 0) // of two rules for one host, one counts

	t.Log("2. MUTUAL: the sidecar presents the pair of the Secret")
	c.check(t, 0, "client", "16 of 16 checks are good")
	if r := must(t, c.secret(t, "client"), 0); strings.Count(r.out, " created\n") != 1 {
		t.Errorf("%s", r)
	}
	if r := must(t, c.secret(t, "client"), 0); strings.Count(r.out, " unchanged\n") != 1 {
		t.Errorf("a second time: %s", r)
	}
	c.rules(t)
	c.want(t, c.port, `"client":"client"`)
	c.shown(t)

	t.Log("3. a pair of another root: check names the cause, and the server refuses it")
	c.check(t, 1, "stranger", "client +issuer +FAIL")
	must(t, c.secret(t, "stranger"), 0)
	c.refused(t)
	must(t, c.secret(t, "client"), 0)
	c.want(t, c.port, `"client":"client"`)

	t.Log("4. a Secret NAME-cacert would go before: refused")
	must(t, c.plugin(t, "cert", "secret", "pair", "-n", c.namespace, "--ca-file", c.file("other.crt")), 0)
	if r := c.secret(t, "client"); r.code != 1 || !strings.Contains(r.err, "pair-cacert is there") {
		t.Errorf("%s", r)
	}
}

func (c *certField) file(name string) string { return filepath.Join(c.work, name) }

// serve starts the server anew, which ends its connections.
func (c *certField) serve(t *testing.T, port int, more ...string) {
	t.Helper()
	must(t, c.labRun(t, append([]string{"serve", c.lab, "web", "--host", certHost, "--port", fmt.Sprint(port), "--http-port", "0",
		"--cert", c.file("server.crt"), "--key", c.file("server.key")}, more...)...), 0)
}

// make runs the commands that a person would run.
func (c *certField) make(t *testing.T) {
	t.Helper()
	in := []string{"--dir", c.work}
	for _, args := range [][]string{{"cert", "ca", "root"}, {"cert", "ca", "other", "--key-type", "rsa"},
		{"cert", "issue", "server", "--server", "--san", certHost, "--ca-file", c.file("root.crt"), "--ca-key-file", c.file("root.key")},
		{"cert", "issue", "client", "--client", "--san", "client.a.internal", "--key-type", "rsa", "--ca-file", c.file("root.crt"), "--ca-key-file", c.file("root.key")},
		{"cert", "issue", "stranger", "--client", "--san", "client.a.internal", "--ca-file", c.file("other.crt"), "--ca-key-file", c.file("other.key")}} {
		must(t, c.plugin(t, append(args, in...)...), 0)
	}
}

func (c *certField) secret(t *testing.T, who string) result {
	t.Helper()
	return c.plugin(t, "cert", "secret", "pair", "-n", c.namespace, "--cert-file", c.file(who+".crt"), "--key-file", c.file(who+".key"), "--ca-file", c.file("root.crt"))
}

func (c *certField) check(t *testing.T, code int, who, says string) {
	t.Helper()
	r := must(t, c.plugin(t, "cert", "check", "--client-cert", c.file(who+".crt"), "--client-key", c.file(who+".key"), "--client-ca", c.file("root.crt"),
		"--server-cert", c.file("server.crt"), "--server-key", c.file("server.key"), "--server-ca", c.file("root.crt"), "--host", certHost, "--client-san", "client.a.internal"), code)
	if !strings.Contains(strings.Join(strings.Fields(r.out), " "), strings.ReplaceAll(says, " +", " ")) {
		t.Errorf("want %q: %s", says, r)
	}
}

// shown: what is in the cluster is read back, and the keys stay there.
func (c *certField) shown(t *testing.T) {
	t.Helper()
	r := must(t, c.plugin(t, "cert", "show", "secret/pair", "-n", c.namespace), 0)
	if !strings.Contains(r.out, "its private key is in Secret "+c.namespace+"/pair/tls.key") {
		t.Errorf("%s", r)
	}
	r = must(t, c.plugin(t, "cert", "check", "--client-cert", "secret/"+c.namespace+"/pair", "--server-cert", c.file("server.crt"), "--server-ca", c.file("root.crt"), "--host", certHost), 0)
	if !strings.Contains(r.out, "which the client trusts") {
		t.Errorf("the CA of the Secret is not used: %s", r)
	}
}

// rules are written by hand here: recipes are tested elsewhere, this is about the Secret.
func (c *certField) rules(t *testing.T) {
	t.Helper()
	c.apply(t, fmt.Sprintf(`
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: pair, namespace: %[1]s}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: pair, namespace: %[1]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pair}
subjects: [{kind: ServiceAccount, name: default, namespace: %[1]s}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: mutual, namespace: %[1]s}
spec: {hosts: [%[2]s], exportTo: ["."], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: %[3]d, name: http-m, protocol: HTTP}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: mutual, namespace: %[1]s}
spec:
  host: %[2]s
  exportTo: ["."]
  workloadSelector: {matchLabels: {app: client}}
  trafficPolicy:
    portLevelSettings: [{port: {number: %[3]d}, tls: {mode: MUTUAL, credentialName: pair, sni: %[2]s, subjectAltNames: [%[2]s]}}]
`, c.namespace, certHost, c.port))
}

func (c *certField) get(t *testing.T, port int) string {
	t.Helper()
	return c.try(t, "exec", "-n", c.namespace, "deploy/client", "-c", "app", "--", "curl", "-s", "--max-time", "5", fmt.Sprintf("http://%s:%d/", certHost, port)).out
}

func (c *certField) want(t *testing.T, port int, words string) {
	t.Helper()
	var got string
	if took, ok := until(proxyTime, func() bool { got = c.get(t, port); return strings.Contains(got, words) }); !ok {
		t.Fatalf("no answer with %s from port %d after %s: %s", words, port, took, got)
	}
}

// refused starts the server anew each time, because Envoy goes on with a connection that it has, whatever pair it
// was made with.
func (c *certField) refused(t *testing.T) {
	t.Helper()
	var got string
	if took, ok := until(proxyTime, func() bool {
		c.serve(t, c.port, "--client-ca", c.file("root.crt"))
		got = c.get(t, c.port)
		return strings.Contains(got, "upstream") && !strings.Contains(got, `"client"`)
	}); !ok {
		t.Errorf("the pair of another root is not refused after %s: %s", took, got)
	}
}
