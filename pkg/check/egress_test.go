package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// routed is the healthy input as egress by a VirtualService makes it: calls to 80
// are led to the cluster of 16222, which has TLS; the one of 80 stands beside it.
func routed(t *testing.T) Input {
	t.Helper()
	in := healthy(t)
	it := &in.Intents[0]
	it.Recipe, it.Form, it.TLSPort, it.Ports = intent.RecipeEgress, intent.FormVirtualService, 16222, []intent.Port{{Number: 80, Protocol: intent.ProtocolHTTP}}
	up(&in).Protocol, rule(&in).Port = facts.ProtocolMixed, 16222
	in.Proxy.Upstreams = append(in.Proxy.Upstreams, facts.Upstream{
		Cluster: "outbound|80||" + host, Direction: "outbound", Host: host, Port: 80, State: facts.StateActive, Socket: facts.Socket{Kind: facts.SocketPlaintext},
	})
	return in
}

// However the user names the host, the cluster that carries TLS is judged and the
// plain one beside it is not.
func TestEgressJudgesTheClusterWithTLS(t *testing.T) {
	for name, to := range map[string][]To{"nothing named": nil, "host": {{Host: host}}, "plain port": {{Host: host, Port: 80}}, "TLS port": {{Host: host, Port: 16222}}} {
		in := routed(t)
		in.To = to
		for _, s := range Subjects(in) {
			if s.Meant != (s.Port == 16222) || s.Meant && s.Intent == nil {
				t.Errorf("%s: port %d is meant to be TLS: %t", name, s.Port, s.Meant)
			}
		}
		if fs := Run(All(), in); Worst(fs) != OK {
			t.Errorf("%s: %+v", name, pick(fs, func(f Finding) bool { return f.Outcome != OK }))
		}
	}
}

// Without a route to the cluster with TLS its socket proves nothing for the calls.
func TestEgressWithoutRoute(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(in *Input)
		want Outcome
		word string
	}{
		"route gone":       {func(in *Input) { up(in).Protocol = facts.ProtocolTCP }, Fail, "leave the sidecar in plaintext"},
		"no user at all":   {func(in *Input) { up(in).Protocol = facts.ProtocolUnknown }, Fail, "leave the sidecar in plaintext"},
		"listeners unread": {func(in *Input) { up(in).Protocol = facts.ProtocolUnknown; lacks(in, facts.FactListeners) }, Unknown, "not known"},
	} {
		in := routed(t)
		c.do(&in)
		got := byID(Run(All(), in), "MT010")
		if len(got) != 1 || got[0].Outcome != c.want || !strings.Contains(got[0].Summary, c.word) {
			t.Errorf("%s: got %+v", name, got)
			continue
		}
		if want := "enable egress " + host + ":80 --tls-port 16222 --form virtualservice"; !strings.Contains(got[0].Fix, want) {
			t.Errorf("%s: fix %q, want %q", name, got[0].Fix, want)
		}
	}
}
