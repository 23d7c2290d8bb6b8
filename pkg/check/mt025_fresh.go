package check

import (
	"fmt"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// late is how long a push may take before the control plane is what to look at: a busy istiod needs seconds.
const late = 30 * time.Second

// configFresh: MT025. What the cluster says is better evidence than times, which come from the clocks of two machines: a
// cluster that says all that its rule and its ServiceEntry say is not old, whatever was pushed when. Where that cannot be
// compared, the proxy must have accepted clusters that were made after the last change.
func configFresh() *Check {
	return &Check{
		ID: "MT025", Name: "config-fresh",
		Doc:   "what the proxy runs is not older than the last change of the rule and of the ServiceEntry behind it",
		Needs: []facts.Fact{facts.FactClusters, facts.FactRules},
		Applies: func(in Input, s Subject) bool {
			_, lacks := in.lacksRules()
			return !lacks && s.Active != nil && hasTLSSocket(in, s) && s.Decision.Found && s.Decision.Unsure == ""
		},
		Upstream: func(in Input, s Subject) []Finding {
			shows := shownBy(in, s)
			if shows.same() {
				return ok("the cluster says all that its rule says")
			}
			pushed := pushOf(in, s)
			if shows.differs == "" && pushed.after() {
				return ok("the proxy accepted configuration that was made after the rule's last change")
			}
			return one(stale(in, s, shows, pushed))
		},
	}
}

// push compares the times of the newest change and of the newest clusters that the proxy accepted.
type push struct {
	object        facts.Ref
	changed, made time.Time
	refused       uint64
	cluster       time.Time // the cluster itself was updated then, by the proxy's clock
}

func pushOf(in Input, s Subject) push {
	p := push{object: s.Decision.Rule.Object, changed: s.Decision.Rule.Changed, made: in.Proxy.Updates.ClustersMade, cluster: s.Active.Updated}
	for _, e := range entriesOf(in, s) {
		if e.Changed.After(p.changed) {
			p.object, p.changed = e.Object, e.Changed
		}
	}
	if n := in.Proxy.Updates.ClustersRejected; n != nil {
		p.refused = *n
	}
	return p
}

// after tells whether the proxy surely has what was last changed. Both times are in whole seconds and a push follows a
// change, so the same second is after. A proxy that refused updates may have taken some clusters of a push and not
// others (Envoy: CdsApiHelper::onConfigUpdate), so there the cluster's own time counts.
func (p push) after() bool {
	if p.changed.IsZero() || p.made.IsZero() || p.made.Before(p.changed) {
		return false
	}
	return p.refused == 0 || !p.cluster.Before(p.changed)
}

func stale(in Input, s Subject, shows shown, p push) Finding {
	f := Finding{Outcome: Unknown, Object: p.object.String(), Summary: "whether the proxy has the newest version of its rule is not known",
		Got: shows.why() + "; " + p.String(in.Now), Want: "a cluster made of the rule as it is now", Fix: "kubectl get pods -n " + in.Config.RootNamespace + " -l app=istiod; istioctl proxy-status"}
	switch {
	case !p.made.IsZero() && p.made.Before(p.changed) && p.refused > 0:
		f.Summary = "the proxy runs configuration from before the last change: it refused what came later"
		f.Fix = "istioctl proxy-status; " + proxyLog(in.Proxy.Target, "rejected")
	case !p.made.IsZero() && p.made.Before(p.changed):
		f.Summary = "the proxy runs configuration from before the last change"
	}
	if !p.changed.IsZero() && in.Now.Sub(p.changed) < late {
		f.Fix = in.again(s, f.Fix)
	}
	return f
}

// String tells the times.
func (p push) String(now time.Time) string {
	text := p.object.String() + " was changed at a time that is not known"
	if !p.changed.IsZero() {
		text = fmt.Sprintf("%s was changed %s (%s ago)", p.object, p.changed.UTC().Format(time.RFC3339), now.Sub(p.changed).Round(time.Second))
	}
	if p.made.IsZero() {
		return text + ", and when the proxy's configuration was made is not known (cluster_manager.cds.version_text)"
	}
	text += ", the newest configuration that the proxy accepted was made " + p.made.UTC().Format(time.RFC3339)
	if p.refused > 0 {
		text += fmt.Sprintf(", and it refused %d", p.refused)
	}
	return text
}
