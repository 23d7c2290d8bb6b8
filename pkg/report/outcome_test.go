package report

import (
	"errors"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		o            Outcome
		code, strict int
	}{
		{OK, 0, 0}, {Warn, 0, 1}, {Fail, 1, 1}, {Unknown, 2, 2}, {NotJudged, 2, 2}, {"", 2, 2}, {"ok", 2, 2},
	} {
		if got := ExitCode(c.o, FailOn{}); got != c.code {
			t.Errorf("%q: %d, want %d", c.o, got, c.code)
		}
		if got := ExitCode(c.o, FailOn{Warn: true}); got != c.strict {
			t.Errorf("%q, warnings count: %d, want %d", c.o, got, c.strict)
		}
	}
}

// TestWords: the words of the checks and of the document are the same.
func TestWords(t *testing.T) {
	for o, want := range map[check.Outcome]Outcome{check.OK: OK, check.Warn: Warn, check.Fail: Fail, check.Unknown: Unknown, check.NotJudged: NotJudged} {
		if got := outcomeOf(o); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestReportOutcome: Fail before Unknown before Warn before OK, over all targets.
func TestReportOutcome(t *testing.T) {
	bad := TargetError(facts.Target{Pod: "x"}, errors.New("no sidecar"))
	of := func(o Outcome) TargetReport { return TargetReport{Outcome: o} }
	for _, c := range []struct {
		in   []TargetReport
		want Outcome
		code int
	}{
		{nil, Unknown, 2}, {[]TargetReport{of(OK)}, OK, 0}, {[]TargetReport{of(OK), of(Warn)}, Warn, 0}, {[]TargetReport{of(Warn), bad}, Unknown, 2},
		{[]TargetReport{bad, of(Fail)}, Fail, 1}, {[]TargetReport{of("")}, Unknown, 2}, {[]TargetReport{of(OK), of(NotJudged)}, OK, 0}, {[]TargetReport{of(NotJudged)}, NotJudged, 2},
	} {
		r := New(c.in, clock(), "v", FailOn{})
		if r.Outcome != c.want || r.ExitCode != c.code || r.Summary.Targets.Total != len(c.in) {
			t.Errorf("%v: %s %d", c.in, r.Outcome, r.ExitCode)
		}
	}
}
