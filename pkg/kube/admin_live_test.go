//go:build e2e

package kube

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// liveClient is a Client of the cluster in KUBECONFIG, in namespace redis.
func liveClient(t *testing.T) *Client {
	t.Helper()
	if os.Getenv("KUBECONFIG") == "" {
		t.Skip("skipped: KUBECONFIG is not set; start the lab, or name a cluster with Istio and the lab's namespace redis")
	}
	namespace := "redis"
	flags := genericclioptions.NewConfigFlags(true)
	flags.Namespace = &namespace
	c, err := New(flags)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func liveTarget(t *testing.T, c *Client) facts.Target {
	t.Helper()
	targets, err := c.Resolve(t.Context(), "redis", []string{"deploy/redis-client"}, "", false)
	if err != nil || len(targets) == 0 {
		t.Fatal("resolve deploy/redis-client:", err)
	}
	return targets[0]
}

// TestLiveResolve proves on a real API server that a deployment leads to its
// injected pod, and that the one without a sidecar is refused with the reason.
func TestLiveResolve(t *testing.T) {
	c := liveClient(t)
	x := liveTarget(t, c)
	if x.Container != "istio-proxy" || x.Labels["app"] != "redis-client" {
		t.Errorf("got %+v, want the istio-proxy of a pod with label app=redis-client", x)
	}
	_, err := c.Resolve(t.Context(), "redis", []string{"deploy/redis-plain"}, "", false)
	var without *NoSidecarError
	if !errors.As(err, &without) || !strings.Contains(err.Error(), "injection is off") {
		t.Errorf("redis-plain: got %v, want a *NoSidecarError with the reason", err)
	}
	if _, err := c.Resolve(t.Context(), "redis", []string{"redis-client"}, "", false); err == nil || !strings.Contains(err.Error(), "did you mean deploy/redis-client?") {
		t.Errorf("a deployment's name as a pod's: got %v", err)
	}
}

// TestLiveAdmin proves that a real Envoy answers through the streams of one
// port-forward, and that an unknown path and a closed port are told as such.
func TestLiveAdmin(t *testing.T) {
	c := liveClient(t)
	x := liveTarget(t, c)
	a, err := c.Admin(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	for path, want := range map[string]string{
		"server_info":                 `"state": "LIVE"`,
		"config_dump?include_eds":     "BootstrapConfigDump",
		"clusters?format=json":        "cluster_statuses",
		"config_dump?name_regex=none": "{}",
	} {
		if got, err := fetch(t.Context(), a, path); err != nil || !strings.Contains(got, want) {
			t.Errorf("%s: %d bytes and %v, want %s in it", path, len(got), err, want)
		}
	}
	if _, err := fetch(t.Context(), a, "no-such-path"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("an unknown path: got %v", err)
	}
	if a.dials != 1 {
		t.Errorf("%d connections to the proxy, want 1", a.dials)
	}
	c.AdminPort = 15999
	closed, err := c.Admin(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closed.Close() }()
	if _, err := fetch(t.Context(), closed, "server_info"); err == nil || !strings.Contains(err.Error(), "nothing listens there") {
		t.Errorf("a closed admin port: got %v", err)
	}
}

// TestLiveIstio proves what is asked of a real API server about Istio.
func TestLiveIstio(t *testing.T) {
	c := liveClient(t)
	if v, err := c.NetworkingVersion(t.Context()); err != nil || v != "v1" {
		t.Errorf("networking version %q and %v, want v1", v, err)
	}
	// The lab's istiod is a development build that names no version; then the
	// reason must say so.
	if v, why := c.IstioVersion(t.Context()); v == "" && !strings.Contains(why, "development build") {
		t.Errorf("istio version unknown: %s", why)
	}
	if _, missing, err := c.Objects(t.Context(), Query{}); err != nil || len(missing) > 0 {
		t.Errorf("objects: missing %v, error %v", missing, err)
	}
}

// TestLiveDial proves that a byte pipe leads from the pod's network to a server
// outside, past the sidecar; that what it cannot reach is told in time; and that
// nothing of it stays in the pod.
func TestLiveDial(t *testing.T) {
	c := liveClient(t)
	x := liveTarget(t, c)
	c.Timeout = 3 * time.Second
	conn, err := c.Dial(t.Context(), x, "istiod.istio-system.svc:15014")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("GET /version HTTP/1.0\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 15)
	if n, err := conn.Read(buf); err != nil || !strings.HasPrefix(string(buf[:n]), "HTTP/1.") {
		t.Errorf("got %q and %v, want an HTTP answer", buf[:n], err)
	}
	if err := conn.Close(); err != nil {
		t.Error("close:", err)
	}
	for address, want := range map[string]string{
		"127.0.0.1:9":                 "refused",
		"192.0.2.1:9":                 "no answer in time", // TEST-NET-1 leads nowhere
		"no-such-name.example.test:9": "name resolution",
	} {
		if _, err := c.Dial(t.Context(), x, address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", address, err, want)
		}
	}
	idle, err := c.Dial(t.Context(), x, "istiod.istio-system.svc:15014")
	if err != nil {
		t.Fatal(err)
	}
	if n := helpers(t, c, x); n == 0 {
		t.Error("an open connection has no helper in the pod: the count below proves nothing")
	}
	_ = idle.Close()
	for range 30 {
		if helpers(t, c, x) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("helpers are left in the pod")
}

// helpers counts the processes of Dial in the pod, by the mark in their arguments.
func helpers(t *testing.T, c *Client, x facts.Target) int {
	t.Helper()
	const count = `n=0; for f in /proc/[0-9]*/cmdline; do case $(tr '\0' ' ' <"$f" 2>/dev/null) in *mesh-tls-op[e]n*) n=$((n+1));; esac; done
printf 'mesh-tls-%s\n' open; printf "<$n>"`
	run, err := c.executor(x, []string{"bash", "-c", count})
	if err != nil {
		t.Fatal(err)
	}
	p := startPipe(t.Context(), run)
	defer func() { _ = p.Close() }()
	if err := p.waitOpen(t.Context(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 0, 16)
	for buf := make([]byte, 16); !strings.Contains(string(text), ">"); {
		n, err := p.Read(buf)
		text = append(text, buf[:n]...)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	}
	return int(text[1] - '0')
}
