package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// unknownCalls says what becomes of calls to a host that the sidecar does not know.
func (in Input) unknownCalls() string {
	switch in.Proxy.Outbound {
	case facts.OutboundRegistry:
		return "are refused, because only registered hosts are let through (outboundTrafficPolicy REGISTRY_ONLY)"
	case facts.OutboundAny:
		return "go out as they are"
	}
	return "go out as they are, or are refused where only registered hosts are let through (outboundTrafficPolicy REGISTRY_ONLY), or are led to the egressProxy of a Sidecar"
}

// register is the command that makes the sidecar know a host, and its calls TLS: the enable that is missing. Where an object has
// the host and the sidecar does not, that is to be looked at first.
func (in Input) register(s Subject) (fix, object string) {
	look := "kubectl get serviceentries -A | grep -F '" + s.Host + "'"
	if _, lacks := in.lacksRules(); lacks || in.Config == nil || in.Proxy.Node.Kind == facts.NodeRouter || !strings.Contains(s.Host, ".") {
		if s.Intent != nil {
			return enableAgain(s), ""
		}
		return look, ""
	}
	for _, entry := range in.Config.Services {
		if !slices.ContainsFunc(entry.Hosts, func(h string) bool { return strings.EqualFold(h, s.Host) }) {
			continue
		}
		what := strings.ToLower(entry.Object.Kind) + " " + entry.Object.Name + " -n " + entry.Object.Namespace
		if s.Port != 0 && !slices.ContainsFunc(entry.Ports, func(p facts.Port) bool { return p.Number == s.Port }) {
			return fmt.Sprintf("kubectl edit %s   # it has no port %d", what, s.Port), entry.Object.String()
		}
		return "kubectl get " + what + " -o yaml   # does its exportTo, or a Sidecar of the client's namespace, hide it from this client?", entry.Object.String()
	}
	if s.Intent != nil || s.Decision.Found && s.Port != 0 {
		return enableAgain(s), ""
	}
	if s.Port == 0 {
		return look, ""
	}
	here := " -n " + in.client().Namespace + caFlag("", "") + "   # or --ca system"
	if s.Port == 80 || s.Port == 443 {
		return "kubectl mesh-tls enable egress " + s.Host + here + ", where the application calls http://" + s.Host, ""
	}
	return fmt.Sprintf("kubectl mesh-tls enable origination %s:%d", s.Host, s.Port) + here, ""
}
