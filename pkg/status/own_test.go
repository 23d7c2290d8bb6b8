package status

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestOwnTLS: a server whose Sidecar opens TLS of its own under a policy with DISABLE. Plaintext does not get in, and the
// policy is not said to be missing at the sidecar.
func TestOwnTLS(t *testing.T) {
	for _, c := range []struct {
		client, protocol string
		want             check.Verdict
		why              string
	}{
		{"off", "HTTP", check.VerdictConflict, "takes TLS only: the connection is reset"},
		{"off", "TCP", check.VerdictMayConflict, "fine only if the client's application speaks it"},
		{"SIMPLE", "TCP", check.VerdictMayConflict, "fine only if the client takes the server's own certificate"},
		{"ISTIO_MUTUAL", "TCP", check.VerdictMayConflict, "fine only if each end takes the other's"},
	} {
		in := met("DISABLE", c.client, c.protocol)
		policy(&in, facts.ModeDisable)
		own := facts.Socket{Kind: facts.SocketTLS, Cert: facts.Source{Kind: facts.SourceSDS, Name: "file-cert:/s~/k"}}
		in.Seen[1].Proxy.Inbound[1].Chains = []facts.Chain{{TransportProtocol: "tls", Socket: own}}
		in.Seen = append(in.Seen, Seen{Peer: check.Peer{Pod: facts.Pod{Target: facts.Target{Namespace: "shop", Pod: "cron"}}}, Bare: true})
		rows := Of(in)
		why := strings.Join(rows[0].Why, "\n")
		if rows[0].Verdict != c.want || !strings.Contains(why, c.why) || strings.Contains(why, "the policies say") {
			t.Errorf("%s, port %s: %s %q, want %s %q", c.client, c.protocol, rows[0].Verdict, why, c.want, c.why)
		}
		if p := PlainOf(in, rows); len(p.Refused) != 1 {
			t.Errorf("port %s: a client without sidecar that sends plaintext is refused: %+v", c.protocol, p)
		}
	}
}
