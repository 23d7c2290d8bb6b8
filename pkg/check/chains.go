package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// parted: of a listener that leads to the cluster, another filter chain may take the calls, or some of them, by the
// address that is called, the one that calls, or what is said first.
func parted(in Input, s Subject) []Finding {
	var out []Finding
	for _, l := range leading(s) {
		if takesTLSOnly(s, l) {
			continue // plain calls come in by another listener, or do not come to the cluster at all
		}
		f := Finding{Object: ruleObject(s), Got: "listener " + l.Listener, Want: "filter chains of which none but those of " + s.Host + " takes its calls",
			Fix: "kubectl get envoyfilters,serviceentries.networking.istio.io -A   # whose addresses hold that of " + s.Host + "?"}
		if l.Chooses == "" {
			out = append(out, in.chainsOf(s, l, f)...)
			continue
		}
		if slices.ContainsFunc(l.Chains, func(ch facts.FilterChain) bool {
			return ch.Leads != "" || !leadsTo(ch, s) && len(ch.To)+len(ch.Routes) > 0
		}) {
			f.Summary = "which calls to " + s.Host + " take its cluster is not known: the listener picks its filter chains by " + l.Chooses + ", which is not evaluated here"
			out = append(out, f)
		}
	}
	return out
}

// takesTLSOnly tells whether a listener leads nothing to the cluster but TLS that the application speaks by itself, as
// that of a port with protocol HTTPS or TLS does. A VirtualService may lead plain calls of another port there.
func takesTLSOnly(s Subject, l facts.Outbound) bool {
	there := false
	for _, ch := range l.Chains {
		if leadsTo(ch, s) {
			there = true
			if !takesTLS(ch) || l.Chooses != "" {
				return false
			}
		}
	}
	return there
}

func takesTLS(ch facts.FilterChain) bool {
	return ch.Match.Transport == "tls" || len(ch.Match.Names) > 0
}

// plainIsHTTP tells whether all plain calls that are meant for the cluster are HTTP. What it takes beside HTTP may be TLS
// of the application, which stays as it is.
func plainIsHTTP(s Subject) bool {
	if s.Active.Protocol == facts.ProtocolHTTP {
		return true
	}
	tls := false
	for _, l := range s.Active.Listeners {
		if slices.Contains(l.Clusters, s.Cluster) && (len(l.Chains) == 0 || l.Chooses != "") {
			return false
		}
		for _, ch := range l.Chains {
			if slices.ContainsFunc(ch.To, func(t facts.Shared) bool { return t.Cluster == s.Cluster }) {
				if !takesTLS(ch) {
					return false
				}
				tls = true
			}
		}
	}
	return tls && len(s.Active.Routes) > 0
}

// byRoutes tells whether a listener leads nothing to the cluster but what its HTTP routes do: other calls that it takes were
// never meant for it.
func byRoutes(s Subject, l facts.Outbound) bool {
	return !slices.Contains(l.Clusters, s.Cluster) && !slices.ContainsFunc(l.Chains, func(ch facts.FilterChain) bool {
		return slices.ContainsFunc(ch.To, func(t facts.Shared) bool { return t.Cluster == s.Cluster })
	})
}

func leadsTo(ch facts.FilterChain, s Subject) bool {
	return slices.Contains(s.Active.Routes, ch.Routes) || slices.ContainsFunc(ch.To, func(t facts.Shared) bool { return t.Cluster == s.Cluster })
}

// chainsOf judges the filter chains of one listener, each once.
func (in Input) chainsOf(s Subject, l facts.Outbound, f Finding) []Finding {
	var out []Finding
	told := map[int]bool{}
	for _, c := range in.calls(s, l) {
		takers, sure := facts.ChainsFor(l.Chains, c)
		for _, i := range takers {
			one := f
			if told[i] || !in.strays(s, l.Chains[i], c, sure, &one) {
				continue
			}
			told[i] = true
			one.Got += ", filter chain " + chainName(l.Chains[i], i)
			out = append(out, one)
		}
	}
	return out
}

