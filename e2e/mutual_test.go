//go:build e2e

package e2e

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	bankHost   = "bank.e2e.example.internal"
	bankClient = "client.bank.e2e.example.internal"
	bankName   = "bank-e2e-example-internal" // what enable makes of the host
	peerLab    = "b"
	gatewayNS  = "istio-system" // where the lab's gateway is
)

// bank is scenario S3: the lab's instance is the client's mesh, a second one with an ingress gateway the server's.
// Both have a root of their own; the certificates here are of a third.
type bank struct {
	*suite         // with the contexts of both meshes; the client's comes first
	namespace      string
	service        string
	root           *authority
	server, client pairFiles
}

type pairFiles struct{ cert, key string }

func issueFor(t *testing.T, s *suite, a *authority, l leaf) pairFiles {
	t.Helper()
	cert, key := a.issue(t, s.work, l)
	return pairFiles{cert, key}
}

func inMesh(lab string) string { return "--context=lab-" + lab }

// newBank starts the second instance where it is not there, joins the two, and leads the host's name to its gateway.
func newBank(t *testing.T) *bank {
	t.Helper()
	s := newSuite(t)
	needLab(t, s)
	s.labUp(t, peerLab, "--gateway")
	if r := s.labRun(t, "join", s.lab, peerLab); r.code != 0 {
		t.Fatalf("%s", r)
	}
	both := *s
	both.env = append(slices.Clone(s.env), "KUBECONFIG="+strings.TrimPrefix(s.env[2], "KUBECONFIG=")+":"+strings.TrimSpace(s.labRun(t, "kubeconfig", peerLab).out))
	b := &bank{suite: &both, root: newAuthority(t, s.work, "e2e-bank-root", nil, leaf{}), namespace: s.namespace(t, "bank", true)}
	clientUse := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	b.server = issueFor(t, s, b.root, leaf{names: []string{bankHost}})
	b.client = issueFor(t, s, b.root, leaf{names: []string{bankClient}, usage: clientUse})
	evil := issueFor(t, s, b.root, leaf{names: []string{"evil.e2e.example.internal"}, usage: clientUse})
	stranger := issueFor(t, s, newAuthority(t, s.work, "e2e-bank-stranger", nil, leaf{}), leaf{names: []string{bankClient}, usage: clientUse})
	files := []string{"create", "secret", "generic", "e2e-ca", "-n", b.namespace, "--from-file=root.pem=" + b.root.file, "--from-file=wrong.pem=" + newAuthority(t, s.work, "e2e-bank-other", nil, leaf{}).file}
	for name, p := range map[string]pairFiles{"client": b.client, "evil": evil, "stranger": stranger} {
		files = append(files, "--from-file="+name+".pem="+p.cert, "--from-file="+name+".key="+p.key)
	}
	s.kube(t, files...)
	s.deploy(t, workload{namespace: b.namespace, name: "client", annotations: mountCA("e2e-ca"), notReady: true},
		workload{namespace: b.namespace, name: "plain", plain: true, volumes: "{name: tls, secret: {secretName: e2e-ca}}", mounts: "{name: tls, mountPath: /tls}", notReady: true})
	b.serveHello(t)
	for _, name := range []string{"client", "plain"} {
		s.kube(t, "rollout", "status", "deploy/"+name, "-n", b.namespace, fmt.Sprintf("--timeout=%s", podTime))
	}
	return b
}

// serveHello starts the Service behind the gateway of the second mesh.
func (b *bank) serveHello(t *testing.T) {
	t.Helper()
	far := b.on(t, peerLab)
	b.service = far.namespace(t, "hello", true)
	far.apply(t, fmt.Sprintf("{apiVersion: v1, kind: Service, metadata: {name: helloworld, namespace: %s}, spec: {selector: {app: helloworld}, ports: [{name: http, port: 5000}]}}", b.service))
	far.deploy(t, workload{namespace: b.service, name: "helloworld",
		command: "cd $(mktemp -d) && echo hello from the other mesh > hello && exec python3 -m http.server 5000"})
	node := far.kube(t, "get", "service", "istio-ingressgateway", "-n", gatewayNS, "-o", "jsonpath={.spec.externalIPs[0]}")
	if r := b.labRun(t, "name", b.lab, bankHost, "--ip", node); r.code != 0 {
		t.Fatalf("%s", r)
	}
}

