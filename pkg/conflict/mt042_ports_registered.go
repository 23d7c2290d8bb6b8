package conflict

import (
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
			if !it.Leads() || it.Form != intent.FormTargetPort || in.outbound() != facts.OutboundRegistry {
				return nil
			}
			for _, s := range in.after().Services {
				known := slices.ContainsFunc(s.Ports, func(p facts.Port) bool { return p.Number == it.TLSPort })
				if known && slices.Contains(s.Hosts, it.Host) && s.Object.Namespace == it.Namespace {
					return nil
				}
			}
			object, who := in.outboundOf()
			return []check.Finding{warn(object, fmt.Sprintf("%s lets registered hosts through only (REGISTRY_ONLY), and the plan registers port %d of %s and not %d: an application that speaks HTTPS to it itself is refused",
				who, it.Ports[0].Number, it.Host, it.TLSPort), fmt.Sprintf("add a ServiceEntry for %s, port %d, protocol TLS, if there is such an application, or use --form %s", it.Host, it.TLSPort, intent.FormVirtualService))}
		},
	}
}

// outboundOf names what decides on hosts that are not registered: a Sidecar resource, or
// the mesh's configuration.
func (in Input) outboundOf() (object, text string) {
	for _, c := range in.clients() {
		if side := in.Steering.SidecarOf(c.Client, in.There.RootNamespace); c.ours && side != nil && side.Outbound != "" {
			return side.Object.String(), side.Object.String()
		}
	}
	return "", "the mesh's configuration"
}
