package conflict

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// portsRegistered: with REGISTRY_ONLY a sidecar refuses what no ServiceEntry names. The
// form targetport names the plain port alone.
func portsRegistered() *Conflict {
	return &Conflict{
		ID: "MT042", Name: "ports-registered",
		Doc: "where only registered hosts are let through, every port of the host that is in use is registered",
		Find: func(in Input) []check.Finding {
			it := in.Intent
			if !it.Leads() || it.Form != intent.FormTargetPort {
				return nil
			}
			mode, object := in.outbound()
			if mode != facts.OutboundRegistry {
				return nil
			}
			for _, s := range in.after().Services {
				known := slices.ContainsFunc(s.Ports, func(p facts.Port) bool { return p.Number == it.TLSPort })
				if known && slices.Contains(s.Hosts, it.Host) && s.Object.Namespace == it.Namespace {
					return nil
				}
			}
			return []check.Finding{warn(object, fmt.Sprintf("%s lets registered hosts through only (REGISTRY_ONLY), and the plan registers port %d of %s and not %d: an application that speaks HTTPS to it itself is refused",
				cmp.Or(object, "the mesh's configuration"), it.Ports[0].Number, it.Host, it.TLSPort), fmt.Sprintf("add a ServiceEntry for %s, port %d, protocol TLS, if there is such an application, or use --form %s", it.Host, it.TLSPort, intent.FormVirtualService))}
		},
	}
}
