package check

import (
	"slices"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestByMembers: a cluster that chooses among others is as good as the worst of these, and as proven as the least.
func TestByMembers(t *testing.T) {
	const ours = "outbound|16222||" + host
	for name, c := range map[string]struct {
		odd   func(in *Input, second *facts.Upstream)
		want  Outcome
		text  string
		proof facts.Evidence
	}{
		"all TLS":              {func(*Input, *facts.Upstream) {}, OK, "each of them has TLS: a, b", facts.EvidenceExercised},
		"one made no call":     {func(_ *Input, u *facts.Upstream) { u.Endpoints = []facts.Endpoint{{Address: "10.244.0.2:1"}} }, OK, "each of them has TLS", facts.EvidenceReady},
		"one in plaintext":     {func(_ *Input, u *facts.Upstream) { u.Socket = facts.Socket{Kind: facts.SocketPlaintext} }, Fail, "of which b counts, too: MT002 traffic leaves the sidecar in plaintext", facts.EvidenceNone},
		"one is not validated": {func(_ *Input, u *facts.Upstream) { u.Socket.Validation = facts.Validation{} }, Fail, "of which b counts, too: MT003", facts.EvidenceExercised},
		"one waits for its CA": {func(_ *Input, u *facts.Upstream) { u.Socket.Validation.CA.Name = "never came" }, Unknown, "of which b counts, too: MT004", facts.EvidenceConfigured},
		"one is odd":           {func(_ *Input, u *facts.Upstream) { u.Socket = facts.Socket{Kind: facts.SocketOther, TypeURL: "x"} }, Unknown, "of which b counts, too: MT002", facts.EvidenceNone},
		"one was not seen":     {func(_ *Input, u *facts.Upstream) { u.Cluster = "c" }, Unknown, "one was not seen", facts.EvidenceNone},
		"one only waits":       {func(_ *Input, u *facts.Upstream) { u.State = facts.StateWarming }, Unknown, "one was not seen", facts.EvidenceNone},
		"a newer one waits": {func(in *Input, u *facts.Upstream) {
			newer := *u
			newer.State = facts.StateWarming
			in.Proxy.Upstreams = append(in.Proxy.Upstreams, newer)
		}, Fail, "of which b counts, too: MT005", facts.EvidenceConfigured},
		"one of too many": {func(in *Input, _ *facts.Upstream) {
			in.Proxy.Upstreams[2].Members = append([]string{"a"}, slices.Repeat([]string{"b"}, maxMembers)...)
		}, Unknown, "one was not seen", facts.EvidenceNone},
		"too many choose": {func(in *Input, u *facts.Upstream) {
			other := *u
			other.Cluster, other.Members = "c", []string{"a"}
			in.Proxy.Upstreams = append(in.Proxy.Upstreams, slices.Repeat([]facts.Upstream{other}, maxChoosing)...)
		}, Unknown, "one was not seen", facts.EvidenceNone},
		"one chooses, too": {func(_ *Input, u *facts.Upstream) { u.Members = []string{ours} }, Unknown, "one was not seen", facts.EvidenceNone},
		"odd, and plaintext": {func(in *Input, u *facts.Upstream) {
			u.Socket = facts.Socket{Kind: facts.SocketOther}
			in.Proxy.Upstreams[0].Socket = facts.Socket{Kind: facts.SocketPlaintext}
		}, Fail, "of which a counts, too: MT002", facts.EvidenceNone},
	} {
		in := healthy(t)
		agg, first, second := *up(&in), *up(&in), *up(&in)
		noProbe(&in)
		agg.Members, agg.Type, agg.Socket, agg.Endpoints, agg.EndpointsKnown = []string{"a", "b"}, "agg", facts.Socket{Kind: facts.SocketOther}, nil, false
		first.Cluster, second.Cluster = "a", "b"
		first.Host, second.Host, first.Rule, second.Rule = "a.example", "b.example", facts.Ref{}, facts.Ref{}
		in.Proxy.Upstreams = []facts.Upstream{first, second, agg}
		c.odd(&in, &in.Proxy.Upstreams[1])
		f := pick(byID(Run(All(), in), "MT002"), func(f Finding) bool { return f.Cluster == ours })
		if len(f) != 1 || f[0].Outcome != c.want || !holds(f[0].Summary, c.text) {
			t.Errorf("%s: %+v, want %s with %q", name, f, c.want, c.text)
		}
		for _, s := range Subjects(in) {
			if got := EvidenceOf(in, s); s.Cluster == ours && got != c.proof {
				t.Errorf("%s: proven is %s, want %s", name, got, c.proof)
			}
		}
		in.Proxy.Upstreams[2].State = facts.StateWarming // it does not serve yet, and has no active version
		if f := pick(byID(Run(All(), in), "MT002"), func(f Finding) bool { return f.Cluster == ours }); len(f) != 1 || f[0].Outcome != c.want {
			t.Errorf("%s, warming: %+v, want %s", name, f, c.want)
		}
		in.Proxy.Upstreams[2].State, in.Proxy.Upstreams[2].Protocol = up(&in).State, facts.ProtocolUnknown
		if f := pick(byID(Run(All(), in), "MT017"), func(f Finding) bool { return f.Cluster == ours }); len(f) != 1 || f[0].Outcome != Fail {
			t.Errorf("%s: nothing leads there: %+v", name, f)
		}
	}
}
