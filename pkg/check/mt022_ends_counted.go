package check

import (
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// endsCounted: MT022. Counters are of the clusters' life: the server's sidecar also
// counts the calls of others, so it must count at least what the client did. For each connection that the application did
// not take (it was not listening yet, as a rule) a call had come in, opened and let through, and Envoy does not count that
// one among the calls (seen with Envoy 1.39 and a database that started late: cx_total 74, cx_connect_fail 1, rq_total 73).
func endsCounted() *Check {
	return &Check{
		ID: "MT022", Name: "ends-counted",
		Doc:   "at least as many calls came through the server's sidecar as the client's sidecar sent to it",
		Needs: []facts.Fact{facts.FactClusters},
		Applies: func(in Input, s Subject) bool {
			return paired(in, s) && len(in.countedEnds(s)) > 0
		},
		Upstream: func(in Input, s Subject) []Finding {
			var out []Finding
			for _, e := range in.countedEnds(s) {
				sent, served, unanswered := e.Hosts.Requests, servedAt(e).Requests, servedAt(e).Failed
				f := Finding{Outcome: OK, Endpoint: e.Name, Summary: fmt.Sprintf("the client counts %s to %s, the server %d", count(sent, "call"), e.Name, served)}
				if served < sent && unanswered > 0 {
					f.Summary += fmt.Sprintf(" and %s that its application did not take", count(unanswered, "connection"))
				}
				if served+unanswered < sent {
					f.Outcome, f.Object, f.Got, f.Want = Warn, "Pod "+e.Name, f.Summary, "a server that counts at least as many"
					f.Summary = "calls that the client sent were not handed to the application: refused, or the server's sidecar restarted since"
					f.Fix = fmt.Sprintf("kubectl logs %s -n %s -c %s --tail=20", e.Peer.Pod.Target.Pod, e.Peer.Pod.Target.Namespace, e.Peer.Pod.Target.Container)
				}
				out = append(out, f)
			}
			return out
		},
	}
}

// countedEnds are those of which both sides' counters were seen.
func (in Input) countedEnds(s Subject) []End {
	ends, _ := EndsOf(s.Serving(), *in.pairOf(s))
	var out []End
	for _, e := range ends {
		if e.Hosts != nil && servedAt(e) != nil {
			out = append(out, e)
		}
	}
	return out
}

// servedAt is what the server's sidecar counts on the port; nil: not seen.
func servedAt(e End) *facts.HostCounters {
	if e.Peer == nil || e.Peer.Proxy == nil {
		return nil
	}
	for i := range e.Peer.Proxy.Inbound {
		if in := &e.Peer.Proxy.Inbound[i]; in.Port == e.Port && !in.Gateway {
			return in.Served
		}
	}
	return nil
}
