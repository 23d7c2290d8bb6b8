package legacy

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Service is a Service of the files or of the cluster.
type Service struct {
	Namespace, Name string
	Selector        map[string]string
	Ports           []Port
}

// Port leads to a container port by its number, or by a name that pods declare.
type Port struct {
	Name       string
	Number     int
	Target     int
	TargetName string
}

// Workload is a pod, or what makes pods: their labels and the container ports that
// they declare by name.
type Workload struct {
	Namespace string
	Labels    map[string]string
	Ports     map[string]int
}

// ServiceOf reads a Service; ok is false for another kind.
func ServiceOf(object map[string]any) (s Service, ok bool) {
	u := unstructured.Unstructured{Object: object}
	if u.GetKind() != kindService || u.GetAPIVersion() != "v1" {
		return s, false
	}
	s.Namespace, s.Name = u.GetNamespace(), u.GetName()
	s.Selector, _, _ = unstructured.NestedStringMap(object, "spec", "selector")
	ports, _, _ := unstructured.NestedFieldNoCopy(object, "spec", "ports")
	list, _ := ports.([]any)
	for _, item := range list {
		m, _ := item.(map[string]any)
		if m["protocol"] == "UDP" {
			continue
		}
		p := Port{Number: number(m["port"]), Target: number(m["targetPort"])}
		p.Name, _ = m["name"].(string)
		p.TargetName, _ = m["targetPort"].(string)
		if p.Target == 0 && p.TargetName == "" {
			p.Target = p.Number
		}
		s.Ports = append(s.Ports, p)
	}
	return s, true
}

// WorkloadOf reads a Pod, or the template of what makes pods; ok is false for another kind.
func WorkloadOf(object map[string]any) (w Workload, ok bool) {
	u := unstructured.Unstructured{Object: object}
	pod := object
	if u.GetKind() != "Pod" {
		template, there, _ := unstructured.NestedFieldNoCopy(object, "spec", "template")
		if pod, _ = template.(map[string]any); !there || pod == nil {
			return w, false
		}
	}
	w = Workload{Namespace: u.GetNamespace(), Ports: map[string]int{}}
	w.Labels, _, _ = unstructured.NestedStringMap(pod, "metadata", "labels")
	found, _, _ := unstructured.NestedFieldNoCopy(pod, "spec", "containers")
	containers, _ := found.([]any)
	for _, c := range containers {
		m, _ := c.(map[string]any)
		ports, _ := m["ports"].([]any)
		for _, item := range ports {
			p, _ := item.(map[string]any)
			if name, _ := p["name"].(string); name != "" {
				w.Ports[name] = number(p["containerPort"])
			}
		}
	}
	return w, true
}

func number(v any) int {
	switch n := v.(type) {
	case int64:
		return int(n)
	case float64:
		return int(n)
	}
	return 0
}

// errNotThere says that a Service was neither in the files nor in the cluster.
var errNotThere = errors.New("is not known here: a selector and container ports come from it; give its file with -f, or a cluster that has it")

func (in Input) service(namespace, name string) (Service, error) {
	for _, s := range in.Services {
		if s.Namespace == namespace && s.Name == name {
			if len(s.Selector) == 0 {
				return s, fmt.Errorf("Service %s/%s has no selector, so nobody can tell which pods it means", namespace, name)
			}
			return s, nil
		}
	}
	return Service{}, fmt.Errorf("Service %s/%s %w", namespace, name, errNotThere)
}

// container gives the container port of a Service's port. A name is looked up in the
// pods that the Service picks, which must agree.
func (in Input) container(s Service, p Port) (int, error) {
	if p.TargetName == "" {
		return p.Target, nil
	}
	found := 0
	for _, w := range in.Workloads {
		if w.Namespace != s.Namespace || !covers(s.Selector, w.Labels) {
			continue
		}
		port, declared := w.Ports[p.TargetName]
		if declared && found != 0 && port != found {
			return 0, fmt.Errorf("port %d of Service %s/%s leads to %q, which is %d in some pods and %d in others", p.Number, s.Namespace, s.Name, p.TargetName, found, port)
		}
		if declared {
			found = port
		}
	}
	if found == 0 {
		return 0, fmt.Errorf("port %d of Service %s/%s leads to the port %q of its pods, which is not known here: give the Deployment's file with -f, or a cluster that has the pods", p.Number, s.Namespace, s.Name, p.TargetName)
	}
	return found, nil
}

// containers gives the container ports of some ports of a Service; of all without any.
func (in Input) containers(s Service, refs []portRef) ([]int, error) {
	ports := s.Ports
	if len(refs) > 0 {
		ports = nil
		for _, ref := range refs {
			i := slices.IndexFunc(s.Ports, func(p Port) bool {
				return ref.name != "" && p.Name == ref.name || ref.name == "" && p.Number == ref.number
			})
			if i < 0 {
				return nil, fmt.Errorf("Service %s/%s has no port %s", s.Namespace, s.Name, ref)
			}
			ports = append(ports, s.Ports[i])
		}
	}
	var out []int
	for _, p := range ports {
		n, err := in.container(s, p)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// shared finds another Service that may lead to the same pods by other ports: a
// policy for one Service must not reach them.
func (in Input) shared(s Service) (other string, found bool) {
	own, _ := in.containers(s, nil)
	for _, o := range in.Services {
		if o.Namespace != s.Namespace || o.Name == s.Name || len(o.Selector) == 0 || !meet(s.Selector, o.Selector) {
			continue
		}
		theirs, err := in.containers(o, nil)
		if err != nil || slices.ContainsFunc(theirs, func(p int) bool { return !slices.Contains(own, p) }) {
			return o.Name, true
		}
	}
	return "", false
}

// covers tells whether a pod with the labels is picked.
func covers(selector, labels map[string]string) bool {
	for k, v := range selector {
		if got, there := labels[k]; !there || got != v {
			return false
		}
	}
	return len(selector) > 0
}

// meet tells whether one pod may be picked by both: no label says otherwise.
func meet(a, b map[string]string) bool {
	for k, v := range a {
		if other, there := b[k]; there && other != v {
			return false
		}
	}
	return true
}

func selectorText(m map[string]string) string {
	text := ""
	for _, k := range slices.Sorted(maps.Keys(m)) {
		text += "," + k + "=" + m[k]
	}
	if text == "" {
		return ""
	}
	return text[1:]
}
