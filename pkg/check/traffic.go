package check

import "github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"

// watched gives what an upstream counted while it was watched; false where nobody watched or nothing is known.
func (in Input) watched(s Subject) (facts.Delta, bool) {
	if in.Traffic == nil {
		return facts.Delta{}, false
	}
	for _, d := range in.Traffic.Upstreams {
		if d.Cluster == s.Cluster {
			return d, d.Known
		}
	}
	return facts.Delta{}, false
}

// failsNow tells whether connections were made while the upstream was watched, and none of them came to stand: what
// completed before that does not count against it.
func (in Input) failsNow(s Subject) bool {
	d, known := in.watched(s)
	return known && d.Connections > 0 && d.Failed >= d.Connections
}
