package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// gatewayDoors finds what keeps a gateway's own TLS from being answered, or from being accepted by who calls: a secret that never
// came, a certificate that is over. Who wrote the Gateway does not matter; hosts of intents are judged with the rest of what
// those ask for. It is silent where all is well, because nobody said what the gateway should demand of its callers, and where
// some hosts only are to be judged.
func (in Input) gatewayDoors() (out []Finding) {
	_, lacks := in.Proxy.Lacks(facts.FactSecrets)
	if in.Proxy.Node.Kind != facts.NodeRouter || lacks || !in.Void && in.Config != nil {
		return nil
	}
	for _, port := range in.Proxy.Inbound {
		for _, c := range port.Chains {
			if c.Socket.Kind == facts.SocketTLS && port.Gateway && !in.ofIntent(c.ServerNames) {
				out = append(out, in.gatewayDoor(port.Port, c)...)
			}
		}
	}
	return out
}

// ofIntent tells whether all hosts of a chain are those of intents that are judged at this gateway.
func (in Input) ofIntent(hosts []string) bool {
	mine := func(host string) bool {
		return slices.ContainsFunc(in.Intents, func(it intent.Intent) bool {
			return (it.AtGateway() && in.insideScope(it) || in.servesMesh(it)) && strings.EqualFold(it.Host, host)
		})
	}
	return len(hosts) > 0 && !slices.ContainsFunc(hosts, func(h string) bool { return !mine(h) })
}

func (in Input) gatewayDoor(port int, c facts.Chain) (out []Finding) {
	hosts := strings.Join(c.ServerNames, ", ")
	if hosts == "" {
		hosts = "every host"
	}
	f := Finding{Object: "Pod " + in.Proxy.Target.String(), Endpoint: fmt.Sprintf("%s:%d", hosts, port)}
	for _, s := range append([]facts.Source{c.Socket.Cert, c.Socket.Validation.CA}, c.Socket.MoreCerts...) {
		if state := in.Proxy.SecretState(s.Name); s.Kind == facts.SourceSDS && state != facts.StateActive && state != facts.StateStatic {
			f.Outcome, f.Summary, f.Got = Fail, "the gateway has not received its secret: no connection to "+hosts+" succeeds", s.String()
			f.Want = "the Secret in the gateway's namespace, in the key names that Istio reads, with a key that fits, and a service account that may read it"
			f.Fix = fmt.Sprintf("kubectl get secrets,roles,rolebindings -n %s   # and kubectl logs %s -n %[1]s -c istio-proxy --tail=50", in.Proxy.Target.Namespace, in.Proxy.Target.Pod)
			return append(out, f)
		}
	}
	return append(out, in.doorCertificates(c, f, hosts)...)
}

// doorCertificates judges the time of the certificates that a gateway shows to who calls these hosts; f is the finding to fill in.
func (in Input) doorCertificates(c facts.Chain, f Finding, hosts string) (out []Finding) {
	for _, s := range append([]facts.Source{c.Socket.Cert}, c.Socket.MoreCerts...) {
		chain := chainOf(in.Proxy, s.Name)
		if len(chain) == 0 || s.Name == identity { // the workload's own is MT023's
			continue
		}
		if held := in.notHeld(s, chain[0]); held.Outcome == Fail {
			held.Summary = "the gateway does not use the certificate that it was given, whose key does not fit as a rule: connections to " + hosts + " are reset, or get the one from before"
			held.Object, held.Endpoint = f.Object, f.Endpoint
			out = append(out, held)
			continue
		}
		w := lasts(in, "the gateway's certificate", chain[0], in.Warn)
		if w.Outcome == Fail {
			w.Summary += ": who calls " + hosts + " and looks at it refuses it"
		}
		if w.Outcome != OK {
			w.Object, w.Endpoint, w.Fix = f.Object, f.Endpoint, "renew the certificate in the Secret of "+s.String()+", then verify again"
			out = append(out, w)
		}
	}
	return out
}

// notHeld tells of a certificate that was delivered to the proxy and is in none of its TLS contexts.
func (in Input) notHeld(s facts.Source, c facts.Certificate) Finding {
	if !slices.ContainsFunc(in.Proxy.Secret(s.Name), func(sec facts.Secret) bool { return sec.NotHeld }) {
		return Finding{Outcome: OK}
	}
	f := Finding{Outcome: Fail, Got: fmt.Sprintf("no TLS context of the proxy holds %s, serial %s, of %s (/certs)", c.Subject, c.Serial, s.String()), Want: "the key of this very certificate beside it",
		Fix: "write certificate and key of one pair into the Secret of " + s.String()}
	if t := in.Proxy.Target; t.Pod != "" {
		f.Fix = fmt.Sprintf("kubectl logs %s -n %s -c istio-proxy | grep rejected   # KEY_VALUES_MISMATCH? Then %s", t.Pod, t.Namespace, f.Fix)
	}
	return f
}
