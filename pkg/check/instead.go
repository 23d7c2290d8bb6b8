package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// instead: HTTP routes lead calls to the upstream's own host and port to other clusters. What its own gets then are
// calls to other names, or to other ports.
func instead(in Input, s Subject) []Finding {
	if s.Subset != "" {
		return nil
	}
	var out []Finding
	idle, gets := s.Active.Protocol == facts.ProtocolUnknown, ": what gets to this cluster are calls to another name or port"
	if idle {
		gets = ": they go another way, and nothing gets to this cluster"
	}
	for _, other := range s.Active.Instead {
		f := Finding{Object: ruleObject(s), Got: "the routes of " + s.Host + " lead to " + other.Cluster + ", and not to " + s.Cluster,
			Want: "TLS for calls to " + s.Host + ", because of " + s.Why, Fix: "kubectl get virtualservices -A   # whose hosts have " + s.Host + "?"}
		if idle {
			f.Want = "a listener or route that leads to it: a VirtualService, or another ServiceEntry on the same TCP port, may lead it elsewhere"
			f.Fix = "kubectl get virtualservices,serviceentries -A   # whose hosts or port have " + hostPort(s) + "?"
		}
		switch {
		case other.Kind == facts.SocketTLS, other.Kind != facts.SocketPlaintext && ofPort(s, other.Cluster) && !idle:
			continue
		case other.Kind == facts.SocketPlaintext:
			f.Outcome, f.Summary = Fail, fmt.Sprintf("calls to %s are led to %s and leave the sidecar in plaintext", hostPort(s), other.Cluster)+gets
			if strings.HasSuffix(other.Cluster, "|"+s.Host) && !in.promised(s) {
				f.Outcome = Warn
			}
		default:
			f.Summary = fmt.Sprintf("calls to %s are led to %s: what is sent there is not known", hostPort(s), other.Cluster)
		}
		out = append(out, f)
	}
	return out
}

// wanted tells whether somebody spoke of the subject: an intent, the user, or a rule that says anything.
func (in Input) wanted(s Subject) bool {
	return s.Intent != nil || len(in.To) > 0 || s.Decision.Found
}

// ledPlain tells whether calls to the subject's host, or some, are led elsewhere in plaintext.
func ledPlain(s Subject) bool {
	return slices.ContainsFunc(slices.Concat(s.Active.Shared, s.Active.Instead), func(other facts.Shared) bool { return other.Kind == facts.SocketPlaintext })
}

// warned makes warnings of failures: nobody wanted TLS there.
func warned(fs []Finding) []Finding {
	for i := range fs {
		if fs[i].Outcome == Fail {
			fs[i].Outcome = Warn
		}
	}
	return fs
}

// handedOn: nothing gets to the cluster, and calls to its host are led to others with TLS: to an egress gateway, as a rule.
// Who sends them on from there, and how, is for that one to tell.
func handedOn(s Subject) Finding {
	var to []string
	for _, other := range s.Active.Instead {
		if other.Kind != facts.SocketTLS {
			return Finding{}
		}
		to = append(to, other.Cluster)
	}
	if s.Subset != "" || len(to) == 0 {
		return Finding{}
	}
	if f := clashing(s); f.Summary != "" {
		return f
	}
	return Finding{Object: ruleObject(s), Summary: fmt.Sprintf("calls to %s are led to %s, with TLS: what is sent on from there is not known here", hostPort(s), strings.Join(to, ", ")),
		Got: "no listener and no route leads to " + s.Cluster, Want: "TLS all the way to " + s.Host, Fix: fmt.Sprintf("kubectl mesh-tls verify GATEWAY -n NAMESPACE --to %s   # at the workload that they are led to", hostPort(s))}
}