// curl calls from the application's container and gives the answer's text, "" when there is none of status 200.
func (b *bank) curl(t *testing.T, from string, args ...string) string {
	t.Helper()
	all := append([]string{"exec", inMesh(b.lab), "-n", b.namespace, "deploy/" + from, "-c", "app", "--", "curl", "-sf", "--max-time", "6"}, args...)
	return strings.TrimSpace(b.try(t, all...).out)
}

const hello = "hello from the other mesh"

func (b *bank) want(t *testing.T, when, text string) {
	t.Helper()
	got := ""
	if took, ok := until(proxyTime, func() bool { got = b.curl(t, "client", "http://"+bankHost+"/hello"); return got == text }); !ok {
		t.Fatalf("%s: %q after %s, want %q", when, got, took, text)
	}
}

// enable runs `enable mutual`; disable removes one end.
func (b *bank) enable(t *testing.T, args ...string) result {
	t.Helper()
	return must(t, b.plugin(t, append([]string{"enable", "mutual", bankHost}, args...)...), 0)
}

func (b *bank) disable(t *testing.T, lab, namespace string) {
	t.Helper()
	if r := b.plugin(t, "disable", bankName, inMesh(lab), "-n", namespace, "--yes"); r.code != 0 {
		t.Errorf("%s", r)
	}
}

// proven demands that verify judges this cluster and finds it exercised, with this client certificate.
func (b *bank) proven(t *testing.T, cluster, certificate string) {
	t.Helper()
	r := b.plugin(t, "verify", "deploy/client", inMesh(b.lab), "-n", b.namespace, "--to", bankHost, "-o", "json")
	d := read(t, r)
	u, _ := d.upstream(cluster)
	if r.code != 0 || u.Transport != "tls" || u.Evidence != "exercised" || u.Outcome != "OK" || u.ClientCert != certificate || u.SNI != bankHost || !slices.Equal(u.SANs, []string{bankHost}) {
		t.Errorf("verify: exit code %d, want client certificate %s\n%s\n%s", r.code, certificate, d.bad(cluster), b.plugin(t, "verify", "deploy/client", inMesh(b.lab), "-n", b.namespace, "--to", bankHost).out)
	}
	g := b.plugin(t, "verify", "deploy/istio-ingressgateway", inMesh(peerLab), "-n", gatewayNS)
	if g.code != 0 || !strings.Contains(g.out, "what comes in is what was asked for") {
		t.Errorf("verify of the gateway: %s", g)
	}
}

