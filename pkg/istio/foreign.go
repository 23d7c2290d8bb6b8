package istio

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Foreign gives the DestinationRules and ServiceEntries in the intent's namespace
// that are about the intent's host (a ServiceEntry: and one of its ports) and do
// not belong to the intent. Rules for other workloads than the intent's count
// too only when either has no selector: two selectors that differ do not meet.
func Foreign(objs []*unstructured.Unstructured, i intent.Intent) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, u := range objs {
		if u.GetNamespace() != i.Namespace || Owner(u) == i.Name || i.AtGateway() {
			continue
		}
		switch {
		case isNetworking(u, kindRule) && ruleMeets(u, i), isNetworking(u, kindEntry) && entryMeets(u, i):
			out = append(out, u)
		}
	}
	return out
}

// Owned gives the objects in the intent's namespace that an earlier enable of the
// same name made or took over, under whatever name they stand.
func Owned(objs []*unstructured.Unstructured, i intent.Intent) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, u := range objs {
		if u.GetNamespace() == i.Namespace && Owner(u) == i.Name {
			out = append(out, u)
		}
	}
	return out
}

func ruleMeets(u *unstructured.Unstructured, i intent.Intent) bool {
	host, _, _ := unstructured.NestedString(u.Object, "spec", "host")
	selector, selects, _ := unstructured.NestedStringMap(u.Object, "spec", "workloadSelector", "matchLabels")
	if host != i.Host {
		return false
	}
	return !selects || len(i.Workload) == 0 || mapsMeet(selector, i.Workload)
}

// mapsMeet tells whether one pod can have both sets of labels.
func mapsMeet(a, b map[string]string) bool {
	for k, v := range a {
		if w, ok := b[k]; ok && v != w {
			return false
		}
	}
	return true
}

func entryMeets(u *unstructured.Unstructured, i intent.Intent) bool {
	hosts, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "hosts")
	if !slices.Contains(hosts, i.Host) {
		return false
	}
	ports, _, _ := unstructured.NestedSlice(u.Object, "spec", "ports")
	for _, p := range ports {
		m, ok := p.(map[string]any)
		if !ok {
			continue
		}
		number, _, _ := unstructured.NestedInt64(m, "number")
		if slices.ContainsFunc(i.Ports, func(p intent.Port) bool { return int64(p.Number) == number }) || number == int64(i.TLSPort) && i.Form == intent.FormVirtualService {
			return true
		}
	}
	return false
}
