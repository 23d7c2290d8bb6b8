package istio

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	clientv1 "istio.io/client-go/pkg/apis/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// AnnotationCompleted stands on a rule of somebody else that clients' mutual TLS was added
// to, and names the intent (namespace/name) that did so.
const AnnotationCompleted = "mesh-tls.io/completed"

// Completes tells of an object of a plan that it only adds to an object of somebody else,
// which stays theirs: it has none of our labels.
func Completes(u *unstructured.Unstructured) bool {
	return u.GetAnnotations()[AnnotationCompleted] != "" && Owner(u) == ""
}

// objects are our rules by host, and what is added to those of others.
func (p *clientPlan) objects(all []called, o Options) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	for _, host := range slices.Sorted(maps.Keys(p.own)) {
		u, err := p.ownRule(host, all, o)
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	self := p.plan.Intent.Namespace + "/" + p.plan.Intent.Name
	for ref, u := range p.live {
		if u.GetAnnotations()[AnnotationCompleted] == self {
			p.completed[ref] = true // what we do not write again, server-side apply would take out
		}
	}
	refs := slices.SortedFunc(maps.Keys(p.completed), func(a, b facts.Ref) int { return strings.Compare(a.String(), b.String()) })
	for _, ref := range refs {
		out = append(out, completion(p.live[ref], self))
	}
	return out, nil
}

// ownRule is the rule for a host: mutual TLS, plaintext for a Service that takes nothing
// else, or what each port needs.
func (p *clientPlan) ownRule(host string, all []called, o Options) (*unstructured.Unstructured, error) {
	it := p.plan.Intent
	meta, err := newMeta(it)
	if err != nil {
		return nil, err
	}
	if host != wholeScope(it) {
		meta.Name = it.Name + "-" + nameOf(it, host)
	}
	mode := func(n need) *networking.ClientTLSSettings {
		if n == needPlain {
			return &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_DISABLE}
		}
		return &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_ISTIO_MUTUAL}
	}
	ports := slices.DeleteFunc(slices.Clone(all), func(c called) bool { return !facts.HostCovers(host, "", c.host) })
	plain := slices.ContainsFunc(ports, func(c called) bool { return c.need == needPlain })
	mutual := slices.ContainsFunc(ports, func(c called) bool { return c.need != needPlain })
	base := needMutual
	if plain && !mutual && host != wholeScope(it) {
		base = needPlain
	}
	policy := &networking.TrafficPolicy{Tls: mode(base)}
	if base == needPlain { // a rule that says nothing: plaintext as long as auto mTLS is off, and what fits when it is on
		policy = nil
	}
	if plain && mutual && !strings.HasPrefix(host, "*") {
		for _, c := range ports {
			if c.need == needPlain {
				policy.PortLevelSettings = append(policy.PortLevelSettings, &networking.TrafficPolicy_PortTrafficPolicy{
					Port: &networking.PortSelector{Number: port32(c.port.Number)}, Tls: mode(c.need)})
			}
		}
	}
	rule := &clientv1.DestinationRule{TypeMeta: typeMeta(kindRule, o), ObjectMeta: meta, Spec: networking.DestinationRule{Host: host, TrafficPolicy: policy}}
	objects, err := bare(rule)
	if err != nil {
		return nil, err
	}
	spoken, there, _ := unstructured.NestedMap(objects[0].Object, "spec", "trafficPolicy")
	if !there {
		return objects[0], nil
	}
	for _, level := range append(mapsIn(spoken["portLevelSettings"]), spoken) {
		if tls, _ := level["tls"].(map[string]any); tls != nil && tls["mode"] == nil {
			tls["mode"] = networking.ClientTLSSettings_DISABLE.String() // the enum's zero is left out of JSON, and nobody reads {} as plaintext
		}
	}
	return objects[0], unstructured.SetNestedMap(objects[0].Object, spoken, "spec", "trafficPolicy")
}

// nameOf names the rule for a host: by its Service, for the mesh with the namespace, and by
// the namespace alone where it is for all of that.
func nameOf(it intent.Intent, host string) string {
	full := strings.TrimPrefix(strings.TrimSuffix(host, "."+serviceDomain), "*.")
	if it.Mesh {
		return full
	}
	service, _, _ := strings.Cut(full, ".")
	return service
}

