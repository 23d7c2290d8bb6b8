package status

import (
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestRefused: modes that fit are not OK where one end surely refuses the other's certificate, whatever the counters of
// earlier connections say; a certificate that was not seen proves nothing.
func TestRefused(t *testing.T) {
	valid := facts.Certificate{Subject: "O=cluster.local", NotBefore: clock().Add(-time.Hour), NotAfter: clock().Add(time.Hour)}
	ended := facts.Certificate{Subject: "O=cluster.local", NotBefore: clock().Add(-2 * time.Hour), NotAfter: clock().Add(-time.Hour)}
	for name, c := range map[string]struct {
		server, client []facts.Certificate
		want           check.Verdict
		why            string
	}{
		"the server's has ended": {[]facts.Certificate{ended}, []facts.Certificate{valid}, check.VerdictConflict, "the client refuses: the server's certificate is expired"},
		"not seen":               {nil, []facts.Certificate{valid}, check.VerdictOK, ""},
	} {
		in := shop()
		in.Seen[0].Proxy.Secrets[0].Chain, in.Seen[1].Proxy.Secrets[0].Chain = c.client, c.server
		r := Of(in)[0]
		if r.Verdict != c.want || !strings.Contains(strings.Join(r.Why, "\n"), c.why) {
			t.Errorf("%s: %s, %q, want %s, %q", name, r.Verdict, r.Why, c.want, c.why)
		}
	}
}
