//go:build e2e

package e2e

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// firstPort is the first of the ports that the sites use, each one its own.
const firstPort = 17100

// newField makes the namespace with its clients. The sidecar of `client` has files at /etc/e2e-ca: the right CA,
// bundles, a CA that expired, a file that is no PEM, and client certificates.
func newField(t *testing.T, purpose string) *field {
	t.Helper()
	s := newSuite(t)
	needLab(t, s)
	f := &field{suite: s}
	f.right = newAuthority(t, s.work, "e2e-right-ca", nil, leaf{})
	f.wrong = newAuthority(t, s.work, "e2e-wrong-ca", nil, leaf{})
	f.intermediate = newAuthority(t, s.work, "e2e-intermediate-ca", f.right, leaf{})
	f.noPEM = write(t, filepath.Join(s.work, "no-pem"), []byte("this is not a certificate\n"))
	old := newAuthority(t, s.work, "e2e-expired-ca", nil, leaf{from: -48 * time.Hour, to: -24 * time.Hour})
	before := renewed(t, t.TempDir(), "e2e-right-ca", f.right.key, nil, leaf{from: -48 * time.Hour, to: -24 * time.Hour})
	clientUse := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	expired := issueFor(t, s, f.right, leaf{names: []string{"client"}, usage: clientUse, from: -48 * time.Hour, to: -24 * time.Hour})
	other := issueFor(t, s, f.right, leaf{names: []string{"client"}, usage: clientUse})
	stranger := issueFor(t, s, f.wrong, leaf{names: []string{"client"}, usage: clientUse})
	server := issueFor(t, s, f.right, leaf{names: []string{"client"}})
	f.namespace = s.namespace(t, purpose, true)
	damaged := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.wrong.cert.Raw[:len(f.wrong.cert.Raw)/2]})
	f.elsewhere = s.namespace(t, "elsewhere", true)
	s.kube(t, "create", "secret", "generic", "e2e-ca", "-n", f.namespace,
		"--from-file=right.pem="+f.right.file, "--from-file=wrong.pem="+f.wrong.file, "--from-file=expired.pem="+old.file,
		"--from-file=wrong-then-right.pem="+join(t, s.work, "two.pem", f.wrong.pem, f.right.pem),
		"--from-file=expired-and-right.pem="+join(t, s.work, "old-two.pem", old.pem, f.right.pem),
		"--from-file=damaged-and-right.pem="+join(t, s.work, "damaged-two.pem", damaged, f.right.pem),
		"--from-file=old.crt="+expired.cert, "--from-file=old.key="+expired.key, "--from-file=other.crt="+other.cert, "--from-file=other.key="+other.key,
		"--from-file=stranger.crt="+stranger.cert, "--from-file=stranger.key="+stranger.key, "--from-file=server.crt="+server.cert, "--from-file=server.key="+server.key,
		"--from-file=expired-then-renewed.pem="+join(t, s.work, "renewal.pem", before.pem, f.right.pem), "--from-file=renewed-then-expired.pem="+join(t, s.work, "renewed.pem", f.right.pem, before.pem),
		"--from-file=x509.pem="+write(t, filepath.Join(s.work, "x509.pem"), bytes.ReplaceAll(f.right.pem, []byte(" CERTIFICATE"), []byte(" X509 CERTIFICATE"))),
		"--from-file=no-pem="+f.noPEM)
	s.deploy(t, workload{namespace: f.namespace, name: "client", annotations: mountCA("e2e-ca")})
	return f
}

// mountCA is how a Secret gets into the sidecar (not into the application's container).
func mountCA(secret string) map[string]string {
	return map[string]string{
		"sidecar.istio.io/userVolume":      fmt.Sprintf(`[{"name":"e2e-ca","secret":{"secretName":%q}}]`, secret),
		"sidecar.istio.io/userVolumeMount": `[{"name":"e2e-ca","mountPath":"/etc/e2e-ca","readonly":true}]`,
	}
}

// newSite makes the n-th site of a field: a healthy server, its name, and what enable makes of it.
func (f *field) newSite(t *testing.T, n int, name, ca string) *site {
	t.Helper()
	x := &site{field: f, name: name, host: name + ".e2e.example.internal", port: firstPort + n, client: "client", ca: ca}
	t.Cleanup(func() { x.remove(t) })
	x.serve(t, f.right, leaf{names: []string{x.host}})
	x.node(t) // the name is in the lab's DNS before a sidecar asks for it
	if r := x.enable(t); r.code != 0 {
		t.Fatalf("%s", r)
	}
	return x
}
