package status

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestPast: a cluster in order proves nothing for calls that do not take it. They go around the sidecar by an annotation,
// or a VirtualService leads them to another cluster.
func TestPast(t *testing.T) {
	const exclude = "traffic.sidecar.istio.io/excludeOutboundPorts"
	plainTo := func(in *Input) {
		cluster(in).Shared = []facts.Shared{{Cluster: "outbound|80||bare.shop.svc.cluster.local", Kind: facts.SocketPlaintext}}
	}
	unused := func(in *Input) { cluster(in).Protocol = facts.ProtocolUnknown }
	allPlain := func(in *Input) {
		unused(in)
		cluster(in).Instead = []facts.Shared{{Cluster: "outbound|80||bare.shop.svc.cluster.local", Kind: facts.SocketPlaintext}}
	}
	alsoTLS := func(in *Input) {
		allPlain(in)
		cluster(in).Instead = append(cluster(in).Instead, facts.Shared{Cluster: "outbound|80||new.shop.svc.cluster.local", Kind: facts.SocketTLS})
	}
	subset := func(in *Input) {
		unused(in)
		v1 := auto()
		v1.Cluster, v1.Subset, v1.Endpoints = "outbound|3306|v1|"+dbHost, "v1", nil
		if len(cluster(in).Instead) == 0 {
			cluster(in).Instead = []facts.Shared{{Cluster: v1.Cluster, Kind: facts.SocketTLS}}
		}
		in.Seen[0].Proxy.Upstreams = append(in.Seen[0].Proxy.Upstreams, v1)
	}
	around := func(in *Input) { in.Seen[0].Pod.Target.Annotations[exclude] = "3306" }
	uncaptured := func(in *Input) { in.Seen[0].Pod.Target.Annotations["sidecar.istio.io/interceptionMode"] = "NONE" }
	alsoPlain := func(in *Input) {
		uncaptured(in)
		bare := pod("db-2", "db", "10.0.0.10")
		bare.Pod.Target.Container, bare.Proxy, bare.Client = "", nil, false
		in.Seen = append(in.Seen, bare)
		cluster(in).Endpoints = append(cluster(in).Endpoints, facts.Endpoint{Address: "10.0.0.10:3306"})
	}
	const look = "kubectl mesh-tls verify pod/web-1 -n shop --to " + dbHost + ":3306"
	for name, tt := range map[string]struct {
		is       func(*Input)
		want     check.Verdict
		outcome  check.Outcome
		why, fix string
	}{
		"all in order":                    {func(*Input) {}, check.VerdictOK, check.OK, "plaintext of others", ""},
		"around the sidecar":              {around, check.VerdictPlaintext, check.Warn, "goes around its sidecar, as the application sends it: the client sends plaintext and the server lets it in", look},
		"around, to a STRICT server":      {func(in *Input) { around(in); serverIs(in, facts.ModeStrict) }, check.VerdictConflict, check.Fail, "goes around its sidecar", look},
		"around, against a rule":          {func(in *Input) { around(in); rule(in, "ISTIO_MUTUAL") }, check.VerdictPlaintext, check.Fail, "goes around its sidecar", look},
		"around, nobody there":            {func(in *Input) { around(in); cluster(in).Endpoints = nil }, check.VerdictNotJudged, check.NotJudged, "no ready pod", ""},
		"nothing captured":                {uncaptured, check.VerdictUnknown, check.Unknown, "captures nothing", look},
		"nothing captured, conflict":      {func(in *Input) { uncaptured(in); serverIs(in, facts.ModeDisable) }, check.VerdictConflict, check.Fail, "does not open it", look},
		"nothing captured, asked for":     {func(in *Input) { alsoPlain(in); rule(in, "ISTIO_MUTUAL") }, check.VerdictPartial, check.Fail, "the client sends plaintext", "kubectl edit destinationrule db -n shop"},
		"nothing captured, not asked":     {alsoPlain, check.VerdictUnknown, check.Unknown, "captures nothing", look},
		"some calls led to plaintext":     {plainTo, check.VerdictPartial, check.Warn, "leave the sidecar in plaintext", look},
		"no call led to it":               {unused, check.VerdictUnknown, check.Unknown, "go another way", look},
		"all calls led to plaintext":      {allPlain, check.VerdictPlaintext, check.Warn, "leave the sidecar in plaintext: they go another way, and nothing gets to this cluster", look},
		"the same, against a rule":        {func(in *Input) { allPlain(in); rule(in, "ISTIO_MUTUAL") }, check.VerdictPlaintext, check.Fail, "leave the sidecar in plaintext", look},
		"the same, and a subset is used":  {func(in *Input) { allPlain(in); subset(in) }, check.VerdictPlaintext, check.Warn, "leave the sidecar in plaintext", look},
		"all led away, some with TLS":     {alsoTLS, check.VerdictPartial, check.Warn, "leave the sidecar in plaintext", look},
		"some led, the rest answered":     {func(in *Input) { allPlain(in); cluster(in).Answered = true }, check.VerdictPartial, check.Warn, "leave the sidecar in plaintext", look},
		"all calls led to a subset":       {subset, check.VerdictNotJudged, check.NotJudged, "the routes lead to outbound|3306|v1|" + dbHost, ""},
		"a subset by another host's way":  {func(in *Input) { subset(in); cluster(in).Instead = nil }, check.VerdictUnknown, check.Unknown, "go another way", look},
		"as before, and it has plaintext": {func(in *Input) { subset(in); sends(in, plainSocket()) }, check.VerdictNotJudged, check.NotJudged, "the routes lead to outbound|3306|v1|" + dbHost, ""},
		"the routes were not read":        {func(in *Input) { in.Seen[0].Proxy.Missing[facts.FactRoutes] = "not in the dump" }, check.VerdictUnknown, check.Unknown, "not in the dump", look},
		"a gateway leads where it may":    {func(in *Input) { unused(in); in.Seen[0].Proxy.Node.Kind = facts.NodeRouter }, check.VerdictOK, check.OK, "plaintext of others", ""},
	} {
		in := shop()
		tt.is(&in)
		in.Seen[0].Proxy.Target = in.Seen[0].Pod.Target
		r := Of(in)[0]
		if r.Verdict != tt.want || r.Outcome != tt.outcome || !strings.Contains(strings.Join(r.Why, "\n"), tt.why) || r.Fix() != tt.fix {
			t.Errorf("%s: %s, %s, %q, fix %q, want %s, %s, %q, %q", name, r.Verdict, r.Outcome, r.Why, r.Fix(), tt.want, tt.outcome, tt.why, tt.fix)
		}
	}
}

// TestPastOutside: the same of a host outside the mesh, whose cluster is in order.
func TestPastOutside(t *testing.T) {
	in := abroad()
	in.Seen[0].Pod.Target.Annotations["traffic.sidecar.istio.io/includeOutboundIPRanges"] = ""
	in.Seen[0].Proxy.Target = in.Seen[0].Pod.Target
	r := Of(in)[0]
	if r.Verdict != check.VerdictPlaintext || r.Outcome != check.Fail || !strings.Contains(strings.Join(r.Why, "\n"), "captures no address") || r.Clients[0].Sends[0].What != check.SendsPlain {
		t.Errorf("%s, %s, %q, sends %v", r.Verdict, r.Outcome, r.Why, r.Clients[0].Sends)
	}
}
