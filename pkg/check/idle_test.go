package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestIdle: plaintext to some endpoints of a cluster that no call takes is no failure where the subset that takes them all
// gets TLS alone, and only there.
func TestIdle(t *testing.T) {
	sibling := func(in *Input) *facts.Upstream { return &in.Proxy.Upstreams[1] }
	plainTo := []facts.Shared{{Cluster: "outbound|80||bare", Kind: facts.SocketPlaintext}}
	for name, tt := range map[string]struct {
		do   func(in *Input)
		want Outcome
	}{
		"all calls take a subset":       {func(*Input) {}, Warn},
		"of another port":               {func(in *Input) { sibling(in).Port++ }, Fail},
		"of another host":               {func(in *Input) { sibling(in).Host = "other.example" }, Fail},
		"by another host's route alone": {func(in *Input) { up(in).Instead = nil }, Fail},
		"that nothing leads to, either": {func(in *Input) { sibling(in).Protocol = facts.ProtocolUnknown }, Fail},
		"that gets plaintext, too":      {func(in *Input) { sibling(in).Endpoints = up(in).Endpoints }, Fail},
		"that gets plaintext":           {func(in *Input) { sibling(in).Endpoints = up(in).Endpoints[1:] }, Fail},
		"without an endpoint":           {func(in *Input) { sibling(in).Endpoints = nil }, Fail},
		"whose endpoints are not known": {func(in *Input) { sibling(in).EndpointsKnown = false }, Fail},
		"and some calls plaintext":      {func(in *Input) { sibling(in).Shared = plainTo }, Fail},
		"or plaintext of another host":  {func(in *Input) { up(in).Instead = plainTo }, Fail},
		"but some take it":              {func(in *Input) { up(in).Protocol = facts.ProtocolHTTP }, Fail},
		"where routes were not read":    {func(in *Input) { lacks(in, facts.FactRoutes) }, Fail},
		"at a gateway":                  {func(in *Input) { in.Proxy.Node.Kind = facts.NodeRouter }, Fail},
		"a subset itself":               {func(in *Input) { up(in).Subset = "v2" }, Fail},
	} {
		in := healthy(t)
		pairUp(t, &in)
		in.Config.Rules = nil
		u := up(&in)
		tls := u.Socket
		tls.Match = map[string]any{"tlsMode": "istio"}
		u.Matches, u.Socket, u.Protocol = []facts.Socket{tls}, facts.Socket{Kind: facts.SocketPlaintext}, facts.ProtocolUnknown
		u.Endpoints = []facts.Endpoint{{Address: "10.0.0.9:3306", Match: tls.Match}, {Address: "10.0.0.10:3306"}}
		v1 := *u
		v1.Cluster, v1.Subset, v1.Protocol, v1.Endpoints = "outbound|3306|v1|"+dbHost, "v1", facts.ProtocolHTTP, u.Endpoints[:1]
		u.Instead = []facts.Shared{{Cluster: v1.Cluster, Kind: facts.SocketTLS}}
		in.Proxy.Upstreams = append(in.Proxy.Upstreams, v1)
		bare := Peer{Pod: facts.Pod{Target: facts.Target{Namespace: "shop", Pod: "db-2", Labels: map[string]string{"app": "db"}}, IPs: []string{"10.0.0.10"}, Ports: map[string]int{"mysql": 3306}}}
		in.Pairs[0].Peers = append(in.Pairs[0].Peers, bare)
		tt.do(&in)
		fs := Run(All(), in)
		for _, id := range []string{"MT002", "MT020"} {
			worst, said := OK, ""
			for _, f := range byID(fs, id) {
				if f.Cluster == up(&in).Cluster && severity(f.Outcome) > severity(worst) {
					worst, said = f.Outcome, f.Summary
				}
			}
			if worst != tt.want || strings.Contains(said, "no call takes this cluster") != (tt.want == Warn) {
				t.Errorf("%s: %s is %s %q, want %s", name, id, worst, said, tt.want)
			}
		}
	}
}
