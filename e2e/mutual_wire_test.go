//go:build e2e

package e2e

import (
	"net/netip"
	"strings"
	"testing"
)

// listen captures what leaves the client's pod.
func (b *bank) listen(t *testing.T) *wire {
	t.Helper()
	return b.capture(t, b.lab, b.address(t, b.namespace, "client"))
}

// sealed proves what only packets can, of everything that went to the other mesh's gateway since the capture began:
// without enable no TLS; with it TLS and nothing else, the path of the call unreadable. A capture that begins before the
// first call sees connections begin.
func (b *bank) sealed(t *testing.T, w *wire, enabled bool) {
	t.Helper()
	text := b.on(t, peerLab).kube(t, "get", "service", "istio-ingressgateway", "-n", gatewayNS, "-o", "jsonpath={.spec.externalIPs[0]}")
	gateway, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil {
		t.Fatalf("the address of the gateway is %q: %v", text, err)
	}
	packets, dropped, err := w.stop()
	if err != nil || dropped > 0 {
		t.Fatalf("the capture proves nothing: %d packets dropped, %v", dropped, err)
	}
	s := between(packets, b.address(t, b.namespace, "client"), gateway, "/hello", 80, 443)
	t.Logf("on the wire between the meshes, enabled %t: %s", enabled, s)
	if enabled && !s.onlyTLS() || !enabled && s.tls > 0 {
		t.Errorf("enabled %t: %s; want TLS alone where it is enabled, and none before", enabled, s)
	}
}
