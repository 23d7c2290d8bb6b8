//go:build e2e

package e2e

import (
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"
)

// doorway is a gateway of its own namespace that `enable mutual --role gateway` made demand client certificates, the
// Service behind it, and a pod outside the mesh that calls with each certificate.
type doorway struct {
	*suite
	namespace, host string
	root            *authority
	server          pairFiles
}

const (
	doorPort  = 8443
	doorPlain = 8080
)

// gatewayObjects: the account of a gateway must be allowed to have the Secrets.
const gatewayObjects = `
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: gw, namespace: $NS}, rules: [{apiGroups: [""], resources: [secrets], verbs: [get, list, watch]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: gw, namespace: $NS}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: gw},
 subjects: [{kind: ServiceAccount, name: default, namespace: $NS}]}
---
{apiVersion: v1, kind: Service, metadata: {name: gw, namespace: $NS}, spec: {selector: {app: gw}, ports: [{name: https, port: 8443}, {name: http, port: 8080}, {name: https-side, port: 8444}]}}
`

func newDoorway(t *testing.T) *doorway {
	t.Helper()
	s := newSuite(t)
	x := &doorway{suite: s, namespace: s.namespace(t, "gate", true), host: "door.e2e.example.internal", root: newAuthority(t, s.work, "e2e-door-root", nil, leaf{})}
	use := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	x.server = issueFor(t, s, x.root, leaf{names: []string{x.host}})
	client := issueFor(t, s, x.root, leaf{names: []string{"client.door"}, usage: use})
	evil := issueFor(t, s, x.root, leaf{names: []string{"evil.door"}, usage: use})
	stranger := issueFor(t, s, newAuthority(t, s.work, "e2e-door-stranger", nil, leaf{}), leaf{names: []string{"client.door"}, usage: use})
	files := []string{"create", "secret", "generic", "pairs", "-n", x.namespace, "--from-file=root.pem=" + x.root.file}
	for name, p := range map[string]pairFiles{"client": client, "evil": evil, "stranger": stranger} {
		files = append(files, "--from-file="+name+".pem="+p.cert, "--from-file="+name+".key="+p.key)
	}
	s.kube(t, files...)
	x.apply(t, x.fill(gatewayObjects))
	x.apply(t, x.fill(`{apiVersion: v1, kind: Service, metadata: {name: behind, namespace: $NS}, spec: {selector: {app: behind}, ports: [{name: http, port: 80, targetPort: 8080}]}}`))
	s.deploy(t, workload{namespace: x.namespace, name: "gw", labels: map[string]string{"istio": "e2e-gw"}, gateway: true}, workload{namespace: x.namespace, name: "behind", command: server},
		workload{namespace: x.namespace, name: "caller", plain: true, volumes: "{name: tls, secret: {secretName: pairs}}", mounts: "{name: tls, mountPath: /tls}"})
	x.mend(t)
	return x
}

func (x *doorway) cluster() string { return "" }

func (x *doorway) fill(text string) string {
	return strings.NewReplacer("$NS", x.namespace, "$HOST", x.host, "$PORT", fmt.Sprint(doorPort), "$PLAIN", fmt.Sprint(doorPlain)).Replace(text)
}

func (x *doorway) verify(t *testing.T, more ...string) result {
	t.Helper()
	return x.plugin(t, append([]string{"verify", "deploy/gw", "-n", x.namespace}, more...)...)
}

// call gives the status code of a call with this certificate, 000 when there is no answer.
func (x *doorway) call(t *testing.T, scheme string, port int, certificate string) string {
	t.Helper()
	ip := strings.TrimSpace(x.kube(t, "get", "pods", "-n", x.namespace, "-l", "app=gw", "-o", "jsonpath={.items[0].status.podIP}"))
	args := []string{"exec", "-n", x.namespace, "deploy/caller", "-c", "app", "--", "curl", "-s", "--max-time", "4", "-o", "/dev/null", "-w", "%{http_code}",
		"--resolve", fmt.Sprintf("%s:%d:%s", x.host, port, ip), fmt.Sprintf("%s://%s:%d/hostname", scheme, x.host, port)}
	if scheme == "https" {
		args = append(args, "--cacert", "/tls/root.pem")
	}
	if certificate != "" {
		args = append(args, "--cert", "/tls/"+certificate+".pem", "--key", "/tls/"+certificate+".key")
	}
	return x.try(t, args...).out
}

// ping: the client that is named gets in, and nobody else: without a certificate, with one of another CA, with one of
// the CA for a client that is not named, in plaintext.
func (x *doorway) ping(t *testing.T, limit time.Duration) bool {
	t.Helper()
	_, ok := until(limit, func() bool {
		return x.call(t, "https", doorPort, "client") == "200" && x.call(t, "https", doorPort, "") == "000" && x.call(t, "https", doorPort, "stranger") == "000" &&
			x.call(t, "https", doorPort, "evil") == "000" && x.call(t, "http", doorPlain, "") != "200"
	})
	return ok
}

func (x *doorway) healthy(t *testing.T, when string) {
	t.Helper()
	var r result
	took, ok := until(proxyTime, func() bool {
		if !x.ping(t, 0) {
			r = result{err: fmt.Sprintf("the client gets %s, a caller without certificate %s, a stranger %s, another client %s, a plain one %s", x.call(t, "https", doorPort, "client"),
				x.call(t, "https", doorPort, ""), x.call(t, "https", doorPort, "stranger"), x.call(t, "https", doorPort, "evil"), x.call(t, "http", doorPlain, ""))}
			return false
		}
		r = x.verify(t, "-o", "json")
		return r.code == 0 && len(read(t, r).findings("", "WARN", "UNKNOWN", "FAIL")) == 0
	})
	if !ok {
		t.Fatalf("%s: not healthy after %s: %s", when, took.Round(time.Second), r)
	}
}

func (x *doorway) mend(t *testing.T) {
	t.Helper()
	r := x.plugin(t, "enable", "mutual", x.host, "--role", "gateway", "--name", "door", "-n", x.namespace, "--gateway", "istio=e2e-gw", "--gateway-namespace", x.namespace,
		"--tls-port", fmt.Sprint(doorPort), "--http-port", fmt.Sprint(doorPlain), "--to-service", "behind."+x.namespace+":80",
		"--cert-file", x.server.cert, "--key-file", x.server.key, "--client-ca-file", x.root.file, "--allow-san", "client.door", "--force-conflicts")
	if r.code != 0 {
		t.Errorf("%s", r)
	}
}
