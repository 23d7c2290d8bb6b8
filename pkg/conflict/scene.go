package conflict

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// planned tells whether the plan writes the object, under whatever owner it is now.
func (in Input) planned(o facts.Ref) bool {
	return in.plans[o]
}

// ours tells whether an object of the cluster is one of this intent, or becomes one.
func (in Input) ours(o facts.Ref, owner string) bool {
	return in.planned(o) || o.Namespace == in.Intent.Namespace && owner != "" && owner == in.Intent.Name
}

// prepared answers planned and others once, for every conflict: a file of a thousand
// intents asks them of a thousand rules each. Without it there is no answer.
func (in Input) prepared() Input {
	if in.There == nil {
		in.There = &facts.Config{}
	}
	plans := map[facts.Ref]bool{}
	for i := range in.Plan.Rules {
		plans[in.Plan.Rules[i].Object] = true
	}
	for i := range in.Plan.Services {
		plans[in.Plan.Services[i].Object] = true
	}
	for i := range in.Plan.Policies {
		plans[in.Plan.Policies[i].Object] = true
	}
	in.plans = plans
	in.rest = in.withoutOurs()
	return in
}

// others is the cluster without what belongs to this intent; what is appended to it is
// the caller's own.
func (in Input) others() facts.Config {
	c := in.rest
	c.Rules, c.Services, c.Policies = slices.Clip(c.Rules), slices.Clip(c.Services), slices.Clip(c.Policies)
	return c
}

func (in Input) withoutOurs() facts.Config {
	c := facts.Config{RootNamespace: in.There.RootNamespace, Rules: make([]facts.Rule, 0, len(in.There.Rules)+len(in.Plan.Rules))}
	for _, r := range in.There.Rules {
		if !in.ours(r.Object, r.Owner) {
			c.Rules = append(c.Rules, r)
		}
	}
	for _, s := range in.There.Services {
		if !in.ours(s.Object, s.Owner) {
			c.Services = append(c.Services, s)
		}
	}
	for _, p := range in.There.Policies {
		if !in.ours(p.Object, p.Owner) {
			c.Policies = append(c.Policies, p)
		}
	}
	return c
}

// after is the cluster as it would be: the others, and the plan. What is new is the
// youngest; what is there keeps its age.
func (in Input) after() facts.Config {
	c := in.others()
	for _, r := range in.Plan.Rules {
		r.Created = in.Now
		for _, old := range in.There.Rules {
			if old.Object == r.Object {
				r.Created = old.Created
			}
		}
		c.Rules = append(c.Rules, r)
	}
	for _, s := range in.Plan.Services {
		s.Created = in.Now
		for _, old := range in.There.Services {
			if old.Object == s.Object {
				s.Created = old.Created
			}
		}
		c.Services = append(c.Services, s)
	}
	return c
}

// client is one kind of workload that could call, and how a person knows it.
type client struct {
	facts.Client
	name string
	ours bool // the intent is for it
}

// clients lists the kinds of workloads of the namespaces that see the plan, by their
// labels; of a plan that everybody sees, also of those that have something to say about the
// host. Where the labels of no pod are known, the intent's own
// stand for its clients.
func (in Input) clients() []client {
	it := in.Intent
	var out []client
	seen := map[string]bool{}
	add := func(c client) {
		key := fmt.Sprint(c.Namespace, stable(c.Labels))
		if !seen[key] {
			seen[key] = true
			out = append(out, c)
		}
	}
	for _, p := range in.Pods {
		if seenBy(it, p.Target.Namespace) && p.Proxied() {
			add(client{facts.Client{Namespace: p.Target.Namespace, Labels: p.Target.Labels}, "pod " + p.Target.String(), covers(it.Workload, p.Target.Labels)})
		}
	}
	if !slices.ContainsFunc(out, func(c client) bool { return c.ours }) && seenBy(it, it.Namespace) {
		labels := it.Workload
		if labels == nil {
			labels = map[string]string{}
		}
		add(client{facts.Client{Namespace: it.Namespace, Labels: labels}, "a workload of namespace " + it.Namespace, true})
	}
	to := it.ExportTo
	if slices.Contains(to, intent.ExportEverywhere) {
		to = slices.Concat(to, in.whereHost())
	}
	for _, to := range to {
		if to != intent.ExportHere && to != intent.ExportEverywhere && to != it.Namespace {
			add(client{facts.Client{Namespace: to, Labels: map[string]string{}}, "a workload of namespace " + to, true})
		}
	}
	return out
}

// whereHost are the namespaces with a rule, an entry or a route of the intent's host: what
// is in a client's own namespace goes before what is exported to it.
func (in Input) whereHost() []string {
	var out []string
	add := func(o facts.Ref, hosts ...string) {
		if slices.ContainsFunc(hosts, func(h string) bool { return hostCovers(fullName(h, o.Namespace), in.Intent.Host) }) {
			out = append(out, o.Namespace)
		}
	}
	for _, r := range in.There.Rules {
		add(r.Object, r.Host)
	}
	for _, s := range in.There.Services {
		add(s.Object, s.Hosts...)
	}
	for _, r := range in.Steering.Routes {
		add(r.Object, r.Hosts...)
	}
	return out
}

// seen tells whether a client of the intent sees an object by its exportTo.
func (in Input) seen(o facts.Ref, exportTo []string) bool {
	return slices.ContainsFunc(in.clients(), func(c client) bool { return c.ours && sees(c.Namespace, o, exportTo) })
}

// stable are the labels without those that change with every version of a workload.
func stable(labels map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if k != "pod-template-hash" && k != "controller-revision-hash" && k != "statefulset.kubernetes.io/pod-name" {
			out = append(out, k+"="+labels[k])
		}
	}
	return strings.Join(out, ",")
}

// covers tells whether labels are among a pod's.
func covers(want, have map[string]string) bool {
	for k, v := range want {
		if got, there := have[k]; !there || got != v {
			return false
		}
	}
	return true
}

// meet tells whether one pod can have both sets of labels.
func meet(a, b map[string]string) bool {
	for k, v := range a {
		if w, there := b[k]; there && v != w {
			return false
		}
	}
	return true
}

// sees tells whether a namespace sees an object by its exportTo.
func sees(ns string, o facts.Ref, exportTo []string) bool {
	return len(exportTo) == 0 || slices.Contains(exportTo, "*") || slices.Contains(exportTo, ns) ||
		o.Namespace == ns && slices.Contains(exportTo, ".")
}

// fullName gives a short name its namespace, as Istio does.
func fullName(host, namespace string) string {
	if host == "" || strings.ContainsAny(host, ".*") {
		return host
	}
	return host + "." + namespace + ".svc.cluster.local"
}

// hostCovers tells whether a host as written in a rule ("*.x", "*", or a name) covers a name.
func hostCovers(rule, host string) bool {
	return rule == host || strings.HasPrefix(rule, "*") && strings.HasSuffix(host, rule[1:])
}

func toHost(it intent.Intent) bool { return it.Host != "" && !it.AtGateway() }
