package status

import (
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// outcomeOf: what breaks is a failure; plaintext is one only where a rule or an
// intent asks for TLS, because a mesh without policies promises none.
func outcomeOf(v check.Verdict, asked bool) check.Outcome {
	switch v {
	case check.VerdictOK:
		return check.OK
	case check.VerdictConflict:
		return check.Fail
	case check.VerdictPartial, check.VerdictPlaintext:
		if asked {
			return check.Fail
		}
		return check.Warn
	case check.VerdictMayConflict:
		return check.Warn
	case check.VerdictNotJudged:
		return check.NotJudged
	}
	return check.Unknown
}

// unread is for a row of which no client is known, where one that could not be read may have a cluster for it: that is not
// known, and not nothing to judge.
func (t *table) unread(r *Row) {
	blind := slices.ContainsFunc(t.Seen, func(s Seen) bool { return s.Client && s.Proxy == nil && s.Pod.Proxied() })
	if len(r.Clients) == 0 && blind {
		r.Verdict, r.Outcome = check.VerdictUnknown, check.Unknown
		r.add("the sidecars that may call it could not be read")
	}
}

// say collects the reasons, those of the row's own verdict first.
func (r *Row) say() {
	for _, c := range r.Clients {
		if c.Verdict == r.Verdict {
			r.add(c.Why)
		}
	}
	for _, c := range r.Clients {
		r.add(c.Why)
	}
	switch {
	case len(r.Servers) == 0 && r.Verdict == check.VerdictNotJudged:
		r.add("no running pod is behind it")
	case len(r.Clients) == 0:
		r.add("none of the clients that were read has a cluster for it")
	case r.Verdict == check.VerdictNotJudged && len(r.Why) == 0:
		r.add("no client has an endpoint for it: no ready pod is behind it")
	}
}

// evidence is the least of the clients that made connections; where none did, the
// least of all. Idle clients prove nothing and refute nothing.
func evidence(cs []Client) facts.Evidence {
	least, found := facts.EvidenceNone, false
	for _, used := range []bool{true, false} {
		for _, c := range cs {
			if used && !c.Used {
				continue
			}
			if !found || c.Evidence < least {
				least, found = c.Evidence, true
			}
		}
		if found {
			break
		}
	}
	return least
}

// policies compares what the policies say with what the sidecars have. A difference
// is news that has not arrived, or another hand in the listener.
func (t *table) policies(r *Row) {
	for _, s := range r.Servers {
		live, said := s.Accepts.Mode, s.Policy.Mode
		if said == "" || live == said || said == facts.ModeDisable && check.OwnTLS(live) || live == "" || live == facts.ModeUnknown || live == check.ModeNone {
			continue
		}
		why := fmt.Sprintf("the policies say %s and the sidecar of %s has %s: not received yet, or overruled", said, s.Pod, live)
		r.Why = append([]string{why}, r.Why...)
		if r.Outcome == check.OK || r.Outcome == check.NotJudged {
			r.Outcome = check.Warn
		}
	}
}
