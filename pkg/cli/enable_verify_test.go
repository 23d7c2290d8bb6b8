package cli

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// A verdict that could not be reached is asked for again, three times in all; one that was is final.
func TestReached(t *testing.T) {
	for name, c := range map[string]struct {
		verdicts    []int
		want, asked int
		interrupted bool
	}{
		"at once":         {verdicts: []int{codeOK}, want: codeOK, asked: 1},
		"late":            {verdicts: []int{codeUnknown, codeUnknown, codeOK}, want: codeOK, asked: 3},
		"never":           {verdicts: []int{codeUnknown, codeUnknown, codeUnknown, codeOK}, want: codeUnknown, asked: 3},
		"a failure":       {verdicts: []int{codeFail, codeOK}, want: codeFail, asked: 1},
		"a late failure":  {verdicts: []int{codeUnknown, codeFail, codeOK}, want: codeFail, asked: 2},
		"ended by Ctrl-C": {verdicts: []int{codeUnknown, codeOK}, want: codeUnknown, asked: 1, interrupted: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				asked := 0
				doc := reached(ctx, func() report.Report {
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
