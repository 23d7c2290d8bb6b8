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
			if in.Intent.LeadsToGateway() { // the clients must see both, the host and the gateway
				return append(in.hidden(in.Intent.Host), in.hidden(in.Intent.SNI)...)
			}
			return in.hidden(in.Intent.Host)
		},
	}
}

// hidden finds the Sidecar resources that hide a name of the intent's namespace.
func (in Input) hidden(host string) []check.Finding {
	var out []check.Finding
	told := map[facts.Ref]bool{}
	for _, c := range in.clients() {
		side := in.Steering.SidecarOf(c.Client, in.There.RootNamespace)
		if !c.ours || side == nil || !side.Limits || told[side.Object] || in.shown(*side, c, host) {
			continue
		}
		told[side.Object] = true
		out = append(out, fail(side.Object.String(), fmt.Sprintf("%s hides %s from %s: it lists the hosts that are seen, and %s/%s is not among them, so what is sent there leaves without TLS or is refused",
			side.Object, host, c.name, in.Intent.Namespace, host),
			fmt.Sprintf("add %q to its egress hosts: kubectl edit sidecar %s -n %s", in.Intent.Namespace+"/"+host, side.Object.Name, side.Object.Namespace)))
	}
	return out
}

// shown tells whether one of the egress hosts, NAMESPACE/HOST, covers the plan's host.
func (in Input) shown(side facts.Sidecar, c client, name string) bool {
	return slices.ContainsFunc(side.Hosts, func(entry string) bool {
		namespace, host, found := strings.Cut(entry, "/")
		if !found {
			return false
		}
		here := namespace == "*" || namespace == in.Intent.Namespace || namespace == "." && c.Namespace == in.Intent.Namespace
		return here && hostCovers(host, name)
	})
}
