package conflict

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// PreviewInput is what a look ahead at a strict intent may see.
type PreviewInput struct {
	Input                          // Pods are those of the whole mesh
	Ingresses []facts.Ingress      // of the namespaces of the servers
	Counted   map[string]Plaintext // by NAMESPACE/POD of the servers
}

// Plaintext is what a server's sidecar counted, or why that could not be read.
type Plaintext struct {
	facts.Plaintext
	Err string
}

// Locked is somebody who could not get in any more, or why nobody can tell: Fail is
// sure, Warn may be.
type Locked struct {
	Kind    string // see the constants
	Outcome check.Outcome
	Who     string // who would be locked out
	Server  string // of what
	Why     string
	Fix     string
}

// Kinds of Locked.
const (
	LockedRule      = "client rule"
	LockedCounted   = "plaintext seen"
	LockedNoSidecar = "no sidecar"
	LockedEntry     = "entry from outside"
	LockedHeadless  = "headless service"
	LockedProbe     = "probe"
	LockedUnread    = "not read"
)

// server is a pod that takes less than before: its ports that become STRICT.
type server struct {
	facts.Pod
	ports []int // container ports; 0 stands for those without a mode of their own
}

// Preview tells who would be locked out by a strict intent, those that are sure first,
// and how many pods become stricter.
func Preview(in PreviewInput) (locked []Locked, stricter int) {
	in.Input = in.prepared()
	servers := in.servers()
	var out []Locked
	for _, look := range []func([]server) []Locked{in.byRules, in.byCounters, in.byProbes, in.byEntries, in.byIngress, in.byHeadless, in.withoutSidecar} {
		out = append(out, look(servers)...)
	}
	for _, m := range in.Missing {
		out = append(out, Locked{Kind: LockedUnread, Outcome: check.Unknown, Who: "not known", Why: m.What + ": " + m.Why})
	}
	rank := map[check.Outcome]int{check.Fail: 0, check.Unknown: 1, check.Warn: 2}
	slices.SortStableFunc(out, func(a, b Locked) int { return cmp.Compare(rank[a.Outcome], rank[b.Outcome]) })
	return out, len(servers)
}

// Worst is the outcome of a preview: somebody is surely locked out, else it could not
// be told, else it is fine.
func Worst(all []Locked) check.Outcome {
	for _, o := range []check.Outcome{check.Fail, check.Unknown} {
		if slices.ContainsFunc(all, func(l Locked) bool { return l.Outcome == o }) {
			return o
		}
	}
	return check.OK
}

// servers lists the pods of the intent's scope that become STRICT on some port.
func (in PreviewInput) servers() []server {
	after := in.others()
	for _, p := range in.Plan.Policies {
		p.Created = in.Now
		for _, old := range in.There.Policies {
			if old.Object == p.Object {
				p.Created = old.Created
			}
		}
		after.Policies = append(after.Policies, p)
	}
	var out []server
	for _, pod := range in.Pods {
		if !pod.Proxied() || pod.Target.Gateway || !in.Intent.Mesh && pod.Target.Namespace != in.Intent.Namespace || !covers(in.Intent.Workload, pod.Target.Labels) {
			continue
		}
		w := facts.Client{Namespace: pod.Target.Namespace, Labels: pod.Target.Labels}
		s := server{Pod: pod}
		for _, port := range in.portsAt(pod) {
			if after.InboundPolicy(w, port).Mode == facts.ModeStrict && in.There.InboundPolicy(w, port).Mode != facts.ModeStrict {
				s.ports = append(s.ports, port)
			}
		}
		if len(s.ports) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// Servers lists the pods that would take less than now: whose counters are worth asking.
func (in PreviewInput) Servers() []facts.Pod {
	in.Input = in.prepared()
	var out []facts.Pod
	for _, s := range in.servers() {
		out = append(out, s.Pod)
	}
	return out
}

// portsAt are the container ports of a pod that somebody names, and 0 for the others.
func (in PreviewInput) portsAt(pod facts.Pod) []int {
	found := map[int]bool{0: true}
	for _, p := range pod.Ports {
		found[p] = true
	}
	for _, s := range in.There.Services {
		if s.Picks(pod) {
			for _, p := range s.Ports {
				found[pod.PortOf(p)] = true
			}
		}
	}
	delete(found, 15090) // the sidecar's own
	return slices.Sorted(maps.Keys(found))
}

// closes tells whether a container port of the server becomes STRICT.
func (s server) closes(port int) bool {
	return slices.Contains(s.ports, port)
}

// led gives the services that lead to a closing port of some server, with that port.
func (in PreviewInput) led(servers []server, do func(s facts.Service, p facts.Port, at server)) {
	for _, s := range in.There.Services {
		for _, p := range s.Ports {
			if n := slices.IndexFunc(servers, func(x server) bool { return s.Picks(x.Pod) && x.closes(x.PortOf(p)) }); n >= 0 {
				do(s, p, servers[n])
			}
		}
	}
}

func serviceText(s facts.Service, p facts.Port) string {
	return fmt.Sprintf("%s:%d", strings.TrimPrefix(s.Object.String(), "Service "), p.Number)
}
