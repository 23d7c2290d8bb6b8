package cli

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// TestNoService: a status without a row says why; what may not be read is not said to be absent.
func TestNoService(t *testing.T) {
	run := func(missing map[facts.Fact]string) *statusRun {
		return &statusRun{namespaces: []string{"shop"}, statusSource: statusSource{namespace: "shop"}, mesh: &mesh{config: &facts.Config{Missing: missing}}}
	}
	hidden := run(map[facts.Fact]string{factServices: "not allowed to list services"})
	absent := run(nil)
	absent.absent = func(_ context.Context, ns string) error { return errors.New(ns + " does not exist") }
	for _, c := range []struct {
		s             *statusRun
		whole, target string
	}{
		{run(nil), "namespace shop has neither a Service nor a ServiceEntry", "shop/db was not found; those that are there: kubectl get services -n shop"},
		{hidden, "not allowed to list services; ask for that right", "shop/db was not found: not allowed to list services"},
		{run(map[facts.Fact]string{facts.FactRules: "not allowed to list serviceentries"}), "not allowed to list serviceentries", "not allowed to list serviceentries"},
		{absent, "shop does not exist", "shop does not exist"},
	} {
		if err := c.s.choose(t.Context(), false); err == nil || !strings.Contains(err.Error(), c.whole) {
			t.Errorf("%v, want %q", err, c.whole)
		}
		if _, err := c.s.behind(t.Context(), "svc/db"); err == nil || !strings.Contains(err.Error(), c.target) {
			t.Errorf("%v, want %q", err, c.target)
		}
	}
}

// TestHostAbroad: a host that another namespace declares is shown as this one's clients have it; of a service there the command
// is told.
func TestHostAbroad(t *testing.T) {
	entry := facts.Service{Object: facts.Ref{Kind: "ServiceEntry", Namespace: "gate", Name: "site"}, Hosts: []string{"www.example.com"}, External: true}
	db := facts.Service{Object: facts.Ref{Kind: "Service", Namespace: "gate", Name: "db"}, Hosts: []string{"db.gate.svc.cluster.local"}}
	s := &statusRun{namespaces: []string{"shop"}, mesh: &mesh{config: &facts.Config{Services: []facts.Service{entry, db}}}}
	s.statusSource = statusSource{namespace: "shop", resolve: func(context.Context, []string, []facts.Service) ([]facts.Target, error) {
		return nil, errors.New("get pod shop/other.example.com: not found")
	}}
	if got, err := s.behind(t.Context(), "www.example.com"); err != nil || len(got) != 1 || got[0].Object != entry.Object {
		t.Errorf("%+v, %v", got, err)
	}
	for target, want := range map[string]string{
		"db.gate.svc.cluster.local": "is Service gate/db of another namespace: kubectl mesh-tls status db.gate.svc.cluster.local -n gate --from-namespace shop",
		"other.example.com":         "no Service and no ServiceEntry that was seen has this host, and no pod this name: get pod",
	} {
		if got, err := s.behind(t.Context(), target); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v; want %q", target, got, err, want)
		}
	}
}

// TestScopeOfWays: the row of a host whose calls are led to a gateway is judged by the gateway's clusters too, and the
// gateway's row by those of the host, which calls may take past it; a status of one of them reads both.
func TestScopeOfWays(t *testing.T) {
	site, gate := facts.Service{Hosts: []string{"www.example.com"}}, facts.Service{Hosts: []string{"gw.egress.svc.cluster.local"}}
	it := intent.Intent{Recipe: intent.RecipeEgress, Name: "site", Namespace: "egress", Host: "www.example.com", SNI: "www.example.com", TLSPort: 443, Form: intent.FormVirtualService, ExportTo: []string{"shop"},
		Ports: []intent.Port{{Number: 80, Protocol: intent.ProtocolHTTP}}, Through: intent.Through{Service: gate.Hosts[0], Port: 443, Workload: map[string]string{"istio": "egress"}}}
	for _, c := range []struct {
		of   facts.Service
		want string
	}{{site, "gw.egress.svc.cluster.local www.example.com"}, {gate, "gw.egress.svc.cluster.local www.example.com"}, {facts.Service{Hosts: []string{"db.shop"}}, "db.shop"}} {
		s := &statusRun{mesh: &mesh{intents: it.Hops()}, services: []facts.Service{c.of}}
		if got := strings.Join(s.scope().Hosts, " "); got != c.want {
			t.Errorf("%v: %s, want %s", c.of.Hosts, got, c.want)
		}
	}
}
