package check

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Run runs every check on every subject of the input and returns the findings
// sorted by cluster and id, OK ones included. A check that lacks a fact, or that
// applies and stays silent, gives Unknown with the reason.
func Run(checks []*Check, in Input) []Finding {
	var out []Finding
	in = in.Indexed()
	Each(checks, in, Subjects(in), func(_ *Subject, found []Finding) { out = append(out, found...) })
	slices.SortStableFunc(out, func(a, b Finding) int { return cmp.Compare(a.Cluster, b.Cluster) })
	return out
}

// Each is Run, subject by subject: do gets the findings of the proxy as a whole
// first, with no subject, and then those of each subject that is meant to be TLS,
// sorted by id. The list is used again for the next: of thousands of upstreams the
// findings are the largest thing of all, and few of them are wanted.
func Each(checks []*Check, in Input, subjects []Subject, do func(*Subject, []Finding)) {
	in = in.Indexed()
	var list []Finding
	give := func(s *Subject) {
		slices.SortStableFunc(list, func(a, b Finding) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Endpoint, b.Endpoint)) })
		do(s, list)
		list = list[:0]
	}
	for _, c := range checks {
		if c.Proxy != nil {
			list = append(list, stamp(c, "", onProxy(c, in))...)
		}
	}
	give(nil)
	for i := range subjects {
		s := &subjects[i]
		if !s.Meant {
			continue
		}
		judged := s.remembered()
		for _, c := range checks {
			if c.Proxy == nil && (c.Applies == nil || c.Applies(in, judged)) {
				list = append(list, stamp(c, s.Cluster, onUpstream(c, in, judged))...)
			}
		}
		give(s)
	}
}

func onUpstream(c *Check, in Input, s Subject) []Finding {
	if f, lacks := lacking(c, in); lacks {
		return f
	}
	return silent(c, c.Upstream(in, s))
}

func onProxy(c *Check, in Input) []Finding {
	if f, lacks := lacking(c, in); lacks {
		return f
	}
	return c.Proxy(in)
}

func lacking(c *Check, in Input) ([]Finding, bool) {
	for _, need := range c.Needs {
		why, missing := in.Proxy.Lacks(need)
		if need == facts.FactRules {
			why, missing = in.lacksRules()
		}
		if missing {
			return one(Finding{Outcome: Unknown, Summary: fmt.Sprintf("%s: not checked, a fact is missing", c.Name),
				Got: fmt.Sprintf("no %s: %s", need, why), Want: c.Doc}), true
		}
	}
	return nil, false
}

// lacksRules tells whether the objects of the cluster are missing, and why.
func (in Input) lacksRules() (string, bool) {
	if in.Config == nil {
		return "the objects of the cluster were not read", true
	}
	why, missing := in.Config.Missing[facts.FactRules]
	return why, missing
}

func silent(c *Check, fs []Finding) []Finding {
	if len(fs) > 0 {
		return fs
	}
	return one(Finding{Outcome: Unknown, Summary: c.Name + ": the check said nothing", Want: c.Doc})
}

func stamp(c *Check, cluster string, fs []Finding) []Finding {
	for i := range fs {
		fs[i].ID, fs[i].Name, fs[i].Cluster = c.ID, c.Name, cluster
	}
	return fs
}

// severity orders outcomes: Fail before Unknown before Warn before OK.
func severity(o Outcome) int {
	switch o {
	case NotJudged:
		return 0
	case OK:
		return 1
	case Warn:
		return 2
	case Fail:
		return 4
	}
	return 3
}

// worseOf keeps the first finding unless the second is worse.
func worseOf(a, b Finding) Finding {
	if severity(b.Outcome) > severity(a.Outcome) {
		return b
	}
	return a
}

// Worst gives the outcome of a set of findings: Fail before Unknown before Warn
// before OK. No finding at all is Unknown.
func Worst(fs []Finding) Outcome {
	worst, seen := NotJudged, false
	for _, f := range fs {
		if severity(f.Outcome) > severity(worst) {
			worst = f.Outcome
		}
		seen = true
	}
	if !seen {
		return Unknown
	}
	return worst
}
