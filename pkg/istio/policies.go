package istio

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	security "istio.io/api/security/v1beta1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

func isPolicy(u *unstructured.Unstructured) bool {
	return u.GroupVersionKind().Group == groupSecurity && u.GetKind() == kindPolicy
}

// readPolicyObject reads one PeerAuthentication. A mode that cannot be understood is left
// empty, which the merge takes for inherited; the problem is noted.
func readPolicyObject(r *reader, u *unstructured.Unstructured, ref facts.Ref) facts.Policy {
	p := facts.Policy{Object: ref, Created: u.GetCreationTimestamp().Time, Owner: Owner(u)}
	spec, _ := r.node(node{fields: u.Object}, "spec")
	if selector, there := r.node(spec, "selector"); there {
		p.Selector = r.labels(selector, "matchLabels")
	}
	p.Mode = readMode(r, spec, "mtls")
	ports, _ := r.node(spec, "portLevelMtls")
	for _, key := range slices.Sorted(maps.Keys(ports.fields)) {
		number, err := strconv.Atoi(key)
		if err != nil {
			r.problem(ports.at, "has %q for a port", key)
			continue
		}
		if p.Ports == nil {
			p.Ports = map[int]facts.Mode{}
		}
		p.Ports[number] = readMode(r, ports, key)
	}
	return p
}

func readMode(r *reader, n node, key string) facts.Mode {
	m, there := r.node(n, key)
	if !there {
		return facts.ModeUnset
	}
	return facts.Mode(r.enum(m, "mode", security.PeerAuthentication_MutualTLS_Mode_name))
}

// ForeignPolicies gives the PeerAuthentications at the scope of a strict intent that
// are not its own: of several the oldest counts, so that one of the two would be
// without effect. Scopes are the mesh and a namespace (no selector), and a selector
// that can meet the intent's pods.
func ForeignPolicies(objs []*unstructured.Unstructured, i intent.Intent) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, u := range objs {
		if !isPolicy(u) || u.GetNamespace() != i.Namespace || Owner(u) == i.Name {
			continue
		}
		selector := selectorOf(u)
		if (len(selector) == 0) == (len(i.Workload) == 0) && mapsMeet(selector, i.Workload) {
			out = append(out, u)
		}
	}
	return out
}

// OwnedPolicies gives those that an earlier enable of the same name made or took over.
func OwnedPolicies(objs []*unstructured.Unstructured, i intent.Intent) []*unstructured.Unstructured {
	return slices.DeleteFunc(Owned(objs, i), func(u *unstructured.Unstructured) bool { return !isPolicy(u) })
}

func selectorOf(u *unstructured.Unstructured) map[string]string {
	labels, _, _ := unstructured.NestedStringMap(u.Object, "spec", "selector", "matchLabels")
	return labels
}

// JoinPolicy lets a plan take over the policy at its scope, in place. What server-side
// apply would leave in it and make the workload less than strict is an error: modes of
// ports that the intent does not name, and a selector for other pods.
func JoinPolicy(p *Plan, live []*unstructured.Unstructured) error {
	if len(live) > 1 {
		return fmt.Errorf("PeerAuthentications %s and %s are both at this scope, and only one can be taken over: delete one", live[0].GetName(), live[1].GetName())
	}
	for _, l := range live {
		if owner := Owner(l); owner != "" && owner != p.Intent.Name {
			return takeable(p.Intent, l)
		}
		if !maps.Equal(selectorOf(l), p.Intent.Workload) && Owner(l) != p.Intent.Name {
			return fmt.Errorf("PeerAuthentication %s/%s is for other pods too, so it cannot be taken over: delete it, or name its workload", l.GetNamespace(), l.GetName())
		}
		ports, _, _ := unstructured.NestedMap(l.Object, "spec", "portLevelMtls")
		for _, key := range slices.Sorted(maps.Keys(ports)) {
			number, _ := strconv.Atoi(key)
			named := slices.ContainsFunc(p.Intent.PortModes, func(m intent.PortMode) bool { return m.Port == number })
			if !named && Owner(l) != p.Intent.Name {
				return fmt.Errorf("PeerAuthentication %s/%s sets container port %s by itself, which would stay: say what it is to be with --port %s=STRICT (or another mode)",
					l.GetNamespace(), l.GetName(), key, key)
			}
		}
		p.Objects[0].SetName(l.GetName())
	}
	return nil
}
