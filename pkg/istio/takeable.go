package istio

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// takeable tells why an object of somebody else cannot become one of the intent: server-side
// apply merges two selectors into one for fewer pods, leaves a selector where the intent has
// none, and replaces the list of an entry's hosts, so that the others would be forgotten.
func takeable(i intent.Intent, u *unstructured.Unstructured) error {
	at := fmt.Sprintf("%s %s/%s", u.GetKind(), u.GetNamespace(), u.GetName())
	if owner := Owner(u); owner != "" {
		return fmt.Errorf("%s is of %q, which alone can give it back: kubectl mesh-tls disable %s -n %s", at, owner, owner, u.GetNamespace())
	}
	switch {
	case isNetworking(u, kindEntry):
		hosts, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "hosts")
		if others := slices.DeleteFunc(hosts, func(h string) bool { return h == i.Host }); len(others) > 0 {
			return fmt.Errorf("%s is about %s too, so it cannot be taken over: give %s an entry of its own, and take it out of this one", at, strings.Join(others, ", "), i.Host)
		}
	case isNetworking(u, kindRule):
		selector, selects, _ := unstructured.NestedStringMap(u.Object, "spec", "workloadSelector", "matchLabels")
		if selects && !maps.Equal(selector, i.Workload) {
			var pairs []string
			for _, k := range slices.Sorted(maps.Keys(selector)) {
				pairs = append(pairs, k+"="+selector[k])
			}
			return fmt.Errorf("%s is for other pods, those with %s, so it cannot be taken over: delete it, or name the same pods with --workload", at, strings.Join(pairs, ", "))
		}
	}
	return nil
}

// Unrelated tells of an object that has the name of one of the plan's and is about another
// host: taking it over would let that host be forgotten.
func Unrelated(p Plan, live []*unstructured.Unstructured) error {
	for _, o := range p.Objects {
		for _, l := range live {
			if l.GetName() != o.GetName() || l.GetNamespace() != o.GetNamespace() || !isNetworking(l, o.GetKind()) || Owner(l) == p.Intent.Name {
				continue
			}
			if was, is := aboutHosts(l), aboutHosts(o); !slices.Equal(was, is) {
				return fmt.Errorf("%s %s/%s is about %s and not about %s, so it cannot be taken over: choose another --name",
					l.GetKind(), l.GetNamespace(), l.GetName(), strings.Join(was, ", "), strings.Join(is, ", "))
			}
		}
	}
	return nil
}

// aboutHosts are the hosts of a rule, an entry or a route, sorted.
func aboutHosts(u *unstructured.Unstructured) []string {
	hosts, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "hosts")
	if host, there, _ := unstructured.NestedString(u.Object, "spec", "host"); there {
		hosts = append(hosts, facts.Rule{Host: host, Object: facts.Ref{Namespace: u.GetNamespace()}}.FullHost())
	}
	slices.Sort(hosts)
	return hosts
}
