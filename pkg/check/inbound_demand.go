package check

import (
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// inboundDemand says what the ports of a workload should take: an intent of ours does, or
// else the PeerAuthentications of the cluster.
type inboundDemand struct {
	in Input
	it *intent.Intent // nil: the policies
}

// demand is false where nobody says what should come in.
func (in Input) demand() (inboundDemand, bool) {
	if it := in.StrictIntent(); it != nil {
		return inboundDemand{in, it}, true
	}
	return inboundDemand{in: in}, in.underPolicy()
}

// underPolicy tells whether a PeerAuthentication counts for the sidecar. Without the pod's
// labels that is not known, and without a policy nothing is demanded: Istio's default
// takes everything.
func (in Input) underPolicy() bool {
	if in.Proxy == nil || in.Config == nil || in.Proxy.Node.Kind == facts.NodeRouter || in.client().Labels == nil {
		return false
	}
	if _, lacks := in.Config.Missing[facts.FactPolicies]; lacks {
		return false
	}
	if in.Config.InboundPolicy(in.client(), 0).Object.Name != "" {
		return true
	}
	for _, port := range in.Proxy.Inbound {
		if in.Config.InboundPolicy(in.client(), port.Port).Object.Name != "" {
			return true
		}
	}
	return false
}

// of a port: the mode, the object that says so, and a few words why; no mode where nobody
// speaks of the port.
func (d inboundDemand) of(port int) (mode facts.Mode, object, why string) {
	if d.it != nil {
		return facts.Mode(d.it.InboundMode(port)), policyObject(d.it), ", because of intent " + d.it.Namespace + "/" + d.it.Name
	}
	p := d.in.Config.InboundPolicy(d.in.client(), port)
	if p.Object.Name == "" {
		return "", "", ""
	}
	return p.Mode, p.Object.String(), ": " + p.Why
}

// strict tells whether the workload as a whole is to take mutual TLS only, but for
// exceptions.
func (d inboundDemand) strict() bool {
	mode, _, _ := d.of(0)
	return d.it != nil || mode == facts.ModeStrict
}

// object is what a finding about the workload as a whole is about.
func (d inboundDemand) object() string {
	if d.it != nil {
		return policyObject(d.it)
	}
	return d.in.Config.InboundPolicy(d.in.client(), 0).Object.String()
}

// meets tells whether a port may take what it takes. An intent of ours means what it
// says. A policy with mode DISABLE leaves a Sidecar resource the right to open TLS of its
// own (istio pilot/pkg/networking/core/listener_inbound.go).
func (d inboundDemand) meets(want, got facts.Mode) bool {
	return got == want || d.it == nil && want == facts.ModeDisable && OwnTLS(got)
}

// tighter tells whether a port takes less than a policy admits, and so nobody whom it
// should not: of our own intents that is not what was asked for, of a policy it is a
// sidecar that has not heard of it, or somebody's exception.
func (d inboundDemand) tighter(want, got facts.Mode) bool {
	return d.it == nil && (got == facts.ModeStrict && (want == facts.ModePermissive || want == facts.ModeDisable) || got == facts.ModePermissive && want == facts.ModeDisable)
}
