package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestElsewhere: calls that do not take the cluster, and those of which nobody can tell.
func TestElsewhere(t *testing.T) {
	idle := func(in *Input) { up(in).Protocol = facts.ProtocolUnknown }
	beside := func(change func(u *facts.Upstream)) func(*Input) {
		return func(in *Input) {
			other := *up(in)
			other.Cluster, other.Subset = "outbound|16222|v2|"+host, "v2"
			change(&other)
			in.Proxy.Upstreams = append(in.Proxy.Upstreams, other)
			idle(in)
			up(in).Instead = []facts.Shared{{Cluster: other.Cluster, Kind: facts.SocketTLS}}
		}
	}
	for name, c := range map[string]struct {
		is    func(*Input)
		want  Outcome
		words string
	}{
		"all take it": {func(*Input) {}, OK, ""},
		"another cluster gets some": {func(in *Input) {
			up(in).Shared = []facts.Shared{{Cluster: "outbound|1||x", Kind: facts.SocketPlaintext}}
		}, Fail, "are led to outbound|1||x"},
		"nothing leads there": {idle, Unknown, "no listener or route"},
		"a subset gets all":   {beside(func(*facts.Upstream) {}), NotJudged, "the routes lead to outbound|16222|v2|"},
		"a subset gets some, a header tells where the others go": {func(in *Input) {
			beside(func(*facts.Upstream) {})(in)
			up(in).Instead = []facts.Shared{{Cluster: "outbound|16222|v2|" + host, Kind: facts.SocketTLS}, {Cluster: "the cluster that header x names"}}
		}, Unknown, "led to the cluster that header x names: what is sent there is not known"},
		"a subset, by the port's listener": {func(in *Input) {
			beside(func(*facts.Upstream) {})(in)
			up(in).Instead, up(in).Listeners = nil, []facts.Outbound{{Listener: "l", Port: 16222, Clusters: []string{"outbound|16222|v2|" + host}}}
		}, NotJudged, "the routes lead to outbound|16222|v2|"},
		"a subset, by the route of another host alone": {func(in *Input) {
			beside(func(*facts.Upstream) {})(in)
			up(in).Instead = nil
		}, Unknown, "no listener or route"},
		"a subset of another port":         {beside(func(u *facts.Upstream) { u.Port = 443 }), Unknown, "no listener or route"},
		"a subset of another host":         {beside(func(u *facts.Upstream) { u.Host = "other.example" }), Unknown, "no listener or route"},
		"a subset, idle too":               {beside(func(u *facts.Upstream) { u.Protocol = facts.ProtocolUnknown }), Unknown, "no listener or route"},
		"listeners not in the dump":        {func(in *Input) { lacks(in, facts.FactListeners) }, Unknown, "whether calls take the cluster is not known: not in the dump"},
		"a gateway, which leads by itself": {func(in *Input) { idle(in); in.Proxy.Node.Kind = facts.NodeRouter }, OK, ""},
		"a proxy that is starting":         {func(in *Input) { idle(in); in.Proxy.Starting = true }, OK, ""},
		"a cluster that waits":             {func(in *Input) { up(in).State = facts.StateWarming }, OK, ""},
	} {
		in := healthy(t)
		c.is(&in)
		all := Subjects(in)
		s := all[slices.IndexFunc(all, func(s Subject) bool { return s.Subset == "" })]
		if f := in.Elsewhere(s); f.Outcome != c.want || !strings.Contains(f.Summary, c.words) {
			t.Errorf("%s: %s %q, want %s with %q", name, f.Outcome, f.Summary, c.want, c.words)
		}
	}
}
