package istio

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Around is what ClientRules has to know of the cluster, all of it: clients and rules are
// in any namespace.
type Around struct {
	// Objects are the DestinationRules, Services and PeerAuthentications.
	Objects []*unstructured.Unstructured
	Pods    []facts.Pod
}

const mutualTLS = "ISTIO_MUTUAL"

// clientPlan is the plan of the clients' rules while it is being made.
type clientPlan struct {
	plan   *Plan
	around Around
	live   map[facts.Ref]*unstructured.Unstructured // DestinationRules
	there  *facts.Config                            // without what is this intent's
	after  *facts.Config                            // with the plan's policy, and at the end with its rules
	nobody need                                     // what a Service needs that has no pods
	bad    []string

	own       map[string]bool           // hosts that need a rule of ours
	completed map[facts.Ref]bool        // rules of others that lack tls
	was       map[string]facts.Decision // what counts for a call now
}

// ClientRules adds to a plan of recipe strict what clients need where auto mTLS is off,
// in place: DestinationRules of mode ISTIO_MUTUAL for hosts that have none, and tls for
// the rules of others that say nothing of it, as far as they lack it. They stand first in
// the plan's objects, Plan.Ahead of them. Services that take no mutual TLS (no sidecar,
// a gateway, DISABLE) keep plaintext by a rule of their own.
//
// Nothing that counts is hidden: Istio uses one rule for a host and adds none up, so that
// where no honest rule is possible (a rule that says DISABLE or SIMPLE, a rule for more
// than the scope, pods with and without sidecar behind one port) the error says each, with
// a fix, and the plan is as it was. The result is tried on the rules as Istio picks them
// (facts.Config.Effective) for every kind of client, host, port and subset.
func ClientRules(plan *Plan, around Around, root string, o Options) error {
	// A Service without pods is taken for one that will have sidecars: that is what the scope is about.
	p := &clientPlan{plan: plan, around: around, nobody: needMutual, live: map[facts.Ref]*unstructured.Unstructured{}, own: map[string]bool{}, completed: map[facts.Ref]bool{}, was: map[string]facts.Decision{}}
	if err := p.read(root); err != nil {
		return err
	}
	all := p.called()
	calls := p.calls(all)
	before := p.there.Index()
	for _, c := range calls {
		p.ask(c, before.Effective(c.from, c.to.host, c.to.port.Number, c.subset))
	}
	p.whole(all)
	objects, err := p.objects(all, o)
	if err != nil {
		return err
	}
	if err := p.tried(root, objects, calls); err != nil {
		return err
	}
	plan.Objects, plan.Ahead = slices.Concat(objects, plan.Objects), len(objects)
	plan.Notes = append(plan.Notes, p.notes(all)...)
	return nil
}

// call is one kind of client that calls a port, through a subset or none.
type call struct {
	from   facts.Client
	to     called
	subset string
}

func (c call) key() string {
	return fmt.Sprint(c.from.Namespace, c.from.Labels, c.to.host, c.to.port.Number, c.subset)
}

func (c call) String() string {
	text := fmt.Sprintf("%s, called from namespace %s", c.to, c.from.Namespace)
	if c.subset != "" {
		text += ", subset " + c.subset
	}
	return text
}

func (p *clientPlan) calls(all []called) []call {
	var out []call
	from := p.callers()
	for _, to := range all {
		for _, subset := range subsetsOf(p.there.Rules, to.host) {
			for _, client := range from {
				if to.service.VisibleTo(client.Namespace) {
					out = append(out, call{client, to, subset})
				}
			}
		}
	}
	return out
}

// read sorts what is there: without what is this intent's, and with the plan's policy.
func (p *clientPlan) read(root string) error {
	var others []*unstructured.Unstructured
	it := p.plan.Intent
	for _, u := range p.around.Objects {
		if isNetworking(u, kindRule) {
			p.live[facts.Ref{Kind: kindRule, Namespace: u.GetNamespace(), Name: u.GetName()}] = u
		}
		if Owner(u) == it.Name && u.GetNamespace() == it.Namespace {
			if host, _, _ := unstructured.NestedString(u.Object, "spec", "host"); isNetworking(u, kindRule) && host != "" {
				p.own[host] = true // it stays, with what is needed now
			}
			continue
		}
		if isNetworking(u, kindRule) && ofStrict(u) {
			continue // each intent brings what it needs, so that the other can go
		}
		others = append(others, u)
	}
	var err error
	if p.there, err = Config(others, root); err != nil {
		return err
	}
	planned := map[facts.Ref]bool{}
	for _, u := range p.plan.Objects {
		planned[facts.Ref{Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}] = true
	}
	others = slices.DeleteFunc(others, func(u *unstructured.Unstructured) bool {
		return planned[facts.Ref{Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}]
	})
	p.after, err = Config(slices.Concat(others, p.plan.Objects), root)
	return err
}

