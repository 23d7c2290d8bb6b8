package istio

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ContainerPort says which container port a typed port means. PeerAuthentication
// counts container ports, and people know the Service's. A number that is a container
// port counts as that; a port of a Service that picks the workload's pods is
// translated; any other is taken as it is, because a container need not declare its
// ports. declared are the pod's container ports by name; note tells what was done, ""
// when nothing is worth telling.
func ContainerPort(port int, podLabels map[string]string, declared map[string]int, services []*unstructured.Unstructured) (container int, note string, err error) {
	var from string
	for _, s := range services {
		selector, _, _ := unstructured.NestedStringMap(s.Object, "spec", "selector")
		if s.GetKind() != kindService || len(selector) == 0 || !mapsCover(selector, podLabels) {
			continue
		}
		ports, _, _ := unstructured.NestedSlice(s.Object, "spec", "ports")
		for _, item := range ports {
			m, _ := item.(map[string]any)
			r := &reader{object: s.GetName()}
			n := node{fields: m}
			target := targetPort(r, n, declared)
			switch {
			case target == port:
				return port, "", nil // some Service leads to it: it is a container port
			case r.number(n, "port") != port:
			case target == 0:
				return 0, "", fmt.Errorf("port %d of Service %s leads to a named port that the pod does not declare: give the container port itself", port, s.GetName())
			case from != "" && target != container:
				return 0, "", fmt.Errorf("port %d is container port %d by Service %s and %d by Service %s: give the container port itself", port, container, from, target, s.GetName())
			default:
				container, from = target, s.GetName()
			}
		}
	}
	for _, number := range declared {
		if number == port {
			return port, "", nil
		}
	}
	if from != "" {
		return container, fmt.Sprintf("port %d of Service %s is container port %d, which is what a policy names", port, from, container), nil
	}
	return port, fmt.Sprintf("port %d is taken for a container port: no Service of the workload has it, and the pod does not declare it", port), nil
}

func targetPort(r *reader, port node, declared map[string]int) int {
	switch v, _ := port.get("targetPort"); v := v.(type) {
	case string:
		return declared[v]
	case nil:
		return r.number(port, "port")
	}
	return r.number(port, "targetPort")
}

// mapsCover tells whether a pod with the labels is picked by the selector.
func mapsCover(selector, labels map[string]string) bool {
	for k, v := range selector {
		if got, there := labels[k]; !there || got != v {
			return false
		}
	}
	return true
}

// AutoMTLSOff tells whether the mesh's configuration switches auto mTLS off, with
// which sidecars send plaintext unless a rule says otherwise. meshConfig is the key
// mesh of the ConfigMap of istiod, decoded; on is the default since Istio 1.5.
func AutoMTLSOff(meshConfig map[string]any) bool {
	on, there := meshConfig["enableAutoMtls"].(bool)
	return there && !on
}
