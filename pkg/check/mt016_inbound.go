package check

import (
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// inboundMode: MT016. It lists no needed fact: it is about a sidecar that an intent of
// recipe strict or a PeerAuthentication covers, and silent about all others.
func inboundMode() *Check {
	return &Check{
		ID: "MT016", Name: "inbound-mode",
		Doc: "every inbound port of the workload takes what the intent of recipe strict says (mutual TLS of the mesh, or the port's exception), or else what the PeerAuthentications say",
		Proxy: func(in Input) []Finding {
			d, demanded := in.demand()
			if !demanded || len(in.To) > 0 { // --to asks about upstreams
				return nil
			}
			if why, missing := in.Proxy.Lacks(facts.FactListeners); missing {
				return one(Finding{Outcome: Unknown, Object: d.object(), Summary: "what the workload accepts is not known", Got: why, Want: "the inbound listener of the proxy"})
			}
			var out []Finding
			for _, port := range in.Proxy.Inbound {
				if !port.Gateway && port.Port != tunnelPort {
					out = append(out, in.inboundPort(d, port)...)
				}
			}
			out = append(out, in.aroundSidecar(d)...)
			if len(out) == 0 && d.strict() {
				return one(Finding{Outcome: Unknown, Object: d.object(), Summary: "what the workload accepts is not known", Got: "the proxy shows no inbound port", Want: "the inbound listener of the proxy"})
			}
			return out
		},
	}
}

// tunnelPort is the mesh's own tunnel (HBONE), which is always mutual TLS.
const tunnelPort = 15008

// StrictIntent is the intent of recipe strict that counts for the proxy's workload,
// the most specific one; nil when there is none.
func (in Input) StrictIntent() *intent.Intent {
	var best *intent.Intent
	if in.Proxy == nil || in.Proxy.Node.Kind == facts.NodeRouter {
		return nil
	}
	for n := range in.Intents {
		it := &in.Intents[n]
		if it.Recipe != intent.RecipeStrict || !in.insideScope(*it) {
			continue
		}
		if best == nil || it.ScopeRank() > best.ScopeRank() {
			best = it
		}
	}
	return best
}

func (in Input) insideScope(it intent.Intent) bool {
	if !it.Mesh && it.Namespace != in.client().Namespace {
		return false
	}
	return hasLabels(in.Proxy.Target.Labels, it.Workload)
}

// inboundPort gives one finding, or none where nobody says what the port should take.
func (in Input) inboundPort(d inboundDemand, port facts.Inbound) []Finding {
	want, object, because := d.of(port.Port)
	if want == "" {
		return nil
	}
	got, name := port.Mode(in.Proxy), portName(port.Port)
	f := Finding{Object: object, Endpoint: name, Got: name + " is " + string(got), Want: string(want) + because}
	switch waits := waitingSecret(in.Proxy, port); {
	case waits != "" && want != facts.ModeDisable:
		f.Outcome, f.Summary, f.Got, f.Fix = Fail, name+" lets nobody in by TLS: a secret of it was not delivered", "secret "+waits+" is warming", "kubectl logs "+in.Proxy.Target.Pod+" -n "+in.Proxy.Target.Namespace+" -c istio-proxy --tail=50"
	case d.meets(want, got):
		f.Outcome, f.Summary = OK, fmt.Sprintf("%s takes what was asked for: %s", name, got)
	case got == facts.ModeUnknown:
		f.Outcome, f.Summary = Unknown, name+": what it accepts could not be read"
	default:
		f.Outcome = Fail
		if d.tighter(want, got) {
			f.Outcome = Warn
		}
		why, object, fix := in.modeReason(port.Port, want)
		if object != "" {
			f.Object = object
		}
		f.Summary, f.Fix = fmt.Sprintf("%s is %s: %s", name, got, why), fix
	}
	return one(f)
}

// waitingSecret is a secret of the port's TLS that was asked for and never came; "" is none.
func waitingSecret(p *facts.Proxy, port facts.Inbound) string {
	for _, c := range port.Chains {
		if c.Socket.Kind != facts.SocketTLS {
			continue
		}
		for _, name := range secretNames(c.Socket) {
			if p.SecretState(name) == facts.StateWarming {
				return name
			}
		}
	}
	return ""
}

// modeReason names what makes a port other than it should be: the policy that wins,
// or that the proxy has not got it.
func (in Input) modeReason(port int, want facts.Mode) (why, object, fix string) {
	if in.Config == nil {
		return "the policies of the cluster were not read to tell why", "", ""
	}
	if missing, lacks := in.Config.Missing[facts.FactPolicies]; lacks {
		return "the policies of the cluster were not read to tell why: " + missing, "", ""
	}
	d := in.Config.InboundPolicy(in.client(), port)
	if d.Mode == want {
		return "the policies say otherwise, and the sidecar has not received them, or something else changes its listener", d.Object.String(), "verify again in some seconds; then istioctl proxy-status"
	}
	if d.Object.Name == "" {
		return d.Why, "", ""
	}
	return d.Why, d.Object.String(), "kubectl edit peerauthentication " + d.Object.Name + " -n " + d.Object.Namespace
}

func policyObject(it *intent.Intent) string {
	return facts.Ref{Kind: "PeerAuthentication", Namespace: it.Namespace, Name: it.Name}.String()
}
