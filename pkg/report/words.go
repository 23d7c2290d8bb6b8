package report

import (
	"fmt"
	"strings"
)

// name is the target as a person knows it.
func (t TargetReport) name() string {
	switch {
	case t.Pod != "":
		return t.Namespace + "/" + t.Pod
	case t.Source != "":
		return t.Source
	}
	return "proxy"
}

// judged are the upstreams that somebody means to be TLS.
func (t TargetReport) judged() []Upstream {
	var out []Upstream
	for _, u := range t.Upstreams {
		if u.Meant {
			out = append(out, u)
		}
	}
	return out
}

// sentence is what was proven of a target, or why nothing could be.
func (t TargetReport) sentence() string {
	if t.Error != "" {
		return t.Error
	}
	return closing(t, t.judged())
}

// place names the cluster by its context, and what runs there: by whom it was said.
func (t TargetReport) place() string {
	var out []string
	for _, v := range [][2]string{{"context ", t.Context}, {"Istio ", t.Istio}, {"Envoy ", t.Envoy}} {
		if v[1] != "" {
			out = append(out, v[0]+v[1])
		}
	}
	return strings.Join(out, ", ")
}

// unseen tells what was not looked at, and why: a reader must not take silence for good news.
func (t TargetReport) unseen() []string {
	var out []string
	for _, m := range t.Missing {
		out = append(out, fmt.Sprintf("not seen: %s: %s", m.Fact, m.Why))
	}
	for _, n := range t.NotRun {
		out = append(out, fmt.Sprintf("not run: %s %s: %s", n.ID, n.Name, n.Why))
	}
	return out
}

// wrong tells whether a finding is anything but good.
func (f Finding) wrong() bool { return f.Outcome != OK && f.Outcome != NotJudged }

// by says by what a finding is accepted; empty when it is not.
func (a *Accepted) by() string {
	if a == nil {
		return ""
	}
	return fmt.Sprintf("until %s: %s", a.Expires, a.Reason)
}

// lines are the details of a finding, each with its label.
func (f Finding) lines() []string {
	var out []string
	for _, d := range []struct{ label, text string }{
		{"at", strings.TrimSpace(f.Cluster + " " + f.Endpoint)}, {"got", f.Got}, {"want", f.Want}, {"from", f.Object}, {"fix", f.Fix}, {"accepted", f.Accepted.by()},
	} {
		if d.text != "" {
			out = append(out, d.label+": "+safe(d.text))
		}
	}
	return out
}

// remark is what an entry of the baseline did, in one sentence.
type remark struct {
	outcome Outcome // of the entry: OK, or Warn for one without a finding, or Fail for an expired one
	text    string
}

func (b *Baseline) remarks() []remark {
	if b == nil {
		return nil
	}
	var out []remark
	total := 0
	for _, k := range b.Entries {
		what := fmt.Sprintf("%s (%s), accepted until %s: %s", k.ID, k.where(), k.Expires, k.Reason)
		switch k.State {
		case knownExpired:
			out = append(out, remark{Fail, "has expired: " + what + ". Repair it, or renew the entry"})
		case knownUnused:
			out = append(out, remark{Warn, "matches nothing: " + what + ". Remove the entry"})
		default:
			total += k.Matches
		}
	}
	return append([]remark{{OK, count(total, "finding is", "findings are") + " accepted"}}, out...)
}