// refuses proves who gets in: a pod without a sidecar speaks TLS itself, with each certificate there is.
func (b *bank) refuses(t *testing.T) {
	t.Helper()
	call := func(name string) string {
		args := []string{"--cacert", "/tls/root.pem", "https://" + bankHost + "/hello"}
		if name != "" {
			args = append(args, "--cert", "/tls/"+name+".pem", "--key", "/tls/"+name+".key")
		}
		return b.curl(t, "plain", args...)
	}
	for name, why := range map[string]string{"": "no client certificate", "stranger": "one of another CA", "evil": "one of the CA, of a client that is not named"} {
		if got := call(name); got != "" {
			t.Errorf("the gateway lets in %s: %q", why, got)
		}
	}
	if got := call("client"); got != hello {
		t.Errorf("the control failed: the right certificate gets %q", got)
	}
	r := b.try(t, "exec", inMesh(b.lab), "-n", b.namespace, "deploy/plain", "-c", "app", "--", "curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "http://"+bankHost+"/hello")
	if r.out != "301 https://"+bankHost+"/hello" {
		t.Errorf("plain callers are not sent to https: %q", r.out)
	}
}

// fromFiles enables the client's end with a CA and a pair that are mounted into the sidecar.
func (b *bank) fromFiles(t *testing.T, ca, pair string) result {
	t.Helper()
	return b.plugin(t, "enable", "mutual", bankHost, "--role", "client", inMesh(b.lab), "-n", b.namespace, "--ca-path", "/etc/e2e-ca/"+ca+".pem",
		"--client-cert-path", "/etc/e2e-ca/"+pair+".pem", "--client-key-path", "/etc/e2e-ca/"+pair+".key")
}

// sabotaged: with a CA that did not sign the gateway's certificate the change is taken back. A client certificate that
// the gateway turns away looks good until a call is made, because with TLS 1.3 the handshake completes; then verify says so.
func (b *bank) sabotaged(t *testing.T) {
	t.Helper()
	before := b.objects(t, b.lab, b.namespace)
	if r := b.fromFiles(t, "wrong", "client"); r.code != 1 || !strings.Contains(r.err, "MT013") || !strings.Contains(r.err, "taken back") {
		t.Errorf("a wrong CA: %s", r)
	}
	if diff := cmp.Diff(before, b.objects(t, b.lab, b.namespace)); diff != "" {
		t.Errorf("what was taken back left something:\n%s", diff)
	}
	must(t, b.fromFiles(t, "root", "evil"), 0)
	b.want(t, "a certificate that the gateway turns away", "")
	r := b.plugin(t, "verify", "deploy/client", inMesh(b.lab), "-n", b.namespace, "--to", bankHost, "-o", "json")
	found := read(t, r).findings("outbound|443||"+bankHost, "UNKNOWN")
	if r.code != 2 || len(found) != 1 || !found[0].names("MT009", []string{"UNKNOWN"}, []string{"accepts the client certificate", "requests failed"}) {
		t.Errorf("turned away: exit code %d, %v", r.code, found)
	}
}

func (b *bank) objects(t *testing.T, lab, namespace string) string {
	t.Helper()
	return b.kube(t, "get", "secrets,configmaps,roles,rolebindings,gateways.networking.istio.io,virtualservices,serviceentries,destinationrules", inMesh(lab), "-n", namespace, "-o", "name")
}

// TestMutual tells scenario S3, first with one command for both ends and Secrets made from files, then with a pair that
// is mounted into the sidecar. A plain call in one mesh is answered by the other; nobody else gets in; disable leaves nothing.
func TestMutual(t *testing.T) {
	b := newBank(t)
	t.Logf("proves: plain http://%s/hello in one mesh is answered by the other through a gateway that demands the client certificate", bankHost)
	before := [2]string{b.objects(t, b.lab, b.namespace), b.objects(t, peerLab, gatewayNS)}
	t.Cleanup(func() {
		b.plugin(t, "disable", bankName, inMesh(b.lab), "-n", b.namespace, "--yes")
		b.plugin(t, "disable", bankName, inMesh(peerLab), "-n", gatewayNS, "--yes")
	})
	w := b.listen(t)
	b.want(t, "before", "")
	b.sealed(t, w, false)
	b.bothBack(t)

	gateway := []string{"--to-service", "helloworld." + b.service + ":5000", "--cert-file", b.server.cert, "--key-file", b.server.key, "--client-ca-file", b.root.file}
	both := append([]string{inMesh(b.lab), "-n", b.namespace, "--workload", "app=client", "--subset", "tls-origination",
		"--client-cert-file", b.client.cert, "--client-key-file", b.client.key, "--ca-file", b.root.file, "--gateway-context", "lab-" + peerLab}, gateway...)
	wrong := b.plugin(t, append(append([]string{"enable", "mutual", bankHost}, both...), "--client-ca-file", newAuthority(t, b.work, "e2e-bank-wrong", nil, leaf{}).file)...)
	if wrong.code != 2 || !strings.Contains(wrong.err, "nothing was written") {
		t.Errorf("a CA that did not sign the client's certificate is accepted at the gateway: %s", wrong)
	}
	w = b.listen(t)
	if r := b.enable(t, both...); strings.Count(r.out, " created\n") != 4+7 {
		t.Errorf("want 4 objects at the gateway and 7 at the client:\n%s", r)
	}
	b.want(t, "both ends", hello)
	b.sealed(t, w, true)
	b.proven(t, "outbound|443|tls-origination|"+bankHost, "sds:kubernetes://"+bankName)
	b.refuses(t)
	if r := b.enable(t, both...); strings.Count(r.out, " unchanged\n") != 4+7 {
		t.Errorf("a second enable changes something:\n%s", r)
	}

	b.disable(t, b.lab, b.namespace)
	b.want(t, "without the client's end", "")
	b.sabotaged(t)
	must(t, b.fromFiles(t, "root", "client"), 0)
	b.want(t, "files in the sidecar", hello)
	b.proven(t, "outbound|443||"+bankHost, "sds:file-cert:/etc/e2e-ca/client.pem~/etc/e2e-ca/client.key")

	b.disable(t, b.lab, b.namespace)
	b.disable(t, peerLab, gatewayNS)
	after := [2]string{b.objects(t, b.lab, b.namespace), b.objects(t, peerLab, gatewayNS)}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("disable does not put back what was:\n%s", diff)
	}
	b.want(t, "after disable", "")
}

