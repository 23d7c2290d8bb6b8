package cert

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// openssl runs the program in a directory of the test's own.
func openssl(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: what this package makes and reads is not compared with it")
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func save(t *testing.T, dir, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestOpensslAccepts: openssl verifies what this package issues, for the right
// purpose and name only.
func TestOpensslAccepts(t *testing.T) {
	dir := t.TempDir()
	for _, key := range []KeyType{ECDSAP256, ECDSAP384, RSA2048} {
		now := time.Now()
		ask := func(name string, sans ...string) Request {
			r := request(name, sans...)
			r.Now, r.Key = now, key
			return r
		}
		root, err := NewCA(ask("root"), nil, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		a := Authority{Chain: root.Chain, Key: root.Key}
		middle, err := NewCA(ask("middle"), &a, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		r := ask(host, host, "spiffe://mesh.internal/ns/a/sa/b", "10.0.0.1")
		r.Server = true
		leaf, err := Issue(r, Authority{Chain: middle.Chain, Key: middle.Key}, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		save(t, dir, "root.crt", PEM(root.Chain...))
		save(t, dir, "leaf.crt", PEM(leaf.Chain...))
		save(t, dir, "leaf.key", keyPEM(t, leaf.Key))
		verify := []string{"verify", "-x509_strict", "-CAfile", "root.crt", "-untrusted", "leaf.crt", "-verify_hostname", host, "-purpose", "sslserver", "leaf.crt"}
		if out, err := openssl(t, dir, verify...); err != nil || !strings.Contains(out, "leaf.crt: OK") {
			t.Errorf("%s: %v %s", key, err, out)
		}
		verify[len(verify)-2] = "sslclient"
		if out, err := openssl(t, dir, verify...); err == nil {
			t.Errorf("%s: a server's certificate is accepted for a client: %s", key, out)
		}
		if out, err := openssl(t, dir, "pkey", "-in", "leaf.key", "-check", "-noout"); err != nil {
			t.Errorf("%s: %v %s", key, err, out)
		}
	}
}

// TestOpensslFiles: files that openssl writes, words before the blocks included,
// are read, and the two ends made of them fit.
func TestOpensslFiles(t *testing.T) {
	dir := t.TempDir()
	save(t, dir, "ext", []byte("subjectAltName=DNS:"+host+"\nextendedKeyUsage=serverAuth,clientAuth\n"))
	run := func(args ...string) {
		t.Helper()
		if out, err := openssl(t, dir, args...); err != nil {
			t.Fatalf("openssl %q: %v %s", args, err, out)
		}
	}
	run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=root", "-keyout", "root.key", "-out", "root.crt")
	run("ecparam", "-name", "prime256v1", "-genkey", "-out", "leaf.key")
	run("req", "-new", "-key", "leaf.key", "-subj", "/CN=x", "-out", "leaf.csr")
	run("x509", "-req", "-in", "leaf.csr", "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial", "-days", "9", "-extfile", "ext", "-text", "-out", "leaf.crt")
	run("pkey", "-in", "leaf.key", "-aes128", "-passout", "pass:lab-secret-word", "-out", "locked.key")
	read := func(name string) Pile {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return pile(t, name, text)
	}
	end := End{Cert: read("leaf.crt"), Key: read("leaf.key"), CA: read("root.crt")}
	in := Input{Client: end, Server: end, Host: host, Allowed: []string{host}, Now: time.Now()}
	if results := bad(Check(in)); len(results) > 0 {
		t.Errorf("%v", results)
	}
	in.Server.Key = read("locked.key")
	if results := bad(Check(in)); len(results) != 1 || !strings.Contains(results[0].Summary, "openssl pkey") {
		t.Errorf("a key with a password: %v", results)
	}
	if _, err := NewAuthority(read("root.crt"), read("root.key"), time.Now()); err != nil {
		t.Errorf("the root of openssl cannot sign: %v", err)
	}
}
