package istio

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Release gives a rule of somebody else without the tls that ClientRules added to the one
// before: what else was done to it since is kept. tls that says more than the added one,
// and that of a port or subset that came later, is theirs.
func Release(live, before *unstructured.Unstructured) *unstructured.Unstructured {
	u := live.DeepCopy()
	annotations := u.GetAnnotations()
	delete(annotations, AnnotationCompleted)
	if len(annotations) == 0 {
		unstructured.RemoveNestedField(u.Object, "metadata", "annotations")
	} else {
		u.SetAnnotations(annotations)
	}
	spec, _ := u.Object["spec"].(map[string]any)
	was, _ := before.Object["spec"].(map[string]any)
	if spec == nil {
		return u
	}
	releasePolicy(spec, was)
	theirs := map[any]map[string]any{}
	for _, s := range mapsIn(was["subsets"]) {
		theirs[s["name"]] = s
	}
	for _, s := range mapsIn(spec["subsets"]) {
		if old := theirs[s["name"]]; old != nil {
			releasePolicy(s, old)
		}
	}
	return u
}

// releasePolicy takes added tls out of the trafficPolicy of a rule or a subset.
func releasePolicy(holder, was map[string]any) {
	policy, _ := holder["trafficPolicy"].(map[string]any)
	old, had := was["trafficPolicy"].(map[string]any)
	if policy == nil {
		return
	}
	releaseTLS(policy, old)
	ports := map[int64]map[string]any{}
	for _, p := range mapsIn(old["portLevelSettings"]) {
		ports[portOf(p)] = p
	}
	for _, p := range mapsIn(policy["portLevelSettings"]) {
		if theirs := ports[portOf(p)]; theirs != nil {
			releaseTLS(p, theirs)
		}
	}
	if len(policy) == 0 && !had {
		delete(holder, "trafficPolicy")
	}
}

func releaseTLS(level, was map[string]any) {
	if _, had := was["tls"]; !had && isMutual(level["tls"]) {
		delete(level, "tls")
	}
}

func mapsIn(list any) []map[string]any {
	var out []map[string]any
	items, _ := list.([]any)
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}
