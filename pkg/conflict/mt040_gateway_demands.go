package conflict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
)

// gatewayDemands: ways into a gateway that demand less than the plan's.
func gatewayDemands() *Conflict {
	return &Conflict{
		ID: "MT040", Name: "gateway-demands",
		Doc: "the gateway takes named clients only, and no other server of it takes the same port with less",
		Find: func(in Input) []check.Finding {
			if !in.Intent.AtGateway() {
				return nil
			}
			var out []check.Finding
			if in.Intent.AnyClient || len(in.Intent.SANs) == 0 {
				mine := "Gateway " + in.Intent.Namespace + "/" + in.Intent.Name
				out = append(out, warn(mine, mine+" has no subjectAltNames: whoever has a certificate of the clients' CA gets in, those of servers too if that CA signs such", "--allow-san NAME names the clients"))
			}
			for _, g := range in.Steering.Gateways {
				if g.Port != in.Intent.TLSPort || in.ours(g.Object, g.Owner) || !meet(g.Selector, in.Intent.Workload) || g.Mode == "MUTUAL" {
					continue
				}
				wide := slices.IndexFunc(g.Hosts, func(h string) bool { return strings.HasPrefix(h, "*") && hostCovers(h, in.Intent.Host) })
				if wide < 0 {
					continue
				}
				mode := g.Mode
				if mode == "" {
					mode = "no TLS"
				}
				out = append(out, warn(g.Object.String(), fmt.Sprintf("%s opens port %d of the same gateway for %s with %s: a client that sends another name in SNI, or with %s none, comes in there without the certificate that the plan demands, and may then ask for %s by its header",
					g.Object, g.Port, g.Hosts[wide], mode, g.Hosts[wide], in.Intent.Host), "name the hosts of that Gateway one by one"))
			}
			return out
		},
	}
}
