package check

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// asIntended: MT010.
func asIntended() *Check {
	return &Check{
		ID: "MT010", Name: "as-intended",
		Doc:     "the proxy has the SNI, the names and the CA that the intent asked for",
		Needs:   []facts.Fact{facts.FactClusters},
		Applies: func(in Input, s Subject) bool { return s.Intent != nil && hasTLSSocket(in, s) },
		Upstream: func(in Input, s Subject) []Finding {
			var out []Finding
			for _, k := range s.TLSSockets() {
				out = append(out, drift(in, s, k)...)
			}
			if len(out) == 0 {
				return ok("the proxy has what the intent asked for")
			}
			return out
		},
	}
}

func drift(in Input, s Subject, k facts.Socket) []Finding {
	it := s.Intent
	var out []Finding
	add := func(o Outcome, what, got, want string) {
		out = append(out, Finding{Outcome: o, Object: ruleObject(s), Summary: "the " + what + " is not the one that was asked for", Got: got, Want: want, Fix: enableAgain(s)})
	}
	if it.SNI != "" && k.SNI != it.SNI {
		add(Fail, "SNI", "sni "+quoteEmpty(k.SNI), "sni "+it.SNI)
	}
	if got := names(k.Validation.SANs); len(got) > 0 && !slices.Equal(got, slices.Sorted(slices.Values(it.SANs))) {
		add(Fail, "list of names that are accepted", strings.Join(got, ", "), strings.Join(it.SANs, ", "))
	}
	t := TrustOf(in.Proxy, k)
	if len(it.CA.Fingerprints) > 0 && t.Known && t.Source.Kind != facts.SourceNone {
		var have []string
		for _, c := range t.CA {
			have = append(have, c.Fingerprint)
		}
		if !sameSet(have, it.CA.Fingerprints) {
			add(Fail, "CA in the proxy", count(uint64(len(t.CA)), "certificate")+": "+subjects(t.CA), count(uint64(len(it.CA.Fingerprints)), "certificate")+" with SHA-256 "+strings.Join(short(it.CA.Fingerprints), ", "))
		}
	}
	return out
}

func names(ms []facts.NameMatch) []string {
	var out []string
	for _, m := range ms {
		out = append(out, m.String())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

func subjects(cs []facts.Certificate) string {
	var out []string
	for i, c := range cs {
		if i == 3 {
			return strings.Join(out, "; ") + "; ..."
		}
		out = append(out, c.Label()+" (SHA-256 "+short([]string{c.Fingerprint})[0]+")")
	}
	return strings.Join(out, "; ")
}

func short(prints []string) []string {
	out := make([]string, 0, len(prints))
	for _, p := range prints {
		out = append(out, p[:min(16, len(p))])
	}
	return out
}

func quoteEmpty(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}
