package conflict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// hostVisible: a Sidecar resource lists the hosts that its workloads see. For any other
// the sidecar gets neither cluster nor TLS, and the call leaves as it came.
func hostVisible() *Conflict {
	return &Conflict{
		ID: "MT041", Name: "host-visible",
		Doc: "no Sidecar resource hides the host from a client of the intent",
		Find: func(in Input) []check.Finding {
			if !toHost(in.Intent) {
				return nil
			}
			var out []check.Finding
			told := map[facts.Ref]bool{}
			for _, c := range in.clients() {
				side := in.Steering.SidecarOf(c.Client, in.There.RootNamespace)
				if !c.ours || side == nil || !side.Limits || told[side.Object] || in.shown(*side, c) {
					continue
				}
				told[side.Object] = true
				out = append(out, fail(side.Object.String(), fmt.Sprintf("%s hides %s from %s: it lists the hosts that are seen, and %s/%s is not among them, so what is sent there leaves without TLS or is refused",
					side.Object, in.Intent.Host, c.name, in.Intent.Namespace, in.Intent.Host),
					fmt.Sprintf("add %q to its egress hosts: kubectl edit sidecar %s -n %s", in.Intent.Namespace+"/"+in.Intent.Host, side.Object.Name, side.Object.Namespace)))
			}
			return out
		},
	}
}

// shown tells whether one of the egress hosts, NAMESPACE/HOST, covers the plan's host.
func (in Input) shown(side facts.Sidecar, c client) bool {
	return slices.ContainsFunc(side.Hosts, func(entry string) bool {
		namespace, host, found := strings.Cut(entry, "/")
		if !found {
			return false
		}
		here := namespace == "*" || namespace == in.Intent.Namespace || namespace == "." && c.Namespace == in.Intent.Namespace
		return here && hostCovers(host, in.Intent.Host)
	})
}
