package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestHostsToRead: the clusters of rules are read, and those that cover a rule's host by a wildcard; of other hosts none.
func TestHostsToRead(t *testing.T) {
	m := mesh{config: &facts.Config{
		Rules:    []facts.Rule{{Host: "x.ext.internal", HasTLS: true, Mode: "SIMPLE"}, {Host: "db", Object: facts.Ref{Namespace: "shop"}, HasTLS: true, Mode: "ISTIO_MUTUAL"}, {Host: "quiet.example"}},
		Services: []facts.Service{{Hosts: []string{"*.ext.internal", "*.example"}}, {Hosts: []string{"other.ext.internal"}}},
	}}
	want := []string{"*.ext.internal", "db.shop.svc.cluster.local", "x.ext.internal"}
	if diff := cmp.Diff(want, m.hosts(facts.Target{})); diff != "" {
		t.Error(diff)
	}
}

// TestScopeOf: what is read of a proxy is what is judged; a rule for everything has clusters of every name.
func TestScopeOf(t *testing.T) {
	rules := func(hosts ...string) *mesh {
		m := &mesh{config: &facts.Config{}}
		for _, h := range hosts {
			m.config.Rules = append(m.config.Rules, facts.Rule{Host: h, HasTLS: true, Mode: "SIMPLE"})
		}
		return m
	}
	for name, c := range map[string]struct {
		mesh *mesh
		o    verifyOptions
		want envoy.Scope
	}{
		"a rule":                {rules("a.example"), verifyOptions{}, envoy.Scope{Hosts: []string{"a.example"}, Inbound: true}},
		"one for everything":    {rules("a.example", "*"), verifyOptions{}, envoy.Scope{All: true}},
		"what the user named":   {rules("*"), verifyOptions{to: []check.To{{Host: "b.example"}}}, envoy.Scope{Hosts: []string{"b.example"}}},
		"the hosts of a change": {rules("*"), verifyOptions{hosts: []string{"b.example"}}, envoy.Scope{Hosts: []string{"b.example"}, Inbound: true}},
	} {
		got, err := scopeOf(func() (*mesh, error) { return c.mesh, nil }, facts.Target{}, c.o)
		if diff := cmp.Diff(c.want.Hosts, got.Hosts); err != nil || diff != "" || got.All != c.want.All || got.Inbound != c.want.Inbound {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
	}
}
