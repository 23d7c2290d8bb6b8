package legacy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const peerAPI = "security.istio.io/v1"

// workload gathers what policies say about the pods of one selector: today one
// object says it all, because of two for the same pods only the oldest counts.
type workload struct {
	namespace string
	selector  map[string]string
	services  []string
	from      []policy
	whole     mode
	ports     map[int]mode
	bad       string
}

// writePolicies: mesh and namespace first, then the targets, gathered by their pods.
func (t *translation) writePolicies() {
	var workloads []*workload
	for _, p := range t.policies {
		for _, lost := range p.lost {
			t.note(p.Object, NotTranslated, "%s", lost)
		}
		switch why := t.refuse(p); {
		case why != "":
			t.note(p.Object, NotTranslated, "%s", why)
		case len(p.targets) == 0:
			t.wide(p)
		default:
			for _, tg := range p.targets {
				workloads = t.gather(workloads, p, tg)
			}
		}
	}
	for _, w := range workloads {
		t.write(w, workloads)
	}
}

// refuse says why a policy as a whole has no translation; "" when it has.
func (t *translation) refuse(p policy) string {
	switch {
	case p.mode == "":
		return p.noMode
	case p.Kind == kindMeshPolicy && (p.Name != "default" || len(p.targets) > 0):
		return "old Istio took a MeshPolicy of the name default and without targets only"
	case p.Kind == kindPolicy && p.Namespace == t.in.RootNamespace:
		return fmt.Sprintf("%s is the root namespace: today a policy there is the whole mesh's, and one for some workloads is ignored", p.Namespace)
	case p.Kind == kindPolicy && len(p.targets) == 0 && p.Name != "default":
		return "old Istio took a Policy without targets only under the name default; is targets missing?"
	}
	return ""
}

// wide writes the policy of a namespace or of the mesh.
func (t *translation) wide(p policy) {
	namespace := p.Namespace
	if p.Kind == kindMeshPolicy {
		namespace = t.in.RootNamespace
	}
	if t.names[namespace+"/default"] {
		t.note(p.Object, NotTranslated, "another policy for all of %s stands before it: which of the two counts?", namespace)
		return
	}
	t.names[namespace+"/default"] = true
	u := newObject(p.Object, peerAPI, "PeerAuthentication", namespace, "default")
	u.Object["spec"] = map[string]any{"mtls": map[string]any{"mode": string(p.mode)}}
	t.objects = append(t.objects, u)
	t.note(p.Object, Translated, "PeerAuthentication %s/default: %s%s", namespace, p.mode, because(p.because))
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}

// gather adds one target to the workload that its Service picks.
func (t *translation) gather(all []*workload, p policy, tg target) []*workload {
	if tg.labels {
		t.note(p.Object, NotTranslated, "%s: a target by labels was never documented: write a PeerAuthentication with that selector", tg.line)
		return all
	}
	s, err := t.in.service(p.Namespace, tg.name)
	if err != nil {
		t.note(p.Object, NotTranslated, "%s: %v", tg.line, err)
		return all
	}
	var ports []int
	other, shared := t.in.shared(s)
	if len(tg.ports) > 0 || shared {
		if ports, err = t.in.containers(s, tg.ports); err != nil {
			t.note(p.Object, NotTranslated, "%s: %v", tg.line, err)
			return all
		}
	}
	var w *workload
	for _, known := range all {
		if known.namespace == p.Namespace && maps.Equal(known.selector, s.Selector) {
			w = known
		}
	}
	if w == nil {
		w = &workload{namespace: p.Namespace, selector: s.Selector, ports: map[int]mode{}}
		all = append(all, w)
	}
	w.add(p, tg, s, ports)
	switch {
	case len(tg.ports) > 0:
		t.note(p.Object, Translated, "Service %s port %s is container port %s of the pods %s: %s%s", s.Name, texts(tg.ports), texts(ports), selectorText(s.Selector), p.mode, because(p.because))
	case shared:
		t.note(p.Object, Translated, "Service %s is the pods %s, to which Service %s may lead too, so only its own container ports %s: %s%s", s.Name, selectorText(s.Selector), other, texts(ports), p.mode, because(p.because))
	default:
		t.whole = true
		t.note(p.Object, Translated, "Service %s is the pods %s: %s%s", s.Name, selectorText(s.Selector), p.mode, because(p.because))
	}
	return all
}

// add joins what one target says; two that say different things cannot both count.
func (w *workload) add(p policy, tg target, s Service, ports []int) {
	if !slices.ContainsFunc(w.from, func(q policy) bool { return q.node == p.node }) {
		w.from = append(w.from, p)
	}
	if !slices.Contains(w.services, s.Name) {
		w.services = append(w.services, s.Name)
	}
	if ports == nil {
		if w.whole != "" && w.whole != p.mode {
			w.bad = fmt.Sprintf("policies say both %s and %s of Service %s", w.whole, p.mode, tg.name)
		}
		w.whole = p.mode
	}
	for _, port := range ports {
		if had := w.ports[port]; had != "" && had != p.mode {
			w.bad = fmt.Sprintf("policies say both %s and %s of container port %d (Service %s)", had, p.mode, port, tg.name)
		}
		w.ports[port] = p.mode
	}
}

// write makes the PeerAuthentication of one selector.
func (t *translation) write(w *workload, all []*workload) {
	first := w.from[0]
	for _, o := range all {
		if o != w && o.namespace == w.namespace && meet(o.selector, w.selector) && w.bad == "" {
			w.bad = fmt.Sprintf("the pods %s of Service %s may be the pods %s of Service %s, and of two policies for one pod only the oldest counts: decide for one",
				selectorText(w.selector), w.services[0], selectorText(o.selector), o.services[0])
		}
	}
	if w.bad != "" {
		t.note(first.Object, NotTranslated, "%s", w.bad)
		return
	}
	name := t.nameOf(w)
	u := newObject(first.Object, peerAPI, "PeerAuthentication", w.namespace, name)
	labels := map[string]any{}
	for k, v := range w.selector {
		labels[k] = v
	}
	spec := map[string]any{"selector": map[string]any{"matchLabels": labels}}
	if w.whole != "" {
		spec["mtls"] = map[string]any{"mode": string(w.whole)}
	}
	ports := map[string]any{}
	for port, m := range w.ports {
		if m != w.whole {
			ports[strconv.Itoa(port)] = map[string]any{"mode": string(m)}
		}
	}
	if len(ports) > 0 {
		spec["portLevelMtls"] = ports
	}
	u.Object["spec"] = spec
	t.objects = append(t.objects, u)
	if len(w.from) > 1 {
		t.note(first.Object, Translated, "PeerAuthentication %s/%s says what %d policies said of these pods", w.namespace, name, len(w.from))
	}
}

// nameOf keeps the policy's name where it has become one object.
func (t *translation) nameOf(w *workload) string {
	name := w.from[0].Name
	if name == "default" || len(w.from[0].targets) > 1 || len(w.from) > 1 {
		name = w.services[0]
	}
	for base, n := name, 2; t.names[w.namespace+"/"+name]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	t.names[w.namespace+"/"+name] = true
	return name
}

func texts[T any](items []T) string {
	var out []string
	for _, i := range items {
		out = append(out, fmt.Sprint(i))
	}
	return strings.Join(out, ", ")
}
