//go:build e2e

package probe_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/probe"
)

// TestLiveHandshake proves, from inside the network of a real pod and past its
// sidecar, a handshake with a TLS server outside the mesh, the class of a plain
// server, and that of a closed port.
func TestLiveHandshake(t *testing.T) {
	if os.Getenv("KUBECONFIG") == "" {
		t.Skip("skipped: KUBECONFIG is not set; start the lab")
	}
	c, err := kube.New(genericclioptions.NewConfigFlags(true))
	if err != nil {
		t.Fatal(err)
	}
	targets, err := c.Resolve(t.Context(), "redis", []string{"deploy/redis-client"}, "", false)
	if err != nil {
		t.Fatal(err)
	}
	shake := func(address, sni string) facts.Handshake {
		return probe.Handshake(t.Context(), c.Dialer(targets[0]), probe.Request{Address: address, SNI: sni, Now: now, Timeout: 5 * time.Second})
	}
	h := shake("redis.example.internal:16222", "redis.example.internal")
	if h.Failure != "" || len(h.Chain) == 0 || !strings.Contains(strings.Join(h.Chain[0].DNS, " "), "redis.example.internal") || h.Version == "" {
		t.Errorf("TLS Redis: got %q %q, %s, %d certificates", h.Failure, h.ErrorText, h.Version, len(h.Chain))
	}
	for address, want := range map[string]facts.Failure{
		"istiod.istio-system.svc:15014": facts.FailureNotTLS, // plain HTTP
		"127.0.0.1:9":                   facts.FailureConnect,
	} {
		if h := shake(address, "x"); h.Failure != want {
			t.Errorf("%s: got %q %q, want %q", address, h.Failure, h.ErrorText, want)
		}
	}
	if h := shake("istiod.istio-system.svc:15012", "istiod.istio-system.svc"); h.Failure != "" || !h.AsksCert {
		t.Errorf("istiod asks for a client certificate and completes the handshake without: got %q %q, asks %v", h.Failure, h.ErrorText, h.AsksCert)
	}
}
