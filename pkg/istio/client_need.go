package istio

import (
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// need is what clients with a sidecar have to send to a port of a Service once the plan
// is in force. The zero value is not known.
type need int

const (
	needUnknown need = iota
	needEither       // every pod takes mutual TLS and plaintext
	needMutual       // some pod takes mutual TLS only, and all take it
	needPlain        // some pod takes plaintext only, and all take it
)

// called is a port of a Service in the plan's scope.
type called struct {
	service facts.Service
	host    string
	port    facts.Port
	need    need
	why     string // it needs plaintext
}

func (c called) String() string {
	return fmt.Sprintf("%s/%s:%d", c.service.Object.Namespace, c.service.Object.Name, c.port.Number)
}

// called lists the ports of the scope's Services, by name, and what cannot be: a port
// behind which one pod takes only mutual TLS and another only plaintext.
func (p *clientPlan) called() []called {
	var out []called
	for _, s := range p.there.Services {
		if s.Object.Kind != kindService || len(s.Hosts) == 0 || !p.inScope(s) {
			continue
		}
		for _, port := range s.Ports {
			c := called{service: s, host: s.Hosts[0], port: port}
			c.need, c.why = p.needOf(s, port)
			if c.need != needUnknown {
				out = append(out, c)
				continue
			}
			p.refuse("%s: %s", c, c.why)
		}
	}
	return out
}

// inScope tells whether the plan may make pods of the Service strict.
func (p *clientPlan) inScope(s facts.Service) bool {
	it := p.plan.Intent
	if it.Mesh {
		return true
	}
	if s.Object.Namespace != it.Namespace {
		return false
	}
	if len(it.Workload) == 0 {
		return true
	}
	seen := false
	for _, pod := range p.around.Pods {
		if pod.Target.Namespace != it.Namespace || !mapsCover(it.Workload, pod.Target.Labels) {
			continue
		}
		seen = true
		if s.Picks(pod) {
			return true
		}
	}
	return !seen && len(s.Selector) > 0 && mapsCover(s.Selector, it.Workload)
}

// needOf looks at the pods behind a port. Endpoints that are written by hand
// and names outside (no selector) have none.
func (p *clientPlan) needOf(s facts.Service, port facts.Port) (need, string) {
	if len(s.Selector) == 0 {
		return needPlain, "it has no selector, so its endpoints are no workloads of the mesh"
	}
	mutual, plain, pods := "", "", 0
	for _, pod := range p.around.Pods {
		if !s.Picks(pod) {
			continue
		}
		pods++
		who := facts.Client{Namespace: pod.Target.Namespace, Labels: pod.Target.Labels}
		mode := p.after.InboundPolicy(who, pod.PortOf(port)).Mode
		switch {
		case !pod.Proxied():
			plain = "pod " + pod.Target.String() + " has no sidecar"
		case pod.Target.Gateway:
			plain = "pod " + pod.Target.String() + " is a gateway, which takes what its Gateways say"
		case mode == facts.ModeDisable:
			plain = "a policy says DISABLE for pod " + pod.Target.String()
		case mode == facts.ModeStrict:
			mutual = "pod " + pod.Target.String() + " will take mutual TLS only"
			if p.there.InboundPolicy(who, pod.PortOf(port)).Mode == facts.ModeDisable {
				return needUnknown, mutual + " and takes plaintext only now, so that no order of writing keeps its clients: set its policy to PERMISSIVE first"
			}
		}
	}
	switch {
	case mutual != "" && plain != "":
		return needUnknown, mutual + ", and " + plain + ": no rule of clients is good for both; give every pod behind the Service a sidecar, or none"
	case plain != "":
		return needPlain, plain
	case mutual != "":
		return needMutual, ""
	case pods == 0:
		return p.nobody, ""
	}
	return needEither, ""
}

// callers are the kinds of clients: one of each namespace with sidecars, and where rules
// there are for some workloads, one for each set of labels.
func (p *clientPlan) callers() []facts.Client {
	selects := map[string]bool{}
	for _, r := range p.there.Rules {
		selects[r.Object.Namespace] = selects[r.Object.Namespace] || r.Selector != nil
	}
	seen := map[string]bool{}
	var out []facts.Client
	if home := p.plan.Intent.Namespace; home != "" {
		out = []facts.Client{{Namespace: home, Labels: map[string]string{}}}
		seen[home+" map[]"] = true
	}
	for _, pod := range p.around.Pods {
		if !pod.Proxied() {
			continue
		}
		c := facts.Client{Namespace: pod.Target.Namespace, Labels: map[string]string{}}
		if selects[c.Namespace] {
			c.Labels = pod.Target.Labels
		}
		if key := fmt.Sprint(c.Namespace, " ", c.Labels); !seen[key] {
			seen[key] = true
			out = append(out, c)
		}
	}
	return out
}

// subsetsOf are the subsets that rules know of a host, and "" for calls to none.
func subsetsOf(rules []facts.Rule, host string) []string {
	out := []string{""}
	for _, r := range rules {
		if r.Subset != "" && facts.HostCovers(r.Host, r.Object.Namespace, host) && !slices.Contains(out, r.Subset) {
			out = append(out, r.Subset)
		}
	}
	return out
}

// wholeScope is the host of a rule for everything in the scope; "" for a workload, whose
// Services are named one by one.
func wholeScope(it intent.Intent) string {
	switch {
	case it.Mesh:
		return "*." + serviceDomain
	case len(it.Workload) == 0:
		return "*." + it.Namespace + "." + serviceDomain
	}
	return ""
}