// clashing: a TCP host without addresses has the port for every address, and the next one of the same port gets none: its
// calls come to the first one's servers (as MT035 has it). A
// VirtualService may want that.
func clashing(s Subject) Finding {
	for _, l := range ofItsPort(s.Active.Listeners, s.Port) {
		if !everyAddress(l) || len(l.Clusters) != 1 || !strings.HasPrefix(l.Clusters[0], fmt.Sprintf("outbound|%d||", s.Port)) || !s.Active.External {
			continue
		}
		return Finding{Object: ruleObject(s), Summary: fmt.Sprintf("calls to %s are led to %s, another host of the same port, with TLS: to its servers, and with its certificate", hostPort(s), l.Clusters[0]),
			Got: "listener " + l.Listener + " for every address leads to " + l.Clusters[0], Want: "a listener that leads to " + s.Cluster,
			Fix: "kubectl get serviceentries,virtualservices -A   # of two TCP hosts on one port each needs addresses of its own, where no VirtualService wants it so"}
	}
	return Finding{}
}

// Handed tells of a cluster without TLS that nothing leads to, because HTTP routes lead all calls to its host and port to others,
// which have TLS: those count. Empty where it is not so.
func (in Input) Handed(s Subject) Finding {
	u := s.Active
	if u == nil || u.Protocol != facts.ProtocolUnknown || s.Subset != "" || len(u.Instead) == 0 || in.Proxy.Starting || in.Proxy.Node.Kind == facts.NodeRouter {
		return Finding{}
	}
	var to []string
	for _, other := range u.Instead {
		if to = append(to, other.Cluster); other.Kind != facts.SocketTLS {
			return Finding{}
		}
	}
	f := Finding{Outcome: Warn, Object: ruleObject(s), Summary: fmt.Sprintf("this cluster has no TLS, and no call takes it: calls to %s are led to %s, with TLS", hostPort(s), strings.Join(to, ", ")),
		Got: "no listener and no route leads to " + s.Cluster, Want: "TLS where the calls are led to"}
	if other := usedSibling(in, s); other != nil {
		return worseOf(f, stoodFor(in, s, other))
	}
	f.Outcome, f.Fix = Unknown, fmt.Sprintf("kubectl mesh-tls verify TARGET -n NAMESPACE --all   # judges %s", to[0])
	return f
}

// answeredHere: nothing gets to the cluster, because the sidecar answers all calls to its host by itself. None leaves.
func answeredHere(s Subject) Finding {
	if s.Subset != "" || !s.Active.Answered || len(s.Active.Instead) > 0 {
		return Finding{}
	}
	return Finding{Outcome: Warn, Object: ruleObject(s), Summary: fmt.Sprintf("the sidecar answers calls to %s by itself, by a redirect or a fixed response: none of them leaves", hostPort(s)),
		Got: "the routes of " + s.Host + " lead to no cluster", Want: "a route that leads to " + s.Cluster, Fix: "kubectl get virtualservices -A   # whose hosts have " + s.Host + "?"}
}

// overtaken: the same of TCP, where the listener that takes calls to an outside host and port leads elsewhere.
func overtaken(s Subject) []Finding {
	on := leading(s)
	ofPort := func(l facts.Outbound) bool { return l.Port == s.Port }
	if s.Subset != "" || !s.Active.External || s.Active.Protocol != facts.ProtocolTCP || len(on) == 0 || slices.ContainsFunc(on, ofPort) {
		return nil
	}
	for _, l := range s.Active.Listeners {
		if ofPort(l) && len(l.Clusters) > 0 && (everyAddress(l) || calledAt(s, l)) {
			to := strings.Join(l.Clusters, ", ")
			return one(Finding{Outcome: Fail, Object: ruleObject(s), Summary: fmt.Sprintf("calls to %s are led to %s, perhaps in plaintext: what gets to this cluster are calls to another name or port", hostPort(s), to),
				Got: "listener " + l.Listener + " leads to " + to, Want: "a listener that leads to " + s.Cluster, Fix: "kubectl get virtualservices,serviceentries -A   # whose hosts have " + s.Host + "?"})
		}
	}
	return nil
}

func hostPort(s Subject) string { return fmt.Sprintf("%s:%d", s.Host, s.Port) }
