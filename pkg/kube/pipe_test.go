package kube

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/remotecommand"
	kexec "k8s.io/client-go/util/exec"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// local runs a helper's command on this machine, as the kubelet would in a pod:
// ctx ends the session, not the process, which must end by itself.
func local(t *testing.T, command []string, ended chan<- struct{}) streamFunc {
	return func(ctx context.Context, o remotecommand.StreamOptions) error {
		cmd := exec.Command(command[0], command[1:]...)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		cmd.Stdout, cmd.Stderr = o.Stdout, o.Stderr
		if err := cmd.Start(); err != nil {
			return err
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() }) // only for a helper that fails the test
		go func() {
			_, _ = io.Copy(stdin, o.Stdin)
			_ = stdin.Close()
		}()
		done := make(chan error, 1)
		go func() {
			done <- cmd.Wait()
			close(ended)
		}()
		select {
		case err = <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			code := exit.ExitCode()
			if code < 0 {
				code = codeWatchdog // killed by a signal, as a container runtime tells it
			}
			return kexec.CodeExitError{Err: err, Code: code}
		}
		return err
	}
}

// helperWays are the ways that this machine can try: python3 is what sh finds first.
func helperWays(t *testing.T) map[string]way {
	t.Helper()
	for _, tool := range []string{"bash", "python3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("skipped: this machine has no %s", tool)
		}
	}
	return map[string]way{"bash": ways[0], "python3": ways[1]}
}

func echoServer(t *testing.T, serve func(net.Conn)) (host, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { serve(conn); _ = conn.Close() }()
		}
	}()
	host, port, _ = net.SplitHostPort(l.Addr().String())
	return host, port
}

// TestPipe proves that each helper carries bytes of every value both ways, and
// that its process ends when our side closes.
func TestPipe(t *testing.T) {
	host, port := echoServer(t, func(c net.Conn) { _, _ = io.Copy(c, c) })
	for name, w := range helperWays(t) {
		t.Run(name, func(t *testing.T) {
			ended := make(chan struct{})
			p := startPipe(t.Context(), local(t, w.command(host, port, 5*time.Second), ended))
			if err := p.waitOpen(t.Context(), 10*time.Second); err != nil {
				t.Fatal(err)
			}
			sent := make([]byte, 200_000)
			for i := range sent {
				sent[i] = byte(i * 7)
			}
			go func() { _, _ = p.Write(sent) }()
			got := make([]byte, len(sent))
			if _, err := io.ReadFull(p, got); err != nil || !bytes.Equal(sent, got) {
				t.Fatalf("the echo differs, or broke off: %v", err)
			}
			if err := p.Close(); err != nil {
				t.Error("close:", err)
			}
			within(t, ended, "the helper outlives Close")
		})
	}
}

// TestPipeWaits proves that a helper which was started without an address takes it from its input, and no byte more;
// and that it ends, without a word, when no address comes.
func TestPipeWaits(t *testing.T) {
	host, port := echoServer(t, func(c net.Conn) { _, _ = io.Copy(c, c) })
	way := helperWays(t)["bash"]
	ended := make(chan struct{})
	d := &Dialer{client: &Client{Timeout: 10 * time.Second}}
	d.replace(startPipe(t.Context(), local(t, way.command(waitHost, "", 5*time.Second), ended)))
	conn, err := d.Dial(t.Context(), net.JoinHostPort(host, port))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = conn.Write([]byte("a b\nc")) }()
	got := make([]byte, 5)
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "a b\nc" {
		t.Errorf("got %q and %v", got, err)
	}
	_ = conn.Close()
	within(t, ended, "the helper outlives Close")

	ended = make(chan struct{})
	p := startPipe(t.Context(), local(t, way.command(waitHost, "", 5*time.Second), ended))
	d.replace(p)
	if err := d.Close(); err != nil {
		t.Error("close:", err)
	}
	within(t, ended, "the helper waits although nobody wants it")
	if p.errOut.Len() > 0 || p.reached() {
		t.Errorf("it said %q", p.errOut.String())
	}
}

