package istio

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// inherited are the fields of a traffic policy that a port's settings replace: the
// ones that would be lost to a port when TLS is set there (istio.io/api
// networking/v1alpha3/destination_rule.proto, port_level_settings).
var inherited = []string{"loadBalancer", "connectionPool", "outlierDetection"}

// Join fits a plan to the objects of its namespace that it will meet, in place: an
// object that is already the intent's, or that is to be taken over, is written under
// its own name, and a DestinationRule keeps what it says beside TLS. live are these
// objects; more than one of a kind is an error, because a plan has one of each.
func Join(p *Plan, live []*unstructured.Unstructured) error {
	met := map[string]*unstructured.Unstructured{}
	for _, l := range live {
		mine := slices.IndexFunc(p.Objects, func(u *unstructured.Unstructured) bool {
			same := u.GroupVersionKind().GroupKind() == l.GroupVersionKind().GroupKind()
			return same && (!p.Intent.ThroughGateway() || u.GetName() == l.GetName())
		})
		if mine < 0 || !isNetworking(l, kindRule, kindEntry, kindRoute) {
			continue
		}
		if other := met[l.GetKind()]; other != nil && !p.Intent.ThroughGateway() { // that has two of a kind, by name
			return fmt.Errorf("%s %s and %s are both about host %s, and only one can be taken over: make one of the two, or delete one",
				l.GetKind(), other.GetName(), l.GetName(), p.Intent.Host)
		}
		if Owner(l) != p.Intent.Name {
			if err := takeable(p.Intent, l); err != nil {
				return err
			}
		}
		met[l.GetKind()] = l
		p.Objects[mine].SetName(l.GetName())
		if l.GetKind() == kindEntry {
			keepPorts(p.Objects[mine], l, Owner(l) != p.Intent.Name || l.GetAnnotations()[takenOver] != "")
		}
		if l.GetKind() == kindRule {
			notes, err := keepTLS(p.Intent, p.Objects[mine], l)
			if err != nil {
				return err
			}
			p.Notes = append(p.Notes, notes...)
		}
		if l.GetKind() == kindRule && keepSubsets(p.Objects[mine], l) {
			p.Notes = append(p.Notes, fmt.Sprintf("the other subsets of %s are kept", l.GetName()))
		}
		if l.GetKind() == kindRule && keepPolicy(p.Objects[mine], l) {
			p.Notes = append(p.Notes, fmt.Sprintf("what %s says beside TLS (load balancing, connection pool, ...) is kept, and repeated at the port, whose settings replace the rule's", l.GetName()))
		}
	}
	return nil
}

// keepPorts gives our ports the names that the live entry has for the same numbers: the
// API server merges ports by name, so that another name for a number would be a second
// port, which Istio refuses, and a name of another number would make that number ours.
// The other ports of somebody else's entry are repeated: the CRD of an older Istio says
// nothing of names, and there the list is one value. Ours has the intent's ports only.
func keepPorts(mine, live *unstructured.Unstructured, others bool) {
	theirs, _, _ := unstructured.NestedSlice(live.Object, "spec", "ports")
	ours, _, _ := unstructured.NestedSlice(mine.Object, "spec", "ports")
	if len(ours) == 0 {
		return
	}
	names, taken := map[int64]any{}, map[any]bool{}
	for _, item := range theirs {
		if m, ok := item.(map[string]any); ok {
			names[numberOf(m["number"])], taken[m["name"]] = m["name"], true
		}
	}
	for _, item := range ours {
		m, ok := item.(map[string]any)
		if !ok {
			continue
		}
		if name, there := names[numberOf(m["number"])]; there && name != nil {
			m["name"] = name
		} else if name, _ := m["name"].(string); taken[name] {
			m["name"] = name + "-mesh-tls"
		}
		delete(names, numberOf(m["number"]))
	}
	for _, item := range theirs {
		if m, ok := item.(map[string]any); others && ok && names[numberOf(m["number"])] != nil {
			ours = append(ours, m)
		}
	}
	_ = unstructured.SetNestedSlice(mine.Object, ours, "spec", "ports") // the path is ours, so it is a map
}

// takenOver is the annotation of objects that belonged to somebody else (apply.TakenOverAnnotation).
const takenOver = "mesh-tls.io/taken-over"

// keepPolicy carries a live rule's other settings into ours. Server-side apply keeps
// the fields that we do not write; the list of port settings it takes as one value,
// so that what stands in it must be written again.
func keepPolicy(mine, live *unstructured.Unstructured) (kept bool) {
	policy, _, _ := unstructured.NestedMap(live.Object, "spec", "trafficPolicy")
	theirs, _, _ := unstructured.NestedSlice(live.Object, "spec", "trafficPolicy", "portLevelSettings")
	ours, _, _ := unstructured.NestedSlice(mine.Object, "spec", "trafficPolicy", "portLevelSettings")
	here := map[int64]map[string]any{}
	for _, item := range theirs {
		if m, ok := item.(map[string]any); ok {
			here[portOf(m)] = m
		}
	}
	for _, item := range ours {
		m, ok := item.(map[string]any)
		if !ok {
			continue
		}
		source, atPort := here[portOf(m)]
		if !atPort {
			source = policy
		}
		for _, field := range inherited {
			if v, there := source[field]; there {
				m[field], kept = v, true
			}
		}
		delete(here, portOf(m))
	}
	for _, port := range slices.Sorted(maps.Keys(here)) {
		ours, kept = append(ours, any(here[port])), true
	}
	if kept {
		_ = unstructured.SetNestedSlice(mine.Object, ours, "spec", "trafficPolicy", "portLevelSettings") // the path is ours, so it is a map
	}
	return kept
}

// keepSubsets carries a live rule's other subsets into ours, where ours has one: the
// list is one value for server-side apply, like that of port settings.
func keepSubsets(mine, live *unstructured.Unstructured) (kept bool) {
	ours, _, _ := unstructured.NestedSlice(mine.Object, "spec", "subsets")
	theirs, _, _ := unstructured.NestedSlice(live.Object, "spec", "subsets")
	if len(ours) == 0 {
		return false
	}
	name := func(item any) any { m, _ := item.(map[string]any); return m["name"] }
	for _, item := range theirs {
		if !slices.ContainsFunc(ours, func(o any) bool { return name(o) == name(item) }) {
			ours, kept = append(ours, item), true
		}
	}
	if kept {
		_ = unstructured.SetNestedSlice(mine.Object, ours, "spec", "subsets") // the path is ours, so it is a map
	}
	return kept
}

func portOf(setting map[string]any) int64 {
	n, _, _ := unstructured.NestedFieldNoCopy(setting, "port", "number")
	return numberOf(n)
}

// numberOf reads a number of an object, which is of another type when it came as JSON; 0 is none.
func numberOf(v any) int64 {
	switch n := v.(type) {
	case int64:
		return n
	case float64:
		return int64(n)
	}
	return 0
}
