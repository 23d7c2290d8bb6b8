//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// impostor is a pod whose "sidecar" is not Envoy: a container of the right name that does something else on the
// admin port.
type impostor struct {
	name, command string
	words         []string
}

// answering is a Python server on the admin port; body is what it does with a connection.
func answering(body string) string {
	return fmt.Sprintf(`exec python3 -c '
import socket, time, threading
def ask(c): # the whole request, and no more
    text = b""
    while b"\r\n\r\n" not in text: text += c.recv(9000) or b"\r\n\r\n"
def say(c, answer): # nothing is left unread when it closes: the kernel would send a reset that overtakes the answer
    ask(c); c.sendall(answer); c.shutdown(socket.SHUT_WR)
    while c.recv(9000): pass
    c.close()
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("0.0.0.0", 15000)); s.listen(50)
def one(c):
%s
while True:
    threading.Thread(target=one, args=(s.accept()[0],), daemon=True).start()
'`, body)
}

// TestNoAnswer proves that a proxy that cannot be asked gives exit code 2 with the reason, within bounded time, and
// never an OK: a pod without a sidecar, and admin ports that hang, are shut, dribble, or belong to something else.
func TestNoAnswer(t *testing.T) {
	s := newSuite(t)
	namespace := s.namespace(t, "unreachable", false)
	cases := []impostor{{name: "no-sidecar", words: []string{"no istio-proxy container", "sidecar"}}}
	if s.lab != "" {
		cases = append(cases, []impostor{
			{"hangs", answering("    time.sleep(3600)"), []string{"15000", "gave up after 10s"}},
			{"shut", "exec sleep infinity", []string{"15000", "refused"}},
			{"dribbles", answering(`    ask(c); c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{")
    for i in range(3600): time.sleep(1); c.sendall(b" ")`), []string{"gave up after 10s"}},
			{"closes", answering("    c.recv(9000); c.close()"), []string{"15000", "EOF"}},
			{"html", answering(`    say(c, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 26\r\n\r\n<html>not an admin</html>\n")`), []string{"web page"}},
			{"forbidden", answering(`    say(c, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")`), []string{"403"}},
			{"redis", answering(`    say(c, b"-ERR unknown command GET\r\n")`), []string{"15000"}},
			{"endless", answering(`    ask(c); c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"configs\":[")
    while True: c.sendall(b"{}," * 20000)`), []string{"than one proxy can have"}},
		}...)
	}
	for _, c := range cases {
		w := workload{namespace: namespace, name: c.name, plain: true, command: c.command}
		if c.command != "" {
			w.container = "istio-proxy"
		}
		s.apply(t, w.yaml(s.image))
	}
	if s.lab == "" {
		t.Run("impostors", func(t *testing.T) {
			t.Skip("needs the lab: the impostors are Python programs, and the image must have it")
		})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s.kube(t, "rollout", "status", "deploy/"+c.name, "-n", namespace, fmt.Sprintf("--timeout=%s", podTime))
			c.check(t, s, namespace)
		})
	}
}

func (c impostor) check(t *testing.T, s *suite, namespace string) {
	t.Logf("proves: %s -> exit code 2, naming %q", c.name, c.words)
	const limit = 10 * time.Second
	for _, format := range []string{"table", "json"} {
		var r result
		until(proxyTime, func() bool { // the container runs before its program listens
			r = s.plugin(t, "verify", "deploy/"+c.name, "-n", namespace, "--to", "redis.example.internal:16222", "--timeout", limit.String(), "-o", format)
			return c.named(r)
		})
		if r.code != 2 {
			t.Errorf("-o %s: exit code %d, want 2", format, r.code)
		}
		if r.took > limit+10*time.Second {
			t.Errorf("-o %s: took %s with --timeout %s", format, r.took, limit)
		}
		if !c.named(r) {
			t.Errorf("-o %s: does not say %q", format, c.words)
		}
		if strings.Contains(r.out, `"outcome": "OK"`) || strings.Contains(r.out, "✓") {
			t.Errorf("-o %s: something is OK in it", format)
		}
		t.Logf("-o %s, %s:\n%s%s", format, r.took.Round(100*time.Millisecond), tail(r.out, 12), r.err)
	}
}

// named tells whether the answer says what is wrong.
func (c impostor) named(r result) bool {
	return !slices.ContainsFunc(c.words, func(w string) bool { return !strings.Contains(r.out+r.err, w) })
}

// tail keeps the first lines of a long text.
func tail(text string, lines int) string {
	all := strings.SplitAfterN(text, "\n", lines+1)
	if len(all) > lines {
		return strings.Join(all[:lines], "") + "...\n"
	}
	return text
}