// TestPipeEnds proves that the helper ends when the peer closes, and that what
// the peer had sent before still arrives.
func TestPipeEnds(t *testing.T) {
	host, port := echoServer(t, func(c net.Conn) { _, _ = c.Write([]byte("bye")) })
	for name, w := range helperWays(t) {
		t.Run(name, func(t *testing.T) {
			ended := make(chan struct{})
			p := startPipe(t.Context(), local(t, w.command(host, port, 5*time.Second), ended))
			defer func() { _ = p.Close() }()
			if err := p.waitOpen(t.Context(), 10*time.Second); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(p); err != nil || string(got) != "bye" {
				t.Errorf("got %q and %v, want bye", got, err)
			}
			within(t, ended, "the helper outlives its peer")
		})
	}
}

// TestPipeRefused proves that a refused connection is told in the helper's words.
func TestPipeRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	for name, w := range helperWays(t) {
		t.Run(name, func(t *testing.T) {
			ended := make(chan struct{})
			p := startPipe(t.Context(), local(t, w.command(host, port, 5*time.Second), ended))
			defer func() { _ = p.Close() }()
			err := p.waitOpen(t.Context(), 10*time.Second)
			if err == nil || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), "line") || !p.reached() {
				t.Errorf("got %v", err)
			}
			within(t, ended, "the helper outlives its failure")
		})
	}
}

// TestPipeDeadline proves that the connection has deadlines, and that ctx ends it.
func TestPipeDeadline(t *testing.T) {
	host, port := echoServer(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	p := startPipe(ctx, local(t, helperWays(t)["bash"].command(host, port, 5*time.Second), ended))
	if err := p.waitOpen(ctx, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	_ = p.SetReadDeadline(time.Unix(1, 0))
	var timeout net.Error
	if _, err := p.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("a read past its deadline: %v", err)
	}
	_ = p.SetReadDeadline(time.Time{})
	cancel()
	if _, err := p.Read(make([]byte, 1)); err == nil {
		t.Error("a read after ctx has ended gave data")
	}
	_ = p.Close()
	within(t, ended, "the helper outlives ctx")
}

func within(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(15 * time.Second):
		t.Error(what)
	}
}

// TestDialRefuses proves that a host which is no name, and a cluster that does
// not allow exec, are refused with their own words.
func TestDialRefuses(t *testing.T) {
	c, api := newClient(t, map[string]any{})
	x := facts.Target{Namespace: "redis", Pod: "p", Container: "istio-proxy"}
	for _, address := range []string{"a", "a:b", "a:0", "a:99999", ":1", "-x:1", "a/../b:1", "$(x):1", "a b:1", "a,fork:1", "a\n:1", "[::1%eth0]:1"} {
		if _, err := c.Dial(t.Context(), x, address); err == nil || !strings.Contains(err.Error(), "address") {
			t.Errorf("%q: got %v, want a refusal of the address", address, err)
		}
	}
	if len(api.asked) > 0 {
		t.Errorf("a refused address reached the API server: %v", api.asked)
	}
	api.set("/api/v1/namespaces/redis/pods/p/exec", http.StatusForbidden)
	if _, err := c.Dialer(x).Dial(t.Context(), "a:1"); !errors.Is(err, ErrForbidden) || !strings.Contains(err.Error(), "connect from redis/p to a:1: not allowed") {
		t.Errorf("forbidden: got %v", err)
	}
	api.set("/api/v1/namespaces/redis/pods/p/exec", http.StatusServiceUnavailable)
	if _, err := c.Dialer(x).Dial(t.Context(), "a:1"); !errors.Is(err, ErrNotInPod) {
		t.Errorf("an API server that is busy: got %v, want ErrNotInPod: it says nothing of the server", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if _, err := c.Dialer(x).Dial(ctx, "a:1"); !errors.Is(err, ErrNotInPod) {
		t.Errorf("no time: got %v, want ErrNotInPod", err)
	}
}
