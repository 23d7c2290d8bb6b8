package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// meshReason names why calls to a Service of the mesh are plaintext although no rule says so: auto mTLS made none. It
// follows istio cluster_tls.go (buildUpstreamTLSSettings; applyUpstreamTLSSettings for ORIGINAL_DST).
func meshReason(in Input, s Subject) (why, object, fix string, known bool) {
	name, namespace, service := ServiceName(s.Host)
	if !service || s.Serving().External {
		return "", "", "", false
	}
	if d := in.Config.InboundPolicy(facts.Client{Namespace: namespace}, 0); in.Config.Missing[facts.FactPolicies] == "" && d.Mode == facts.ModeDisable {
		return fmt.Sprintf("%s says DISABLE for all of namespace %s, which auto mTLS goes by, and no DestinationRule asks for TLS for this host", d.Object, namespace), d.Object.String(), editPolicy(d.Object), true
	}
	if s.Serving().Type == "ORIGINAL_DST" {
		return "no DestinationRule asks for TLS for this host, and to a headless service auto mTLS sends it only where every pod behind it has a sidecar and takes the very port", "",
			fmt.Sprintf("kubectl mesh-tls status svc/%s -n %s -o wide   # which pod has no sidecar?", name, namespace), true
	}
	return "no DestinationRule asks for TLS for this host, and auto mTLS makes none", "", "kubectl get configmap -n " + in.Config.RootNamespace + " -o yaml | grep enableAutoMtls", true
}

// endpointReason names what keeps auto mTLS from some endpoints, as far as rules and policies tell (istio:
// pilot/pkg/xds/endpoints/mtls_checker.go): "" where they do not.
func endpointReason(in Input, s Subject) (why, object, fix string) {
	if _, lacks := in.lacksRules(); lacks {
		return "", "", ""
	}
	for _, r := range s.Decision.Rejected {
		if rule := r.Rule; s.Decision.Found && rule.Object == s.Decision.Rule.Object && rule.Mode == "DISABLE" && rule.Subset == "" && rule.Port == 0 {
			return fmt.Sprintf("%s says DISABLE for the whole host, and for the endpoints that counts although it has settings for this port", rule.Object), rule.Object.String(), rule.Object.Edit()
		}
	}
	if unused := unusedRule(s); unused != nil && !s.Decision.Found {
		return RefusedPolicy(s), unused.Object.String(), unused.Object.Edit()
	}
	_, namespace, service := ServiceName(s.Host)
	if !service || in.Config.Missing[facts.FactPolicies] != "" {
		return "", "", ""
	}
	if pair := in.pairOf(s); pair != nil {
		return in.policyOff(s, *pair)
	}
	for _, p := range in.Config.Policies {
		off := p.Mode == facts.ModeDisable
		for _, mode := range p.Ports {
			off = off || mode == facts.ModeDisable
		}
		if off && p.Object.Namespace == namespace {
			return fmt.Sprintf("%s says DISABLE in their namespace", p.Object), p.Object.String(), editPolicy(p.Object)
		}
	}
	return "", "", ""
}

// policyOff is the policy that counts for an endpoint which gets plaintext, where the pods behind the service were read.
func (in Input) policyOff(s Subject, pair Pair) (why, object, fix string) {
	ends, _ := EndsOf(s.Serving(), pair)
	for _, e := range ends {
		if e.Socket.Kind != facts.SocketPlaintext || e.Peer == nil || !e.Peer.Pod.Proxied() {
			continue
		}
		t := e.Peer.Pod.Target
		if d := in.Config.InboundPolicy(facts.Client{Namespace: t.Namespace, Labels: t.Labels}, e.Port); d.Mode == facts.ModeDisable {
			return fmt.Sprintf("%s says DISABLE for %s", d.Object, t), d.Object.String(), editPolicy(d.Object)
		}
	}
	return "", "", ""
}

func editPolicy(p facts.Ref) string {
	return "kubectl edit peerauthentication " + p.Name + " -n " + p.Namespace
}

// ServiceName takes the full name of a Kubernetes Service apart.
func ServiceName(host string) (name, namespace string, ok bool) {
	parts := strings.SplitN(host, ".", 3)
	if len(parts) < 3 || !strings.HasPrefix(parts[2], "svc.") || slices.Contains(parts, "") || parts[0] == "*" {
		return "", "", false
	}
	return parts[0], parts[1], true
}
