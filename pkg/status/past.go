package status

import (
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// calls judges the client's calls, of which not all need take the cluster that meet judges: some go around the sidecar,
// or are led elsewhere by it.
func (t *table) calls(c client, sub check.Subject, s facts.Service, port facts.Port) Client {
	around := c.input.Around(sub)
	if around.Outcome == check.Fail {
		sub = uncovered(sub)
	}
	out := t.meet(c, sub, s, port)
	if refused := check.RefusedPolicy(sub); refused != "" && out.Verdict == check.VerdictPlaintext {
		out.Why = refused + ": " + out.Why
	}
	elsewhere := c.input.Elsewhere(sub)
	switch {
	case out.Verdict == check.VerdictNotJudged:
	case around.Outcome == check.Fail:
		out.Past, out.Why = true, around.Summary+": "+out.Why
	case around.Outcome == check.Unknown && outcomeOf(out.Verdict, out.Wanted) == check.Fail: // of calls that do come it is sure
	case around.Outcome == check.Unknown:
		out.Past, out.Verdict, out.Why = true, check.VerdictUnknown, around.Summary
	case out.Verdict != check.VerdictOK && elsewhere.Outcome != check.NotJudged:
	case elsewhere.Outcome == check.Fail && check.AllPlain(sub):
		out.Past, out.Verdict, out.Why = true, check.VerdictPlaintext, elsewhere.Summary
	case elsewhere.Outcome == check.Fail || elsewhere.Outcome == check.Warn:
		out.Past, out.Verdict, out.Why = true, check.VerdictPartial, elsewhere.Summary
	case elsewhere.Outcome == check.NotJudged:
		out.Verdict, out.Why = check.VerdictNotJudged, elsewhere.Summary
	case elsewhere.Outcome == check.Unknown:
		out.Past, out.Verdict, out.Why = true, check.VerdictUnknown, elsewhere.Summary
	}
	return out
}

// uncovered is the upstream of calls that leave the pod as the application sends them.
func uncovered(sub check.Subject) check.Subject {
	u := *sub.Serving()
	u.Matches, u.Socket = nil, facts.Socket{Kind: facts.SocketPlaintext}
	sub.Active, sub.Warming = &u, nil
	return sub
}
