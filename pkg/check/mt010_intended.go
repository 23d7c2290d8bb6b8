package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// asIntended: MT010.
func asIntended() *Check {
	return &Check{
		ID: "MT010", Name: "as-intended",
		Doc:     "the proxy has the SNI, the names, the CA, the client certificate and the route that the intent asked for",
		Needs:   []facts.Fact{facts.FactClusters},
		Applies: func(in Input, s Subject) bool { return s.Intent != nil && hasTLSSocket(in, s) },
		Upstream: func(in Input, s Subject) []Finding {
			var out []Finding
			for _, k := range s.TLSSockets() {
				out = append(out, drift(in, s, k)...)
			}
			out = slices.Concat(out, unrouted(in, s), bypassed(in, s), beyond(in, s))
			if len(out) == 0 {
				return ok("the proxy has what the intent asked for")
			}
			return out
		},
	}
}

func drift(in Input, s Subject, k facts.Socket) []Finding {
	it := s.Intent
	var out []Finding
	add := func(o Outcome, what, got, want string) {
		out = append(out, Finding{Outcome: o, Object: ruleObject(s), Summary: "the " + what + " is not the one that was asked for", Got: got, Want: want, Fix: enableAgain(s)})
	}
	if it.SNI != "" && k.SNI != it.SNI {
		add(Fail, "SNI", "sni "+quoteEmpty(k.SNI), "sni "+it.SNI)
	}
	if got := names(k.Validation.SANs); (len(got) > 0 || it.LeadsToGateway()) && !slices.Equal(got, slices.Sorted(slices.Values(it.SANs))) {
		add(Fail, "list of names that are accepted", quoteEmpty(strings.Join(got, ", ")), strings.Join(it.SANs, ", "))
	}
	if want, known := pairSource(*it); known && !want(k.Cert) {
		o := Fail
		if it.Certificate.Kind == intent.PairNone { // more than was asked for, and whether the server minds is another question
			o = Warn
		}
		add(o, "client certificate", k.Cert.String(), pairWord(*it))
	}
	if got := leafPrint(in.Proxy, k.Cert); it.Certificate.Fingerprint != "" && got != "" && got != it.Certificate.Fingerprint {
		add(Fail, "client certificate in the proxy", "SHA-256 "+short([]string{got})[0], "SHA-256 "+short([]string{it.Certificate.Fingerprint})[0])
	}
	t := TrustOf(in.Proxy, k)
	if len(it.CA.Fingerprints) > 0 && t.Known && t.Source.Kind != facts.SourceNone {
		var have []string
		for _, c := range t.CA {
			have = append(have, c.Fingerprint)
		}
		if !sameSet(have, it.CA.Fingerprints) {
			add(Fail, "CA in the proxy", count(uint64(len(t.CA)), "certificate")+": "+subjects(t.CA), count(uint64(len(it.CA.Fingerprints)), "certificate")+" with SHA-256 "+strings.Join(short(it.CA.Fingerprints), ", "))
		}
		return out // what it holds counts, wherever it comes from
	}
	if want := caSecret(*it); want != "" && k.Validation.CA.Kind == facts.SourceSDS && !fromObject(k.Validation.CA.Name, want) {
		o := Warn
		if k.Validation.CA.Name == publicCAs { // anybody who owns the name gets such a certificate
			o = Fail
		}
		add(o, "place that the CA comes from", k.Validation.CA.Name, want)
	}
	return out
}

// leafPrint is the fingerprint of the certificate that a delivered secret holds; "" where
// that was not seen.
func leafPrint(p *facts.Proxy, s facts.Source) string {
	if chain := leafChain(p, s); len(chain) > 0 {
		return chain[0].Fingerprint
	}
	return ""
}

// unrouted tells when calls to the plain port do not reach the cluster that carries
// TLS: no HTTP route leads to it, so the VirtualService is gone, or another one wins.
func unrouted(in Input, s Subject) []Finding {
	it := s.Intent
	if len(it.Ports) == 0 {
		return nil
	}
	from := it.Ports[0].Number
	if to, routed := it.RoutedFrom(from); !routed || to != s.Port {
		return nil
	}
	f := Finding{Object: facts.Ref{Kind: "VirtualService", Namespace: it.Namespace, Name: it.Name}.String(), Want: fmt.Sprintf("a route from port %d to port %d", from, s.Port), Fix: enableAgain(s)}
	switch why, missing := in.Proxy.Lacks(facts.FactListeners); {
	case s.Serving().Protocol == facts.ProtocolHTTP || s.Serving().Protocol == facts.ProtocolMixed:
		return in.unledToo(f, *it, from)
	case missing:
		f.Outcome, f.Summary, f.Got = Unknown, fmt.Sprintf("whether calls to port %d are led to the cluster with TLS is not known", from), why
	default:
		f.Outcome, f.Summary = Fail, fmt.Sprintf("calls to http://%s:%d do not reach the cluster with TLS: they leave the sidecar in plaintext", it.Host, from)
		if it.ThroughGateway() {
			f.Summary = fmt.Sprintf("calls to http://%s:%d do not take the way through gateway %s", it.Target(), from, it.Through.Service)
		}
		f.Got = "no HTTP route of the proxy leads to " + s.Cluster + ": the VirtualService is gone, not received yet, or another one wins"
	}
	return one(f)
}

// unledToo tells when only some calls to the plain port are led to the cluster with TLS: a route for the rest, by path or
// header, leads to the port's own cluster.
func (in Input) unledToo(f Finding, it intent.Intent, from int) []Finding {
	i := slices.IndexFunc(in.Proxy.Upstreams, func(u facts.Upstream) bool {
		return u.Direction != "inbound" && strings.EqualFold(u.Host, it.Host) && u.Port == from && (u.Protocol == facts.ProtocolHTTP || u.Protocol == facts.ProtocolMixed) &&
			slices.ContainsFunc(u.Candidates(), func(k facts.Socket) bool { return k.Kind != facts.SocketTLS })
	})
	if i < 0 || it.LeadsToGateway() {
		return nil
	}
	f.Outcome, f.Summary = Fail, fmt.Sprintf("some calls to http://%s:%d do not reach the cluster with TLS: they leave the sidecar in plaintext", it.Host, from)
	f.Got = "an HTTP route of the proxy leads to " + in.Proxy.Upstreams[i].Cluster + ", too"
	return one(f)
}

func names(ms []facts.NameMatch) []string {
	var out []string
	for _, m := range ms {
		out = append(out, m.String())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

func subjects(cs []facts.Certificate) string {
	var out []string
	for i, c := range cs {
		if i == 3 {
			return strings.Join(out, "; ") + "; ..."
		}
		out = append(out, c.Label()+" (SHA-256 "+short([]string{c.Fingerprint})[0]+")")
	}
	return strings.Join(out, "; ")
}

func short(prints []string) []string {
	out := make([]string, 0, len(prints))
	for _, p := range prints {
		out = append(out, p[:min(16, len(p))])
	}
	return out
}

func quoteEmpty(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}
