package status

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestControlPlane: a plaintext port of istiod that nobody calls is not judged. It is, where somebody calls it, where that was not
// seen, where somebody asks for TLS, and where the pod is not istiod's.
func TestControlPlane(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(in *Input)
		want check.Verdict
	}{
		"nobody calls":            {func(*Input) {}, check.VerdictNotJudged},
		"older labels":            {func(in *Input) { in.Seen[1].Pod.Target.Labels = map[string]string{"app": "db", "istio": "pilot"} }, check.VerdictNotJudged},
		"somebody calls":          {func(in *Input) { cluster(in).Endpoints[0].Hosts.Total = 1 }, check.VerdictPlaintext},
		"not counted":             {func(in *Input) { cluster(in).Endpoints[0].Hosts = nil }, check.VerdictPlaintext},
		"a rule asks":             {func(in *Input) { rule(in, "SIMPLE"); sends(in, plainSocket()) }, check.VerdictPlaintext},
		"no label of istiod":      {func(in *Input) { in.Seen[1].Pod.Target.Labels = map[string]string{"app": "db"} }, check.VerdictPlaintext},
		"another namespace":       {func(in *Input) { in.Config.RootNamespace = "elsewhere" }, check.VerdictPlaintext},
		"with a sidecar, refused": {func(in *Input) { in.Seen[1] = pod("db-1", "db", "10.0.0.9"); serverIs(in, facts.ModeStrict) }, check.VerdictConflict},
	} {
		in := shop()
		plainPod(&in)
		sends(&in, plainSocket())
		in.Config.RootNamespace = "shop"
		in.Seen[1].Pod.Target.Labels = map[string]string{"app": "db", "istio": "pilot"}
		if name == "no label of istiod" {
			in.Seen[1].Pod.Target.Labels = nil
		}
		cluster(&in).Endpoints[0].Match, cluster(&in).Endpoints[0].Hosts = nil, &facts.HostCounters{}
		c.do(&in)
		r := Of(in)[0]
		if r.Verdict != c.want {
			t.Errorf("%s: %s %q, want %s", name, r.Verdict, r.Why, c.want)
		}
		if c.want == check.VerdictNotJudged && (r.Outcome != check.NotJudged || len(r.Why) != 1 || !strings.Contains(r.Why[0], "port of istiod itself")) {
			t.Errorf("%s: %s %q", name, r.Outcome, r.Why)
		}
	}
}

// TestOwnTLSPort: on a port that is declared HTTPS a sidecar hands on what the application writes; no sidecar opens it at the other
// end. Where plaintext is asked of nobody that is not judged, and a sidecar at the other end still is.
func TestOwnTLSPort(t *testing.T) {
	for name, c := range map[string]struct {
		protocol string
		do       func(in *Input)
		want     check.Verdict
	}{
		"HTTPS, no sidecar": {"HTTPS", plainPod, check.VerdictNotJudged},
		"TLS, no sidecar":   {"TLS", plainPod, check.VerdictNotJudged},
		"HTTP, no sidecar":  {"HTTP", plainPod, check.VerdictPlaintext},
		"HTTPS, STRICT":     {"HTTPS", func(in *Input) { serverIs(in, facts.ModeStrict) }, check.VerdictConflict},
		"a rule asks": {"HTTPS", func(in *Input) {
			plainPod(in)
			rule(in, "SIMPLE")
		}, check.VerdictPlaintext},
	} {
		in := shop()
		sends(&in, plainSocket())
		in.Services[0].Ports[0].Protocol = c.protocol
		cluster(&in).Endpoints[0].Match = nil
		c.do(&in)
		if r := Of(in)[0]; r.Verdict != c.want {
			t.Errorf("%s: %s %q, want %s", name, r.Verdict, r.Why, c.want)
		}
	}
}
