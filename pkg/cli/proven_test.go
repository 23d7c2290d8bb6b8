package cli

import (
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// TestProvenText: the least that is proven counts, of those that were judged.
func TestProvenText(t *testing.T) {
	doc := report.Report{Outcome: report.OK, Targets: []report.TargetReport{{Upstreams: []report.Upstream{
		{Evidence: "exercised", Outcome: report.OK}, {Evidence: "ready", Outcome: report.OK}, {Evidence: "none", Outcome: report.NotJudged}}}}}
	if got := provenText(doc); got != "OK, ready" {
		t.Errorf("%q", got)
	}
	doc.Targets[0].Upstreams = doc.Targets[0].Upstreams[2:]
	if got := provenText(doc); got != "OK" {
		t.Errorf("nothing judged: %q", got)
	}
}
