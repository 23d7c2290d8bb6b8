package report

import (
	"slices"
	"time"
)

// Accept applies known findings to a report that New made: what an entry covers
// is marked, stays in its place and keeps its outcome, and does not count for the
// exit code. An entry that has expired makes the exit code 1, whether it matches
// or not: somebody must look at it. The report and its findings are changed.
func (r *Report) Accept(b *Baseline, now time.Time, on FailOn) {
	used := &Baseline{File: b.File, Entries: slices.Clone(b.Entries)}
	r.Baseline = used
	expired := false
	for i := range used.Entries {
		k := &used.Entries[i]
		end, err := k.ends()
		over := err != nil || !now.Before(end)
		expired = expired || over
		switch k.Matches = r.mark(*k, !over); {
		case over:
			k.State = knownExpired
		case k.Matches == 0:
			k.State = knownUnused
		default:
			k.State = knownUsed
		}
	}
	counted := Unknown
	for i, t := range r.Targets {
		if o := t.counted(); i == 0 {
			counted = o
		} else {
			counted = worse(counted, o)
		}
	}
	if expired {
		counted = Fail
	}
	r.ExitCode = ExitCode(counted, on)
}

// mark accepts what the entry covers and nobody accepted before, and counts it.
func (r *Report) mark(k Known, accept bool) int {
	n := 0
	namespace, cluster, object := glob(k.Namespace), glob(k.Cluster), glob(k.Object)
	for i := range r.Targets {
		t := &r.Targets[i]
		if !namespace.MatchString(t.Namespace) {
			continue
		}
		for j := range t.Findings {
			f := &t.Findings[j]
			if f.ID != k.ID || f.Outcome == OK || f.Outcome == NotJudged || !cluster.MatchString(f.Cluster) || !object.MatchString(f.Object) {
				continue
			}
			n++
			if accept && f.Accepted == nil {
				f.Accepted = &Accepted{Reason: k.Reason, Expires: k.Expires}
			}
		}
	}
	return n
}

// counted is the outcome of a target without what is accepted. A target of which
// nothing was judged stays Unknown: no entry can make a verdict where there is none.
func (t TargetReport) counted() Outcome {
	judged := slices.ContainsFunc(t.Upstreams, func(u Upstream) bool { return u.Meant }) ||
		slices.ContainsFunc(t.Findings, func(f Finding) bool { return isInbound(f.ID) })
	if t.Error != "" || !judged {
		return t.Outcome
	}
	o := OK
	for _, f := range t.Findings {
		if f.Accepted == nil {
			o = worse(o, f.Outcome)
		}
	}
	return o
}