// completion is what is added to a rule of somebody else: tls of the rule where it has
// none, and of the settings of ports, which replace the rule's whole. A subset inherits.
// These lists are one value to the API server, so that they are written as they are with
// tls added; the object must still be this one when that is done (resourceVersion).
func completion(live *unstructured.Unstructured, by string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": live.GetAPIVersion(), "kind": live.GetKind()}}
	u.SetName(live.GetName())
	u.SetNamespace(live.GetNamespace())
	u.SetResourceVersion(live.GetResourceVersion())
	u.SetAnnotations(map[string]string{AnnotationCompleted: by})
	spec := map[string]any{}
	policy := map[string]any{}
	theirs, _, _ := unstructured.NestedMap(live.Object, "spec", "trafficPolicy")
	if tls, has := theirs["tls"]; !has || isMutual(tls) {
		policy["tls"] = map[string]any{"mode": mutualTLS}
	}
	if ports, some := withTLS(theirs); some {
		policy["portLevelSettings"] = ports
	}
	if len(policy) > 0 {
		spec["trafficPolicy"] = policy
	}
	subsets, _, _ := unstructured.NestedSlice(live.Object, "spec", "subsets")
	touched := false
	for _, item := range subsets {
		subset, _ := item.(map[string]any)
		of, _ := subset["trafficPolicy"].(map[string]any)
		if ports, some := withTLS(of); some {
			of["portLevelSettings"], touched = ports, true
		}
	}
	if touched {
		spec["subsets"] = subsets
	}
	u.Object["spec"] = spec
	return u
}

// withTLS gives a policy's settings of ports with tls in each, and whether one lacked it,
// or has what we may have added: what is not written again, server-side apply takes out.
func withTLS(policy map[string]any) (ports []any, some bool) {
	ports, _, _ = unstructured.NestedSlice(policy, "portLevelSettings")
	for _, m := range mapsIn(ports) {
		tls, has := m["tls"]
		if !has {
			m["tls"] = map[string]any{"mode": mutualTLS}
		}
		some = some || !has || isMutual(tls)
	}
	return ports, some
}

// isMutual tells whether tls is mutual TLS of the mesh and nothing else.
func isMutual(tls any) bool {
	m, _ := tls.(map[string]any)
	return len(m) == 1 && m["mode"] == mutualTLS
}

// merged is the live object with what is added to it, as server-side apply makes it.
func merged(live, more *unstructured.Unstructured) *unstructured.Unstructured {
	u := live.DeepCopy()
	for _, path := range [][]string{{"spec", "trafficPolicy", "tls"}, {"spec", "trafficPolicy", "portLevelSettings"}, {"spec", "subsets"}} {
		if v, there, _ := unstructured.NestedFieldCopy(more.Object, path...); there {
			_ = unstructured.SetNestedField(u.Object, v, path...) // the path was read as maps, or is not there
		}
	}
	return u
}

// notes tells what becomes of whom.
func (p *clientPlan) notes(all []called) []string {
	out := []string{"auto mTLS is off: the clients' DestinationRules are written first, and the policy when the sidecars have them"}
	if len(p.completed) > 0 {
		out = append(out, "rules of others get mutual TLS (tls ISTIO_MUTUAL) where they say nothing of it; the rest of them is kept, and disable gives them back as they are now")
	}
	plain := map[string]string{}
	for _, c := range all {
		switch space := c.service.Object.Namespace; {
		case c.need != needPlain:
		case p.own["*."+space+"."+serviceDomain] && p.plan.Intent.Mesh && allPlain(all, "*."+space+"."+serviceDomain):
			plain["namespace "+space] = "none of its Services has sidecars behind it"
		case p.own[c.host]:
			plain[fmt.Sprintf("port %d of Service %s/%s", c.port.Number, space, c.service.Object.Name)] = c.why
		}
	}
	for _, name := range slices.Sorted(maps.Keys(plain)) {
		out = append(out, fmt.Sprintf("%s goes on in plaintext: %s; run enable again when that changes", name, plain[name]))
	}
	return out
}
