package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestHeadlessTargetPort: where targetPort of a headless service is another port, applications call that one, past the
// cluster: mutual TLS on the service's own port is no OK, unless something is known to listen there.
func TestHeadlessTargetPort(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(in *Input)
		want Outcome
		says string
		fits Verdict
	}{
		"another port":           {func(*Input) {}, Unknown, "calls to port 3306, where targetPort has the application", VerdictMayConflict},
		"a number":               {func(in *Input) { in.Pairs[0].Service.Ports[0] = facts.Port{Number: 80, Target: 8080, Protocol: "TCP"} }, Unknown, "8080", VerdictMayConflict},
		"the same port":          {func(in *Input) { in.Pairs[0].Service.Ports[0].Target = 80 }, OK, "meets STRICT", VerdictOK},
		"the pod declares it":    {func(in *Input) { other(in).Pod.Ports["web"] = 80 }, OK, "meets STRICT", VerdictOK},
		"a Service leads there":  {func(in *Input) { other(in).Proxy.Inbound[1].Port = 80 }, OK, "meets STRICT", VerdictOK},
		"not headless":           {func(in *Input) { in.Pairs[0].Service.Exposure.Headless = false }, OK, "meets STRICT", VerdictOK},
		"plaintext is refused":   {func(in *Input) { plain(in); rule(in).Mode = "DISABLE" }, Fail, "the connection is reset", VerdictConflict},
		"the server is not read": {func(in *Input) { other(in).Proxy, other(in).Err = nil, "timed out" }, Unknown, "timed out", VerdictUnknown},
	} {
		in := healthy(t)
		pairUp(t, &in)
		up(&in).Type, up(&in).Port, up(&in).Cluster, up(&in).Endpoints = "ORIGINAL_DST", 80, "outbound|80||"+dbHost, nil
		in.Pairs[0].Service.Ports[0].Number, in.Pairs[0].Service.Ports[0].Protocol, in.Pairs[0].Service.Exposure.Headless = 80, "TCP", true
		rest := *door(&in) // the chains of every port without its own
		rest.Port = 0
		other(&in).Proxy.Inbound[0] = rest
		tt.do(&in)
		got := byID(Run(All(), in), "MT020")
		if len(got) != 1 || got[0].Outcome != tt.want || !strings.Contains(got[0].Summary, tt.says) {
			t.Errorf("%s: %+v, want %s %q", name, got, tt.want, tt.says)
		}
		if tt.want == Unknown && tt.fits == VerdictMayConflict && (got[0].Object != "Service shop/db" || !strings.HasPrefix(got[0].Fix, "kubectl edit service db -n shop ")) {
			t.Errorf("%s: object %q, fix %q", name, got[0].Object, got[0].Fix)
		}
		ends, _ := EndsOf(up(&in), in.Pairs[0])
		if v, why := in.Fits(Subjects(in)[0], ends[0]); v != tt.fits {
			t.Errorf("%s: %s %q, want %s", name, v, why, tt.fits)
		}
	}
}
