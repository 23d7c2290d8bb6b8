package check

import (
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// inboundPolicy: MT027. It is about the ports that take connections from others, of sidecars and of gateways; --to asks
// about upstreams only.
func inboundPolicy() *Check {
	return &Check{
		ID: "MT027", Name: "inbound-tls-policy",
		Doc: "no port that takes TLS takes a version, cipher or key exchange that --min-tls and --policy do not take; without them as MT026",
		Proxy: func(in Input) []Finding {
			if len(in.To) > 0 || in.Proxy == nil {
				return nil
			}
			if !in.Policy.Set() {
				return in.weakPorts()
			}
			if why, missing := in.Proxy.Lacks(facts.FactListeners); missing {
				return one(Finding{Outcome: Unknown, Summary: "what TLS the proxy takes is not known", Got: why, Want: in.Policy.String()})
			}
			var out []Finding
			for _, port := range in.Proxy.Inbound {
				if f, tls := in.inboundParams(port); tls {
					out = append(out, f)
				}
			}
			return out
		},
	}
}

// weakPorts are the ports that take what nobody should, where no policy was asked for.
func (in Input) weakPorts() []Finding {
	var out []Finding
	for _, port := range in.Proxy.Inbound {
		worst := Finding{Outcome: OK}
		for _, c := range port.Chains {
			if c.Socket.Kind == facts.SocketTLS {
				worst = worseOf(worst, weak(c.Socket))
			}
		}
		if worst.Outcome == OK {
			continue
		}
		worst.Endpoint = portName(port.Port)
		what, fix := in.portWords(port)
		worst.Summary, worst.Fix = what+" "+worst.Summary, fix
		out = append(out, worst)
	}
	return out
}

// portWords name a port for a sentence, and where its parameters are set.
func (in Input) portWords(port facts.Inbound) (what, fix string) {
	what, fix = fmt.Sprintf("connections to port %d", port.Port), in.meshConfig("meshMTLS.minProtocolVersion, meshMTLS.cipherSuites; or COMPLIANCE_POLICY of istiod, which is then restarted")
	if port.Port == 0 {
		what = "connections to ports without chains of their own"
	}
	if port.Gateway {
		what, fix = fmt.Sprintf("connections to the gateway's port %d", port.Port), fmt.Sprintf("kubectl get gateways.networking.istio.io -A   # edit the one whose server has port %d: tls.minProtocolVersion, tls.cipherSuites; curves: tlsDefaults.ecdhCurves of the mesh's configuration", port.Port)
	}
	return what, fix
}

// inboundParams judges all chains of a port that open TLS; false where there is none.
func (in Input) inboundParams(port facts.Inbound) (Finding, bool) {
	var all verdict
	tls := false
	for _, c := range port.Chains {
		switch c.Socket.Kind {
		case facts.SocketTLS:
			v, _ := in.Policy.judge(in.Proxy, c.Socket, true)
			all.broken, all.unknown = append(all.broken, v.broken...), append(all.unknown, v.unknown...)
			tls = true
		case facts.SocketUnknown:
			all.unknown = append(all.unknown, "a socket that could not be read: "+c.Socket.Problem)
			tls = true
		}
	}
	all.broken, all.unknown = unique(all.broken), unique(all.unknown)
	what, fix := in.portWords(port)
	f := all.finding(in.Policy, "", what)
	f.Endpoint = portName(port.Port)
	if f.Outcome == Fail {
		f.Fix = fix
	}
	return f, tls
}

// unique drops what was said before: the chains of a port say the same as a rule.
func unique(texts []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, text := range texts {
		if !seen[text] {
			out = append(out, text)
		}
		seen[text] = true
	}
	return out
}
