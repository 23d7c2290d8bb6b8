package report

import "github.com/mesh-tls/kubectl-mesh-tls/pkg/check"

// Outcome is the word of an outcome as every output spells it.
type Outcome string

// Outcomes. Anything else, the empty one too, counts as Unknown.
const (
	OK        Outcome = "OK"
	Warn      Outcome = "WARN"
	Fail      Outcome = "FAIL"
	Unknown   Outcome = "UNKNOWN"
	NotJudged Outcome = "NOT_JUDGED"
)

// Exit codes of every command that judges.
const (
	exitOK      = 0
	exitFail    = 1
	exitUnknown = 2
)

// ExitCode maps an outcome to the exit code: 0 for OK and for Warn, 1 for Fail
// and for what FailOn adds to it, 2 for Unknown and for nothing judged.
func ExitCode(o Outcome, on FailOn) int {
	switch {
	case o == OK, o == Warn && !on.Warn:
		return exitOK
	case o == Fail, o == Warn, on.Unknown:
		return exitFail
	}
	return exitUnknown
}

func outcomeOf(o check.Outcome) Outcome { return Outcome(o.String()) }

// rank orders outcomes, worst first: Fail, Unknown, Warn, OK, not judged.
func rank(o Outcome) int {
	switch o {
	case Fail:
		return 0
	case Warn:
		return 2
	case OK:
		return 3
	case NotJudged:
		return 4
	}
	return 1
}

func worse(a, b Outcome) Outcome {
	if rank(b) < rank(a) {
		return b
	}
	return a
}

func (c *Counts) add(o Outcome) {
	c.Total++
	switch o {
	case OK:
		c.OK++
	case Warn:
		c.Warn++
	case Fail:
		c.Fail++
	case NotJudged:
		c.NotJudged++
	default:
		c.Unknown++
	}
}
