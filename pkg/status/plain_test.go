package status

import (
	"fmt"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestPlain: what becomes of plaintext is told by the servers, and only where a client without a sidecar is looked at.
func TestPlain(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(in *Input)
		want string // pods, refused, let in, unknown
	}{
		{"all have sidecars", func(in *Input) { in.Seen[0].Pod.Target.Container = "istio-proxy" }, "0 0 0 0"},
		{"PERMISSIVE", func(*Input) {}, "1 0 1 0"},
		{"STRICT", func(in *Input) { serverIs(in, facts.ModeStrict) }, "1 1 0 0"},
		{"server not read", func(in *Input) { in.Seen[1].Proxy, in.Seen[1].Err = nil, "timed out" }, "1 0 0 1"},
		{"not a client", func(in *Input) { in.Seen[0].Bare = false }, "0 0 0 0"},
		{"ambient", func(in *Input) { in.Seen[0].Pod.Ambient = true }, "0 0 0 0"},
		{"a gateway", func(in *Input) { in.Seen[1].Pod.Target.Gateway = true }, "1 0 0 0"},
	} {
		in := shop()
		in.Seen[0].Pod.Target.Container, in.Seen[0].Proxy, in.Seen[0].Client, in.Seen[0].Bare = "", nil, false, true
		c.do(&in)
		p := PlainOf(in, Of(in))
		if got := fmt.Sprint(len(p.Pods), len(p.Refused), len(p.LetIn), len(p.Unknown)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