// strays tells whether a filter chain leads calls away, and puts into f what becomes of them.
func (in Input) strays(s Subject, ch facts.FilterChain, c facts.Call, sure bool, f *Finding) bool {
	at := "calls to " + s.Host
	if c.To.IsValid() {
		at += " at " + c.To.String()
	}
	if ch.Leads != "" {
		f.Summary = "where " + at + " are led to is not known: " + ch.Leads
		return true
	}
	if leadsTo(ch, s) {
		return false // others beside it are told as shared
	}
	if ch.Routes != "" && c.ALPN != "" && s.Active.Protocol == facts.ProtocolTCP {
		return false // of HTTP on a TCP port nobody spoke
	}
	kind, names := facts.SocketTLS, []string{}
	for _, t := range ch.To {
		if names = append(names, t.Cluster); kind == facts.SocketTLS || t.Kind == facts.SocketPlaintext {
			kind = t.Kind
		}
	}
	to := strings.Join(names, ", ")
	switch {
	case len(ch.To) == 0 && ch.Routes != "":
		f.Summary = at + " are taken by another filter chain, or some of them, and led to whatever its HTTP routes say: perhaps in plaintext"
	case len(ch.To) == 0, kind == facts.SocketTLS:
		return false // it closes them; or TLS it is, as with weights
	case kind == facts.SocketPlaintext && sure:
		f.Outcome, f.Summary = Fail, at+" are taken by another filter chain, or some of them: they are led to "+to+" and leave the sidecar in plaintext"
		if !in.promised(s) {
			f.Outcome = Warn
		}
	default:
		f.Summary = "whether " + at + " are led past the TLS is not known: a filter chain that may take them leads to " + to
	}
	return true
}

func chainName(ch facts.FilterChain, i int) string {
	switch {
	case ch.Name != "":
		return ch.Name
	case ch.Fallback:
		return "by default"
	}
	return fmt.Sprintf("number %d", i+1)
}

// calls are those that the application may make to the host by way of a listener.
func (in Input) calls(s Subject, l facts.Outbound) []facts.Call {
	if len(l.Chains) == 0 {
		return nil
	}
	said := []string{""}
	switch {
	case l.Inspects && (plainIsHTTP(s) || byRoutes(s, l)):
		said = []string{"http/1.1", "h2c"}
	case l.Inspects:
		said = []string{"", "http/1.1", "h2c"}
	}
	var out []facts.Call
	for _, to := range in.called(s, l) {
		for _, alpn := range said {
			out = append(out, facts.Call{To: to, From: in.podAddress(), Port: l.Port, ALPN: alpn})
		}
	}
	return out
}

// called are the addresses that the application calls; one that is not valid stands for those that are not known. Only
// clusters that Envoy resolves by DNS tell what the application resolves, too.
func (in Input) called(s Subject, l facts.Outbound) []netip.Addr {
	var out []netip.Addr
	add := func(text string) {
		if a, err := netip.ParseAddr(text); err == nil && !slices.Contains(out, a.Unmap()) {
			out = append(out, a.Unmap())
		}
	}
	if !everyAddress(l) {
		for _, a := range append([]string{l.Address}, l.Also...) {
			add(a)
		}
		return out
	}
	if in.Config != nil {
		for _, svc := range in.rules().Services(s.Host) {
			for _, a := range svc.Addresses {
				add(a)
			}
		}
	}
	if slices.Contains([]string{"STRICT_DNS", "LOGICAL_DNS"}, s.Active.Type) {
		for _, e := range s.Active.Endpoints {
			if at, err := netip.ParseAddrPort(e.Address); err == nil {
				add(at.Addr().String())
			}
		}
	}
	if len(out) == 0 {
		out = append(out, netip.Addr{})
	}
	return out
}

// podAddress stands in the node's id: sidecar~10.0.0.1~POD.NAMESPACE~DOMAIN (istio: pkg/model/proxy.go, ServiceNode).
func (in Input) podAddress() netip.Addr {
	if parts := strings.Split(in.Proxy.Node.ID, "~"); len(parts) == 4 {
		a, _ := netip.ParseAddr(parts[1])
		return a
	}
	return netip.Addr{}
}
