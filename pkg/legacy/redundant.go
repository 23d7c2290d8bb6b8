package legacy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// dropped takes out of a rule what auto mTLS does by itself: tls of mode
// ISTIO_MUTUAL and nothing else in it, for a host of the mesh. It tells whether
// nothing is left of the rule. A setting that another rule would take the place of
// stays: a host's own rule keeps a wider one, say DISABLE, from counting.
func (t *translation) dropped(u *rule) bool {
	if !inMesh(u.host) {
		return false
	}
	left, _ := deepCopy(u.spec).(map[string]any)
	n := trim(left, "trafficPolicy")
	subsets, _ := left["subsets"].([]any)
	if _, stays, _ := unstructured.NestedFieldNoCopy(left, "trafficPolicy", "tls"); stays {
		subsets = nil // a subset without tls of its own gets the host's since Istio 1.31
	}
	for _, s := range subsets {
		if m, ok := s.(map[string]any); ok {
			n += trim(m, "trafficPolicy")
		}
	}
	if n == 0 {
		return false
	}
	empty := maps.Clone(left)
	delete(empty, "host")
	delete(empty, "exportTo")
	if len(empty) > 0 { // the rule stays, and with it no wider rule counts
		u.spec = left
		u.changes = append(u.changes, fmt.Sprintf("tls ISTIO_MUTUAL taken out (%d times): auto mTLS sends it to whoever has a sidecar; whoever has none gets plaintext", n))
		return false
	}
	if other := t.wider(*u); other != "" {
		u.changes = append(u.changes, fmt.Sprintf("tls ISTIO_MUTUAL stays: without this rule %s would count", other))
		return false
	}
	t.note(u.Object, Dropped, "auto mTLS (on by default since Istio 1.5) sends ISTIO_MUTUAL to every server with a sidecar by itself; a server without one gets plaintext then, where this rule would have failed")
	return true
}

// trim takes redundant tls settings out of one traffic policy, and what is empty then.
func trim(of map[string]any, key string) int {
	policy, ok := of[key].(map[string]any)
	if !ok {
		return 0
	}
	n := 0
	if redundant(policy["tls"]) {
		delete(policy, "tls")
		n++
	}
	if ports, ok := policy["portLevelSettings"].([]any); ok {
		// A port's setting replaces the host's whole: it may go only when nothing is left
		// that would count in its place.
		ports = slices.DeleteFunc(ports, func(p any) bool {
			m, _ := p.(map[string]any)
			if _, hostTLS := policy["tls"]; hostTLS || len(policy) > 1 || !redundant(m["tls"]) || len(m) != 2 {
				return false
			}
			n++
			return true
		})
		if policy["portLevelSettings"] = ports; len(ports) == 0 {
			delete(policy, "portLevelSettings")
		}
	}
	if len(policy) == 0 {
		delete(of, key)
	}
	return n
}

// redundant is tls that says ISTIO_MUTUAL and nothing more.
func redundant(tls any) bool {
	m, _ := tls.(map[string]any)
	return len(m) == 1 && m["mode"] == "ISTIO_MUTUAL"
}

// inMesh tells a host that auto mTLS is for: a Service, by a short name or its domain.
func inMesh(host string) bool {
	return !strings.Contains(host, ".") && host != "*" || host == "*.local" || strings.HasSuffix(host, ".svc.cluster.local") || strings.HasSuffix(host, ".svc")
}

// wider finds a rule that would count for hosts of this one if it were gone, and
// that says something else about TLS.
func (t *translation) wider(u rule) string {
	host := fullHost(u.host, u.Namespace)
	for _, o := range t.rules {
		if o.node != u.node && hostsMeet(fullHost(o.host, o.Namespace), host) && !onlyRedundant(o.spec) {
			return o.String() + " (" + o.Where() + ")"
		}
	}
	for _, live := range t.in.LiveRules {
		l := unstructured.Unstructured{Object: live}
		name := l.GetNamespace() + "/" + l.GetName()
		spec, _, _ := unstructured.NestedMap(live, "spec")
		h, _ := spec["host"].(string)
		if name != u.Namespace+"/"+u.Name && hostsMeet(fullHost(h, l.GetNamespace()), host) && !onlyRedundant(spec) {
			return "DestinationRule " + name + " of the cluster"
		}
	}
	return ""
}

// onlyRedundant tells that a rule's host level says ISTIO_MUTUAL, or nothing on TLS.
func onlyRedundant(spec map[string]any) bool {
	tls, there, _ := unstructured.NestedFieldNoCopy(spec, "trafficPolicy", "tls")
	_, ports, _ := unstructured.NestedFieldNoCopy(spec, "trafficPolicy", "portLevelSettings")
	return !ports && (!there || redundant(tls))
}

// fullHost completes a short name as Istio does, in the rule's namespace.
func fullHost(host, namespace string) string {
	if strings.ContainsAny(host, ".*") {
		return host
	}
	return host + "." + namespace + ".svc.cluster.local"
}

// hostsMeet tells whether some host is meant by both: one is a wildcard of the other.
func hostsMeet(a, b string) bool {
	within := func(wide, host string) bool {
		suffix, wild := strings.CutPrefix(wide, "*")
		return wild && strings.HasSuffix(host, suffix)
	}
	return a == b || within(a, b) || within(b, a)
}

func deepCopy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, sub := range v {
			out[k] = deepCopy(sub)
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, sub := range v {
			out = append(out, deepCopy(sub))
		}
		return out
	}
	return v
}
