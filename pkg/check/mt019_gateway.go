package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// gatewayServes: MT019. It is about a gateway that an intent of recipe mutual covers, or
// one of egress leads through, and silent about all others.
func gatewayServes() *Check {
	return &Check{
		ID: "MT019", Name: "gateway-serves",
		Doc: "the gateway takes the host as the intent says: only by TLS, only with a client certificate of the CA, only from the clients that are named; on the way out, only from workloads of the mesh; of hosts without an intent, its secrets are there and its certificates valid",
		Proxy: func(in Input) []Finding {
			if len(in.To) > 0 || in.Proxy == nil { // --to asks about upstreams
				return nil
			}
			var out []Finding
			for n := range in.Intents {
				if it := &in.Intents[n]; it.AtGateway() && in.insideScope(*it) || in.servesMesh(*it) {
					out = append(out, in.gatewayHost(it)...)
				}
			}
			return append(out, in.gatewayDoors()...)
		},
	}
}

// DemandsInbound tells whether somebody demands mutual TLS of what comes in: an intent of
// recipe strict, the gateway's end of mutual, or a PeerAuthentication with STRICT. Then
// there is something to judge without any upstream.
func (in Input) DemandsInbound() bool {
	if d, demanded := in.demand(); demanded && d.strict() {
		return true
	}
	return in.Proxy != nil && slices.ContainsFunc(in.Intents, func(it intent.Intent) bool { return it.AtGateway() && in.insideScope(it) })
}

// servesMesh tells whether the proxy is the egress gateway of the intent: it takes the
// host from workloads of the mesh.
func (in Input) servesMesh(it intent.Intent) bool {
	return it.ThroughGateway() && !it.LeadsToGateway() && it.Namespace == in.client().Namespace && in.Proxy.Node.Kind == facts.NodeRouter && in.Covers(it)
}

func gatewayObject(it *intent.Intent) string {
	return facts.Ref{Kind: "Gateway", Namespace: it.Namespace, Name: it.Name}.String()
}

// gatewayHost judges the chains that serve the intent's host.
func (in Input) gatewayHost(it *intent.Intent) []Finding {
	f := Finding{Object: gatewayObject(it), Endpoint: fmt.Sprintf("%s:%d", it.Host, cmp.Or(it.Through.Port, it.TLSPort)), Want: "mutual TLS for " + it.Host + ", because of intent " + it.Namespace + "/" + it.Name}
	if why, missing := in.Proxy.Lacks(facts.FactListeners); missing {
		f.Outcome, f.Summary, f.Got = Unknown, "what the gateway takes is not known", why
		return one(f)
	}
	served := false
	var out []Finding
	for _, port := range in.Proxy.Inbound {
		for _, c := range port.Chains {
			if slices.ContainsFunc(c.ServerNames, func(n string) bool { return strings.EqualFold(n, it.Host) }) {
				at := f
				at.Endpoint = fmt.Sprintf("%s:%d", it.Host, port.Port)
				served, out = true, append(out, in.gatewayChain(it, c, at, port.Port)...)
			}
		}
	}
	if !served {
		f.Outcome, f.Summary = Fail, "the gateway does not serve "+it.Host
		f.Got, f.Fix = "no listener of the proxy has this server name", "kubectl get gateways.networking.istio.io -A   # does the selector of the one for "+it.Host+" name these pods, and does another one open the host? Then verify again"
		return one(f)
	}
	out = append(out, in.plainAnswers(it, f)...)
	if len(out) == 0 {
		f.Outcome, f.Summary = OK, "the gateway takes "+it.Host+" by mutual TLS, as asked for"
		if !it.ThroughGateway() {
			f.Got = strings.Join(it.SANs, ", ")
		}
		return one(f)
	}
	return out
}

// plainAnswers finds ports without TLS on which the gateway answers for the host, too.
func (in Input) plainAnswers(it *intent.Intent, f Finding) (out []Finding) {
	for _, p := range in.Proxy.Plain {
		if it.ThroughGateway() || !strings.EqualFold(p.Host, it.Host) {
			continue
		}
		f.Outcome, f.Summary = Fail, fmt.Sprintf("the gateway answers %s in plaintext, too, on port %d", it.Host, p.Port)
		f.Endpoint, f.Got = fmt.Sprintf("%s:%d", it.Host, p.Port), "a route of the plain port leads to a cluster, and callers are not sent to https"
		f.Fix = "kubectl get gateways.networking.istio.io -A   # a server with protocol HTTP and the host, without tls.httpsRedirect"
		out = append(out, f)
	}
	return out
}

// gatewayChain tells everything that is other than it should be; f is the finding to fill in.
func (in Input) gatewayChain(it *intent.Intent, c facts.Chain, f Finding, port int) (out []Finding) {
	add := func(o Outcome, summary, got, want string) {
		f.Outcome, f.Summary, f.Got, f.Want = o, summary, got, want
		f.Fix = "kubectl get gateways.networking.istio.io -A   # another Gateway of the host, or a change by hand"
		out = append(out, f)
	}
	switch mode := (facts.Inbound{Gateway: true, Chains: []facts.Chain{c}}).Mode(in.Proxy); mode {
	case facts.ModeMutual:
		if !c.RequireClientCert {
			add(Fail, "the gateway's certificates of clients are optional: only its list of names makes it demand one of clients of "+it.Host, string(facts.ModeOptionalMutual)+fmt.Sprintf(" on port %d", port), string(facts.ModeMutual))
		}
	case facts.ModeUnknown:
		add(Unknown, "what the gateway demands of clients of "+it.Host+" is not known", c.Socket.Problem, string(facts.ModeMutual))
	default:
		add(Fail, "the gateway lets clients of "+it.Host+" in without a certificate", fmt.Sprintf("%s on port %d", mode, port), string(facts.ModeMutual))
	}
	if it.ThroughGateway() && c.Socket.Validation.CA.Name != "ROOTCA" {
		add(Fail, "the gateway takes clients of "+it.Host+" that are not of the mesh", "CA "+c.Socket.Validation.CA.String(), "the mesh's root")
	}
	if got, want := names(c.Socket.Validation.SANs), slices.Sorted(slices.Values(it.SANs)); !it.ThroughGateway() && !slices.Equal(got, want) {
		add(Fail, "the clients that the gateway accepts are not those that were asked for", listOf(got), listOf(want))
	}
	for _, s := range []facts.Source{c.Socket.Cert, c.Socket.Validation.CA} {
		if state := in.Proxy.SecretState(s.Name); s.Kind != facts.SourceSDS || state != facts.StateActive && state != facts.StateStatic {
			add(Fail, "the gateway has not received its secret: no connection to "+it.Host+" succeeds", s.String(), "the Secret in namespace "+it.Namespace+", in the key names that Istio reads")
		}
	}
	out = append(out, in.doorCertificates(c, f, it.Host)...)
	if t := TrustOf(in.Proxy, c.Socket); t.Known && !it.ThroughGateway() && len(it.CA.Fingerprints) > 0 {
		var have []string
		for _, ca := range t.CA {
			have = append(have, ca.Fingerprint)
		}
		if !sameSet(have, it.CA.Fingerprints) {
			add(Fail, "the CA of the clients is not the one that was asked for", subjects(t.CA), "SHA-256 "+strings.Join(short(it.CA.Fingerprints), ", "))
		}
	}
	return out
}

// listOf writes names; none at all means that everybody with a certificate gets in.
func listOf(names []string) string {
	if len(names) == 0 {
		return "any certificate of the CA"
	}
	return strings.Join(names, ", ")
}