// ofStrict tells whether an intent of this recipe made the object.
func ofStrict(u *unstructured.Unstructured) bool {
	i, err := readIntent(u, types.NamespacedName{Namespace: u.GetNamespace(), Name: Owner(u)})
	return err == nil && i.Recipe == intent.RecipeStrict
}

func (p *clientPlan) refuse(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(p.bad, text) {
		p.bad = append(p.bad, text)
	}
}

// ask notes what the rule that counts now needs.
func (p *clientPlan) ask(c call, d facts.Decision) {
	p.was[c.key()] = d
	if c.to.need != needMutual {
		return
	}
	r := d.Rule
	switch {
	case !d.Found:
		p.own[p.hostOf(c.to)] = true
	case r.HasTLS && r.Mode == mutualTLS:
	case r.HasTLS:
		p.refuse("%s says %s%s for %s: its clients would be refused; take tls out of it, and this command completes it: kubectl edit destinationrule %s -n %s",
			r.Object, cmp.Or(r.Mode, "something that is not understood"), levelOf(r), c.to, r.Object.Name, r.Object.Namespace)
	case !p.within(r.Host, r.Object.Namespace):
		p.refuse("%s (host %s) counts for %s, says nothing of TLS, and is for other hosts too; write a rule for %s that repeats what it says, and this command completes that one",
			r.Object, r.Host, c.to, cmp.Or(wholeScope(p.plan.Intent), c.to.host))
	default:
		p.completed[r.Object] = true
	}
}

func levelOf(r facts.Rule) string {
	var out string
	if r.Subset != "" {
		out += " of subset " + r.Subset
	}
	if r.Port != 0 {
		out += fmt.Sprintf(" at port %d", r.Port)
	}
	return out
}

// hostOf is the host of our rule for a Service: that of the whole scope, or its own.
func (p *clientPlan) hostOf(c called) string { return cmp.Or(wholeScope(p.plan.Intent), c.host) }

// within tells whether a rule for a host is about nothing beyond the scope. A rule for one
// name was found by a Service of the scope.
func (p *clientPlan) within(host, namespace string) bool {
	if !strings.HasPrefix(host, "*") {
		return true
	}
	if p.plan.Intent.Mesh {
		return strings.HasSuffix("."+host, ".local") && host != "*"
	}
	return host == wholeScope(p.plan.Intent)
}

// whole takes the rule for the whole scope, so that Services to come are covered, unless
// somebody has one for all of it; then those that take plaintext only need a rule of their own.
func (p *clientPlan) whole(all []called) {
	host := wholeScope(p.plan.Intent)
	if host == "" {
		return
	}
	theirs := slices.ContainsFunc(p.there.Rules, func(r facts.Rule) bool {
		seen := r.Object.Namespace == p.plan.Intent.Namespace || r.Object.Namespace == p.there.RootNamespace
		return seen && r.Selector == nil && facts.HostCovers(r.Host, r.Object.Namespace, host)
	})
	if !theirs {
		p.own[host] = true
	}
	for _, c := range all {
		ruled := slices.ContainsFunc(p.there.Rules, func(r facts.Rule) bool {
			return r.Object.Namespace == p.plan.Intent.Namespace && facts.HostCovers(r.Host, r.Object.Namespace, c.host)
		})
		switch {
		case c.need != needPlain || ruled || !p.own[host]:
		case p.plan.Intent.Mesh && allPlain(all, "*."+c.service.Object.Namespace+"."+serviceDomain):
			p.own["*."+c.service.Object.Namespace+"."+serviceDomain] = true // a namespace without sidecars, as kube-system
		default:
			p.own[c.host] = true
		}
	}
}

// allPlain tells whether all Services that a rule for the host is about take plaintext only.
func allPlain(all []called, host string) bool {
	return !slices.ContainsFunc(all, func(c called) bool { return facts.HostCovers(host, "", c.host) && c.need != needPlain })
}
