package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

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
