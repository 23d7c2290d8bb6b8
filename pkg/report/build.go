package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// New makes the document of all targets, sorted by name. Without any target the
// outcome is Unknown.
func New(targets []TargetReport, now time.Time, version string, on FailOn) Report {
	r := Report{
		APIVersion: APIVersion, Kind: Kind, GeneratedAt: stamp(now),
		Tool: Tool{Name: "kubectl-mesh-tls", Version: version}, Outcome: Unknown, FailOn: on.words(), Targets: []TargetReport{},
	}
	r.Targets = append(r.Targets, targets...)
	slices.SortStableFunc(r.Targets, func(a, b TargetReport) int {
		return cmp.Or(cmp.Compare(a.Context, b.Context), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Source, b.Source))
	})
	for i := range r.Targets {
		t := &r.Targets[i]
		if rank(t.Outcome) == rank(Unknown) {
			t.Outcome = Unknown // an outcome that nobody set
		}
		if i == 0 {
			r.Outcome = t.Outcome
		}
		r.Outcome = worse(r.Outcome, t.Outcome)
		r.Summary.Targets.add(t.Outcome)
		for _, u := range t.Upstreams {
			r.Summary.Upstreams.add(u.Outcome)
		}
	}
	r.ExitCode = ExitCode(r.Outcome, on)
	return r
}

// TargetError is the report of a target that could not be read.
func TargetError(t facts.Target, err error) TargetReport {
	out := named(t)
	out.Error = err.Error()
	return out
}

// named is an empty report with every list present.
func named(t facts.Target) TargetReport {
	return TargetReport{
		Context: t.Context, Namespace: t.Namespace, Pod: t.Pod, Source: t.Source, Outcome: Unknown,
		Upstreams: []Upstream{}, Inbound: []Inbound{}, Secrets: []Secret{}, Findings: []Finding{},
		Missing: []Missing{}, NotRun: []NotRun{}, Problems: []string{},
	}
}

func inboundOf(p *facts.Proxy) []Inbound {
	out := []Inbound{}
	for _, in := range p.Inbound {
		out = append(out, Inbound{Port: in.Port, Mode: string(in.Mode(p)), Listener: in.Listener, Gateway: in.Gateway})
	}
	slices.SortStableFunc(out, func(a, b Inbound) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Listener, b.Listener))
	})
	return out
}

func secretsOf(p *facts.Proxy) []Secret {
	out := []Secret{}
	for _, s := range p.Secrets {
		certs := s.Chain
		if s.Validation != nil {
			certs = slices.Concat(certs, s.Validation.Inline)
			for _, d := range s.Validation.SPIFFE {
				certs = slices.Concat(certs, d.CA)
			}
		}
		out = append(out, Secret{Name: s.Name, State: stateWord(s.State), Updated: stamp(s.Updated), Problem: s.Problem, Certificates: certificates(certs)})
	}
	slices.SortStableFunc(out, func(a, b Secret) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.State, b.State), cmp.Compare(a.Updated, b.Updated))
	})
	return out
}

func missingOf(in check.Input) []Missing {
	all := maps.Clone(in.Proxy.Missing)
	if all == nil {
		all = map[facts.Fact]string{}
	}
	if in.Config == nil {
		all[facts.FactRules] = "the objects of the cluster were not read"
	} else {
		maps.Copy(all, in.Config.Missing)
	}
	out := []Missing{}
	for _, f := range slices.Sorted(maps.Keys(all)) {
		out = append(out, Missing{Fact: string(f), Why: all[f]})
	}
	return out
}

func certificates(cs []facts.Certificate) []Certificate {
	out := make([]Certificate, 0, len(cs))
	for _, c := range cs {
		out = append(out, Certificate{Subject: c.Subject, Issuer: c.Issuer, NotAfter: stamp(c.NotAfter), Fingerprint: c.Fingerprint})
	}
	return out
}

// stamp is a time as the document spells it; empty when it is not known.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Second).Format(time.RFC3339)
}

func stateWord(s facts.State) string {
	if s == "" {
		return "unknown"
	}
	return string(s)
}
