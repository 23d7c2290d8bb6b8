package check

import (
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// updatesAccepted: MT014. Counters go back to the proxy's start, so a refused
// update is a warning: a later one may have been accepted.
func updatesAccepted() *Check {
	return &Check{
		ID: "MT014", Name: "updates-accepted",
		Doc: "the proxy refused no configuration since it started",
		Proxy: func(in Input) []Finding {
			if f := refusedListeners(in); len(f) > 0 {
				return f
			}
			if _, missing := in.Proxy.Lacks(facts.FactUpdates); missing {
				return nil // shown among the facts that are missing
			}
			u := in.Proxy.Updates
			var n uint64
			absent := ""
			for _, c := range []struct {
				name  string
				count *uint64
			}{{"listener_manager.lds.update_rejected", u.ListenersRejected}, {"cluster_manager.cds.update_rejected", u.ClustersRejected}} {
				if c.count == nil {
					absent = c.name
					continue
				}
				n += *c.count
			}
			switch {
			case n == 0 && absent != "":
				return one(Finding{Summary: "whether the proxy refused an update is not known", Got: "no counter " + absent, Want: "the counter, which Istio keeps as a rule"})
			case n == 0:
				return ok("no update was refused")
			}
			return one(Finding{Outcome: Warn, Summary: "the proxy refused " + count(n, "configuration update") + " since it started: what it runs may be older than the rules",
				Got: fmt.Sprintf("update_rejected %d", n), Want: "0", Fix: "istioctl proxy-status; " + proxyLog(in.Proxy.Target, "rejected")})
		},
	}
}

// refusedListeners reports listeners that Envoy refused: what it says is why.
func refusedListeners(in Input) []Finding {
	var out []Finding
	for _, r := range in.Proxy.Rejected {
		f := Finding{Outcome: Warn, Summary: "the proxy refused the newest version of listener " + r.Listener + " and serves an older one", Got: r.Why, Want: "a listener that the proxy accepts", Fix: "istioctl proxy-status; kubectl get envoyfilters -A   # one that this version of Envoy does not take?"}
		if !r.Serving {
			f.Summary = "the proxy refused listener " + r.Listener + ", and none of that name serves"
		}
		out = append(out, f)
	}
	return out
}
