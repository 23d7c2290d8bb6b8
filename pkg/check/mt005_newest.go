package check

import "github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"

// newestServes: MT005.
func newestServes() *Check {
	return &Check{
		ID: "MT005", Name: "newest-serves",
		Doc:     "no newer version of the cluster is waiting behind the one that serves",
		Needs:   []facts.Fact{facts.FactClusters},
		Applies: func(_ Input, s Subject) bool { return s.Active != nil },
		Upstream: func(in Input, s Subject) []Finding {
			if s.Warming == nil {
				return ok("the newest version of the cluster serves")
			}
			return one(Finding{Outcome: Fail, Object: ruleObject(Subject{Active: s.Warming}),
				Summary: "an old version of the cluster still serves: the newer one waits for a secret or an address",
				Got:     "the cluster is active and, in a newer version, warming", Want: "one active version",
				Fix: in.again(s, "the secret that was not delivered is named by MT004")})
		},
	}
}
