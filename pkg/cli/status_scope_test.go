package cli

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
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