// TestOriginationMutual: a Redis that demands a client certificate. Without one the sidecar gets nowhere; with one, made
// a Secret from files, the application gets its answer; a key of another certificate is refused before anything is written.
func TestOriginationMutual(t *testing.T) {
	f := newField(t, "mutual")
	x := &site{field: f, name: "mutual", host: "mutual.e2e.example.internal", port: firstPort + 60, client: "client", ca: "secret"}
	t.Cleanup(func() { x.remove(t) })
	x.serve(t, f.right, leaf{names: []string{x.host}}, "--client-ca", f.right.file)
	x.node(t)
	use := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	pair, other := issueFor(t, f.suite, f.right, leaf{names: []string{"client"}, usage: use}), issueFor(t, f.suite, f.right, leaf{names: []string{"client"}, usage: use})
	if r := x.enable(t, "--verify=false"); r.code != 0 {
		t.Fatalf("%s", r)
	}
	if x.ping(t, 0) {
		t.Error("the control failed: the server answers without a client certificate")
	}
	x.unrule(t)
	before := x.snapshot(t, x.namespace, false)
	if r := x.enable(t, "--client-cert-file", pair.cert, "--client-key-file", other.key); r.code != 2 || !strings.Contains(r.err, "key") {
		t.Errorf("a key of another certificate: %s", r)
	}
	if r := must(t, x.enable(t, "--client-cert-file", pair.cert, "--client-key-file", pair.key), 0); strings.Count(r.out, " created\n") != 6 {
		t.Errorf("want six objects: %s", r)
	}
	if !x.ping(t, proxyTime) {
		t.Error("with the client certificate the client gets no answer")
	}
	// A Redis names no CAs, so that only a connection that stands tells that it takes the certificate.
	r := must(t, x.verify(t, "--exercise", "-o", "json"), 0)
	if d := read(t, r); len(d.findings(x.cluster(), "WARN", "UNKNOWN", "FAIL")) > 0 {
		t.Errorf("with the client certificate, and a connection that stands:\n%s", d.bad(x.cluster()))
	}
	u, _ := read(t, x.verify(t, "-o", "json")).upstream(x.cluster())
	if want := "sds:kubernetes://" + x.name; u.ClientCert != want {
		t.Errorf("client certificate %q, want %q", u.ClientCert, want)
	}
	if r := must(t, x.enable(t, "--client-cert-file", pair.cert, "--client-key-file", pair.key), 0); strings.Count(r.out, " unchanged\n") != 6 {
		t.Errorf("a second enable changes something: %s", r)
	}
	x.unrule(t)
	if diff := cmp.Diff(before, x.snapshot(t, x.namespace, false)); diff != "" {
		t.Errorf("disable does not put back what was:\n%s", diff)
	}
}

// unrule takes away the rules and leaves the server.
func (x *site) unrule(t *testing.T) {
	t.Helper()
	must(t, x.plugin(t, "disable", x.name, "-n", x.namespace, "--yes"), 0)
}
