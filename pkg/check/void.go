package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// void gives a subject for each rule that asks for TLS to a host, or a port of one, that the proxy has no cluster for: Istio puts a rule's
// settings on clusters, and on nothing else. Only rules that somebody wrote for clients like this one: those of its own
// namespace, and those beside a ServiceEntry that covers the host by a wildcard.
func (in Input) void(have []Subject) []Subject {
	if _, lacks := in.lacksRules(); !in.Void || lacks || in.Proxy.Node.Kind == facts.NodeRouter {
		return nil
	}
	known, ports := map[string]bool{}, map[string]bool{}
	for _, s := range have {
		known[strings.ToLower(s.Host)], ports[strings.ToLower(hostPort(s))] = true, true
	}
	var out []Subject
	rules, names := in.rules(), in.coverage()
	for _, r := range in.Config.Rules {
		host := strings.ToLower(r.FullHost())
		if host == "" || strings.HasPrefix(host, "*") || !wantsTLS(r) || r.Mode == "DISABLE" || r.Owner != "" {
			continue
		}
		if at := fmt.Sprintf("%s:%d", host, r.Port); known[host] {
			if r.Port != 0 && r.Subset == "" && !ports[at] && r.Object.Namespace == in.client().Namespace && rules.Effective(in.client(), host, r.Port, "").Rule.Object == r.Object {
				ports[at] = true
				out = append(out, voidOf(r, host))
			}
			continue
		}
		u := names.takes(host, r.Port)
		if u == nil && r.Object.Namespace != in.client().Namespace {
			continue
		}
		d := rules.Effective(in.client(), host, r.Port, r.Subset)
		if counts := d.Found && d.Rule.Object == r.Object; !counts && !in.besideWildcard(r, u) {
			continue
		}
		known[host], ports[fmt.Sprintf("%s:%d", host, r.Port)] = true, true
		out = append(out, voidOf(r, host))
	}
	return out
}

// voidOf is the subject of a rule that is put on no cluster.
func voidOf(r facts.Rule, host string) Subject {
	return Subject{Cluster: fmt.Sprintf("outbound|%d||%s", r.Port, host), Host: host, Port: r.Port, Meant: true, Why: r.Object.String(), Decision: facts.Decision{Rule: r, Found: true}}
}

// besideWildcard tells whether a rule stands beside the ServiceEntry whose wildcard takes the calls of its host, and this
// client sees it.
func (in Input) besideWildcard(r facts.Rule, u *facts.Upstream) bool {
	if u == nil || r.Selector != nil || len(r.ExportTo) > 0 && !slices.Contains(r.ExportTo, "*") && !slices.Contains(r.ExportTo, in.client().Namespace) {
		return false
	}
	return slices.ContainsFunc(in.Config.Services, func(s facts.Service) bool {
		return s.Object.Namespace == r.Object.Namespace && slices.Contains(s.Hosts, u.Host)
	})
}

// ruleWithoutCluster is what MT001 says of such a rule: what becomes of the host's calls.
func ruleWithoutCluster(in Input, s Subject) Finding {
	f := Finding{Outcome: Warn, Object: s.Decision.Rule.Object.String(), Got: "no cluster for " + s.Host, Want: "a ServiceEntry or Service of exactly this host, that this client sees",
		Summary: fmt.Sprintf("the rule asks for TLS to %s, and the sidecar knows no such host: the rule does nothing, and calls to it, if there are any, %s", s.Host, in.unknownCalls()),
		Fix:     "kubectl get serviceentries,services,sidecars.networking.istio.io -A   # who has " + s.Host + ", and does a Sidecar hide it?"}
	if ports := in.portsOf(s.Host); len(ports) > 0 {
		return in.ruleOfNoPort(s, ports)
	}
	u := in.takes(s.Host, s.Port)
	if u == nil {
		return f
	}
	f.Got = "calls take the cluster " + u.Cluster
	f.Summary = fmt.Sprintf("the rule does nothing: the sidecar knows %s only as %s, whose own rules count for it", s.Host, u.Host)
	f.Fix = fmt.Sprintf("kubectl get serviceentries,services -A   # %s needs a ServiceEntry of its own, or the rule must be for %s", s.Host, u.Host)
	sockets, seen := (Subject{Active: u}).InEffect()
	if seen && slices.ContainsFunc(sockets, func(k facts.Socket) bool { return k.Kind == facts.SocketPlaintext }) {
		f.Outcome, f.Summary = Fail, f.Summary+"; its calls leave in plaintext"
	}
	return f
}

// ruleOfNoPort is the same of a setting for a port that the host does not have. The port behind it (targetPort) is the
// usual mistake: settings count the host's own (istio: MergeTrafficPolicy).
func (in Input) ruleOfNoPort(s Subject, ports []string) Finding {
	r := s.Decision.Rule.Object
	f := Finding{Outcome: Warn, Object: r.String(), Got: "the sidecar has the host for port " + strings.Join(ports, ", "), Want: "a setting for a port of the host",
		Summary: fmt.Sprintf("the rule asks for TLS to port %d of %s, and the sidecar knows no such port of it: the setting does nothing", s.Port, s.Host),
		Fix:     r.Edit()}
	for _, svc := range in.rules().Services(s.Host) {
		for _, p := range svc.Ports {
			if p.Target == s.Port && p.Number != s.Port && !p.OwnTLS() && in.sentPlain(s.Host, p.Number) {
				f.Outcome, f.Summary = Fail, fmt.Sprintf("%s; port %d is the one behind the host's port %d, whose calls leave in plaintext", f.Summary, s.Port, p.Number)
			}
		}
	}
	return f
}

// sentPlain tells whether calls to a port of a host surely leave in plaintext, or some.
func (in Input) sentPlain(host string, port int) bool {
	return slices.ContainsFunc(in.Proxy.Upstreams, func(u facts.Upstream) bool {
		s := Subject{Cluster: u.Cluster, Host: u.Host, Port: u.Port, Active: &u}
		sockets, seen := s.InEffect()
		return u.Host == host && u.Port == port && u.Subset == "" && u.State != facts.StateWarming && seen && in.Handed(s).Summary == "" &&
			slices.ContainsFunc(sockets, func(k facts.Socket) bool { return k.Kind == facts.SocketPlaintext })
	})
}
