package report

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/status"
)

// TestStatusPlain: clients without a sidecar stand apart from the rows, and change no verdict and no exit code.
func TestStatusPlain(t *testing.T) {
	rows := shopRows()[:1]
	with := NewStatus(StatusInput{Rows: rows, Now: clock(), Plain: status.Plain{Pods: []facts.Target{shopTarget("cron-1")}, Refused: rows}})
	without := NewStatus(StatusInput{Rows: rows, Now: clock()})
	text := strings.Join(strings.Fields(statusText(t, with, FormatTable)), " ")
	for _, w := range []string{"1 client without sidecar: shop/cron-1", "no proxy tells", "MAY CONFLICT, refused by db.shop:3306"} {
		if !strings.Contains(text, w) {
			t.Errorf("the table does not say %q:\n%s", w, text)
		}
	}
	if with.ExitCode != without.ExitCode || with.Outcome != OK {
		t.Errorf("exit code %d and %s with, %d without", with.ExitCode, with.Outcome, without.ExitCode)
	}
	if strings.Contains(statusText(t, without, FormatTable), "without sidecar") {
		t.Error("nobody is without sidecar, and the table tells of one")
	}
	if json := statusText(t, with, FormatJSON); !strings.Contains(json, `"db.shop.svc.cluster.local:3306"`) || strings.Contains(json, "null,\n    \"letInBy\"") {
		t.Errorf("%s", json)
	}
}
