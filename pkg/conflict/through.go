package conflict

import (
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// hops gives one scene for each proxy on the way: for the clients the plan's rule is that
// of the gateway's Service, for the gateway that of the host. Without a gateway there is
// one scene, the given one.
func (in Input) hops() []Input {
	var out []Input
	for _, hop := range in.Intent.Hops() {
		one := in
		one.Intent = hop
		out = append(out, one)
	}
	return out
}

// findOnTheWay looks at every hop, and tells what is so at several of them once.
func findOnTheWay(c *Conflict, hops []Input) []check.Finding {
	var out []check.Finding
	for _, hop := range hops {
		for _, f := range c.Find(hop) {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// seenBy tells whether the intent is for workloads of a namespace.
func seenBy(it intent.Intent, namespace string) bool {
	return len(it.ExportTo) == 0 || slices.ContainsFunc(it.ExportTo, func(to string) bool {
		return to == namespace || to == intent.ExportEverywhere || to == intent.ExportHere && namespace == it.Namespace
	})
}
