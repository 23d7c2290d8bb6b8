package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Judge runs the checks on what was seen of one proxy and makes its report, for
// the format that it will be printed in: the tables show no finding that is OK, so
// only those stay that they count. With all, every cluster of the proxy is listed
// (not its inbound ones), else those that are meant to be TLS.
func Judge(checks []*check.Check, in check.Input, all bool, f Format) TargetReport {
	in = in.Indexed()
	return judge(in, all, f.shows, func(subjects []check.Subject, do func(*check.Subject, []check.Finding)) {
		check.Each(checks, in, subjects, do)
	})
}

// Target is Judge for findings that were made already, in any order; it keeps all.
func Target(in check.Input, findings []check.Finding, all bool) TargetReport {
	of := map[string][]check.Finding{}
	for _, f := range findings {
		of[f.Cluster] = append(of[f.Cluster], f)
	}
	return judge(in, all, everyFinding, func(subjects []check.Subject, do func(*check.Subject, []check.Finding)) {
		do(nil, of[""])
		delete(of, "")
		for i := range subjects {
			do(&subjects[i], of[subjects[i].Cluster])
			delete(of, subjects[i].Cluster)
		}
		for _, rest := range of { // of clusters that are not there
			do(nil, rest)
		}
	})
}

func everyFinding(check.Finding) bool { return true }

// shows tells whether a format has a use for a finding.
func (f Format) shows(found check.Finding) bool {
	if f != FormatTable && f != FormatWide || found.Outcome != check.OK {
		return true
	}
	return slices.Contains([]string{encryptedID, validatedID, acceptsID, gatewayID}, found.ID)
}

func judge(in check.Input, all bool, keep func(check.Finding) bool, each func([]check.Subject, func(*check.Subject, []check.Finding))) TargetReport {
	if in.Proxy == nil {
		out := named(facts.Target{})
		out.Error = "no proxy was read"
		return out
	}
	out := named(in.Proxy.Target)
	out.Envoy, out.Istio = in.Proxy.Envoy, in.Proxy.Istio
	subjects, foul := check.Subjects(in), foulNames(in.Proxy)
	var worst []check.Finding // the worst of each group
	ran := map[string]bool{}
	verdicts := map[string]Outcome{}
	each(subjects, func(s *check.Subject, found []check.Finding) {
		for _, f := range found {
			ran[f.ID] = true
			if keep(f) {
				out.Findings = append(out.Findings, findingOf(foul, f))
			}
		}
		if len(found) > 0 {
			worst = append(worst[:min(1, len(worst))], check.Finding{Outcome: check.Worst(found)})
			worst[0].Outcome = check.Worst(worst)
		}
		if s != nil {
			verdicts[s.Cluster] = outcomeOf(check.Worst(found))
		}
	})
	sortFindings(out.Findings)
	meant := out.addUpstreams(in, subjects, verdicts, all)
	out.Traffic = trafficOf(in, out.Upstreams)
	out.Inbound = inboundOf(in.Proxy)
	out.Secrets = secretsOf(in.Proxy)
	out.Missing = missingOf(in)
	out.NotRun = notRun(in, ran, meant == 0)
	out.Problems = append(out.Problems, in.Proxy.Problems...)
	if in.Config != nil {
		out.Problems = append(out.Problems, in.Config.Problems...)
	}
	out.Outcome = outcomeOf(check.Worst(worst[:min(1, len(worst))]))
	if meant == 0 && !in.DemandsInbound() {
		out.Outcome = worse(out.Outcome, Unknown)
	}
	return out
}

// addUpstreams lists the subjects and tells how many are meant to be TLS.
func (t *TargetReport) addUpstreams(in check.Input, subjects []check.Subject, verdicts map[string]Outcome, all bool) (meant int) {
	for _, s := range subjects {
		if s.Meant {
			meant++
		}
		if !s.Meant && !all || strings.HasPrefix(s.Cluster, "inbound|") {
			continue
		}
		verdict := NotJudged
		if s.Meant {
			verdict = cmp.Or(verdicts[s.Cluster], Unknown)
		}
		t.Upstreams = append(t.Upstreams, upstreamOf(in, s, verdict))
	}
	slices.SortStableFunc(t.Upstreams, func(a, b Upstream) int { return cmp.Compare(a.Cluster, b.Cluster) })
	return meant
}

func findingOf(foul []string, f check.Finding) Finding {
	return Finding{ID: f.ID, Name: f.Name, Outcome: outcomeOf(f.Outcome), Cluster: f.Cluster, Endpoint: f.Endpoint,
		Object: f.Object, Summary: f.Summary, Got: f.Got, Want: f.Want, Fix: pasteable(foul, f)}
}

func sortFindings(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Summary, b.Summary))
	})
}
