//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// field is where the sabotages of one test take place: a namespace with an injected and a plain client, and CAs.
type field struct {
	*suite
	namespace    string
	elsewhere    string     // a namespace without pods, for rules that lie where nobody looks
	right        *authority // signs the servers
	wrong        *authority
	intermediate *authority // signed by right
	noPEM        string     // a file without any certificate
}

// site is one upstream outside the mesh, with a host and a port of its own so that no counter and no listener of
// another test is in the way.
type site struct {
	*field
	name, host string
	port       int
	client     string
	ca         string // form of the CA that enable was given: secret, configmap, path
	endOdd     func() // ends the odd server that stands in for Redis
}

func (x *site) cluster() string { return fmt.Sprintf("outbound|%d||%s", x.port, x.host) }
func (x *site) to() string      { return fmt.Sprintf("%s:%d", x.host, x.port) }

// serve starts a Redis with this certificate on the site's port, instead of the one that is there.
func (x *site) serve(t *testing.T, a *authority, l leaf, more ...string) {
	t.Helper()
	cert, key := a.issue(t, x.work, l)
	x.serveWith(t, append([]string{"--cert", cert, "--key", key}, more...)...)
}

func (x *site) serveWith(t *testing.T, more ...string) {
	t.Helper()
	x.stopOdd()
	args := append([]string{"serve", x.lab, "redis", "--host", x.host, "--port", fmt.Sprint(x.port), "--password", password}, more...)
	if r := x.labRun(t, args...); r.code != 0 {
		t.Fatalf("%s", r)
	}
}

func (x *site) stop(t *testing.T) {
	t.Helper()
	if r := x.labRun(t, "serve", x.lab, "stop", "redis", "--port", fmt.Sprint(x.port)); r.code != 0 {
		t.Fatalf("%s", r)
	}
}

// labRun runs the lab's program, which needs the environment of the machine.
func (s *suite) labRun(t *testing.T, args ...string) result {
	t.Helper()
	inside := *s
	inside.env, inside.work = nil, ""
	return inside.exec(t, "", s.tool, args...)
}

// node gives the address that the lab's servers listen on: the one that the host's name resolves to.
func (x *site) node(t *testing.T) string {
	t.Helper()
	var ip string
	until(proxyTime, func() bool {
		r := x.try(t, "exec", "-n", x.namespace, "deploy/"+x.client, "-c", "app", "--", "getent", "hosts", x.host)
		if f := strings.Fields(r.out); len(f) > 1 && net.ParseIP(f[0]) != nil {
			ip = f[0]
		}
		return ip != ""
	})
	if ip == "" {
		t.Fatalf("%s does not resolve in the pods of the lab", x.host)
	}
	return ip
}

// labUp starts one more instance of the lab, and takes it down at the end where it was not there.
func (s *suite) labUp(t *testing.T, name string, more ...string) {
	t.Helper()
	if !strings.Contains(s.labRun(t, "status").out, "\n"+name+": running") {
		t.Cleanup(func() { s.labRun(t, "down", name) })
	}
	if r := s.labRun(t, append([]string{"up", name}, more...)...); r.code != 0 {
		t.Fatalf("%s", r)
	}
}

// on is the suite on another instance of the lab, which runs.
func (s *suite) on(t *testing.T, instance string) *suite {
	t.Helper()
	out := *s
	out.env = append(slices.Clone(s.env), "KUBECONFIG="+strings.TrimSpace(s.labRun(t, "kubeconfig", instance).out))
	out.lab = instance
	return &out
}

// enable runs the plugin for this site, with the CA in the form asked for.
func (x *site) enable(t *testing.T, more ...string) result {
	t.Helper()
	args := []string{"enable", "origination", x.to(), "-n", x.namespace, "--name", x.name}
	switch x.ca {
	case "secret":
		args = append(args, "--ca-file", x.right.file, "--workload", "app="+x.client)
	case "configmap":
		args = append(args, "--ca-file", x.right.file)
	case "path":
		args = append(args, "--ca-path", "/etc/e2e-ca/right.pem")
	default:
		t.Fatalf("no form of CA %q", x.ca)
	}
	return x.plugin(t, append(args, more...)...)
}

// verify asks about this site alone.
func (x *site) verify(t *testing.T, more ...string) result {
	t.Helper()
	return x.plugin(t, append([]string{"verify", "deploy/" + x.client, "-n", x.namespace, "--to", x.to()}, more...)...)
}

func (x *site) ping(t *testing.T, limit time.Duration) bool {
	t.Helper()
	return x.answers(t, limit, x.namespace, x.client, x.host, x.port)
}

// healthy demands exit code 0, TLS, that a connection was seen to be encrypted, and no other finding. After a repair
// the counters still tell of the failures before it; that warning alone is no false alarm.
func (x *site) healthy(t *testing.T, when string) {
	t.Helper()
	var r result
	var d document
	took, ok := until(proxyTime, func() bool {
		if !x.ping(t, 0) {
			r = result{err: "the client gets no answer"}
			return false
		}
		if r = x.verify(t, "-o", "json"); r.code != 0 {
			return false
		}
		d = read(t, r)
		u, _ := d.upstream(x.cluster())
		for _, f := range d.findings(x.cluster(), "WARN", "UNKNOWN", "FAIL") {
			if !strings.HasPrefix(when, "after") || !f.ofThePast() {
				return false
			}
		}
		return u.Transport == "tls" && u.Evidence == "exercised"
	})
	if !ok {
		if r.out != "" {
			t.Fatalf("%s: not healthy after %s: exit code %d\n%s", when, took, r.code, read(t, r).bad(x.cluster()))
		}
		t.Fatalf("%s: not healthy after %s: %s", when, took, r)
	}
	t.Logf("%s: OK, exercised (%s)", when, took.Round(100*time.Millisecond))
}

// remove takes away everything of this site; nothing there is fine.
func (x *site) remove(t *testing.T) {
	t.Helper()
	x.plugin(t, "disable", x.name, "-n", x.namespace, "--yes")
	for _, namespace := range []string{x.namespace, x.elsewhere} {
		x.try(t, "delete", "destinationrules.networking.istio.io,serviceentries.networking.istio.io,secrets,configmaps", "-n", namespace, "-l", "e2e-site="+x.name)
	}
	x.labRun(t, "serve", x.lab, "stop", "redis", "--port", fmt.Sprint(x.port))
}
