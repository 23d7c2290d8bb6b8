package status

import (
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// voidPorts warns of policies that name the row's port and change nothing: those that name the Service's port where Istio counts
// container ports, and those without a selector, whose modes of ports Istio does not use (istio:
// pilot/pkg/security/authn/policy_applier.go, ComposePeerAuthentication). One whose mode the port has anyway is no loss.
func (t *table) voidPorts(r *Row) {
	for _, s := range r.Servers {
		if s.Policy.Mode == "" || s.Port == 0 {
			continue
		}
		lost := func(m facts.Mode, there bool) bool { return there && m != facts.ModeUnset && m != s.Policy.Mode }
		if p := t.Config.WorkloadPolicy(facts.Client{Namespace: s.Pod.Namespace, Labels: s.Pod.Labels}); p != nil && r.Port != s.Port && !t.ofContainer(s, r.Port) {
			_, own := p.Ports[s.Port]
			if m, there := p.Ports[r.Port]; lost(m, there) && !own {
				r.void(s, p.Object, m, fmt.Sprintf("%s says %s for port %d, which is the Service's: Istio counts container ports, and the container's is %d", p.Object, m, r.Port, s.Port),
					fmt.Sprintf("portLevelMtls of port %d in place of %d", s.Port, r.Port))
			}
		}
		for _, p := range t.Config.Policies {
			if len(p.Selector) > 0 || p.Object.Namespace != s.Pod.Namespace && p.Object.Namespace != t.Config.RootNamespace {
				continue
			}
			for _, port := range slices.Compact([]int{s.Port, r.Port}) {
				if m, there := p.Ports[port]; lost(m, there) {
					r.void(s, p.Object, m, fmt.Sprintf("%s says %s for port %d and has no selector: Istio uses modes of ports for selected workloads only", p.Object, m, port),
						fmt.Sprintf("a selector, in a policy of the workload's namespace, and portLevelMtls of port %d, the container's", s.Port))
				}
			}
		}
	}
}

// ofContainer tells whether a number is a port of the pod itself: one that it declares by name, or that some Service leads to.
func (t *table) ofContainer(s Server, port int) bool {
	i := slices.IndexFunc(t.Seen, func(p Seen) bool { return p.Pod.Target.Namespace == s.Pod.Namespace && p.Pod.Target.Pod == s.Pod.Pod })
	if i < 0 {
		return true // nobody knows
	}
	pod := t.Seen[i].Pod
	for _, own := range pod.Ports {
		if own == port {
			return true
		}
	}
	return slices.ContainsFunc(t.Config.Services, func(v facts.Service) bool {
		return v.Picks(pod) && slices.ContainsFunc(v.Ports, func(p facts.Port) bool { return pod.PortOf(v.Dialled(p)) == port })
	})
}

// void tells of one mode that is lost. The policy is what to change where nothing else is wrong, or where it would help.
func (r *Row) void(s Server, policy facts.Ref, lost facts.Mode, why, change string) {
	r.add(why)
	if r.Outcome == check.OK || r.Outcome == check.NotJudged {
		r.Outcome = check.Warn
	} else if r.PolicyFix == "" && !r.helped(s, lost) {
		return
	}
	r.PolicyFix = fmt.Sprintf("kubectl edit peerauthentication %s -n %s   # %s", policy.Name, policy.Namespace, change)
}

// helped tells whether a row whose ends do not fit may do so with the mode that was lost: the server's refuses what a client
// sends, or has to guess what it is, and the other would not.
func (r *Row) helped(s Server, lost facts.Mode) bool {
	if r.Verdict == check.VerdictMayConflict && s.Accepts.First {
		return lost != facts.ModePermissive
	}
	return slices.ContainsFunc(r.Clients, func(c Client) bool {
		return c.Verdict != check.VerdictOK && slices.ContainsFunc(c.Sends, func(sent Sent) bool { return refuses(s.Accepts.Mode, sent.What) && !refuses(lost, sent.What) })
	})
}

// refuses tells whether a port of the mode surely does not serve what is sent: the mesh's own TLS is what STRICT asks for, and
// what DISABLE leaves to the application.
func refuses(mode facts.Mode, sent check.Sends) bool {
	switch mode {
	case facts.ModeStrict:
		return sent == check.SendsPlain || sent == check.SendsSimple || sent == check.SendsAsIs
	case facts.ModeDisable:
		return sent == check.SendsMesh
	}
	return false
}
