package cli

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// A verdict that is not OK is asked for again, three times in all; the last one counts.
func TestFirstOK(t *testing.T) {
	for name, c := range map[string]struct {
		verdicts    []int
		want, asked int
		interrupted bool
	}{
		"at once":         {verdicts: []int{codeOK}, want: codeOK, asked: 1},
		"late":            {verdicts: []int{codeFail, codeUnknown, codeOK}, want: codeOK, asked: 3},
		"it gets worse":   {verdicts: []int{codeUnknown, codeFail, codeFail}, want: codeFail, asked: 3},
		"OK is too late":  {verdicts: []int{codeFail, codeFail, codeUnknown, codeOK}, want: codeUnknown, asked: 3},
		"ended by Ctrl-C": {verdicts: []int{codeFail, codeOK}, want: codeFail, asked: 1, interrupted: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				asked := 0
				doc := firstOK(ctx, func() report.Report {
					if c.interrupted {
						cancel()
					}
					asked++
					return report.Report{ExitCode: c.verdicts[asked-1]}
				})
				if doc.ExitCode != c.want || asked != c.asked {
					t.Errorf("exit code %d after %d questions, want %d after %d", doc.ExitCode, asked, c.want, c.asked)
				}
			})
		})
	}
}
