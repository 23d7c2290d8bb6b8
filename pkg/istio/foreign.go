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

// Routes gives the VirtualServices of others in the intent's namespace that stand in
// the way of an intent that leads calls to another port: sidecars take one VirtualService a host, the oldest, so
// one beside ours has no effect or leaves ours without any; and where ours is not
// needed, one that leads to another port of the host leads past the TLS. They cannot
// be taken over: a list of routes is one value, and theirs would be gone.
func Routes(objs []*unstructured.Unstructured, i intent.Intent) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, u := range objs {
		if !i.Leads() || !isNetworking(u, kindRoute) || u.GetNamespace() != i.Namespace || Owner(u) == i.Name || !onMesh(u) {
			continue
		}
		hosts, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "hosts")
		if slices.Contains(hosts, i.Host) && (i.Form == intent.FormVirtualService || leadsElsewhere(u, i)) {
			out = append(out, u)
		}
	}
	return out
}

// onMesh tells whether sidecars use a VirtualService: they do unless it names gateways only.
func onMesh(u *unstructured.Unstructured) bool {
	gateways, named, _ := unstructured.NestedStringSlice(u.Object, "spec", "gateways")
	return !named || len(gateways) == 0 || slices.Contains(gateways, "mesh")
}

// leadsElsewhere tells whether a route sends to another port than the intent's.
func leadsElsewhere(u *unstructured.Unstructured, i intent.Intent) bool {
	routes, _, _ := unstructured.NestedSlice(u.Object, "spec", "http")
	for _, r := range routes {
		m, _ := r.(map[string]any)
		list, _, _ := unstructured.NestedSlice(m, "route")
		for _, to := range list {
			d, _ := to.(map[string]any)
			host, _, _ := unstructured.NestedString(d, "destination", "host")
			dest, _, _ := unstructured.NestedMap(d, "destination")
			if n := portOf(dest); host != i.Host || n != 0 && !slices.ContainsFunc(i.Ports, func(p intent.Port) bool { return int64(p.Number) == n }) {
				return true
			}
		}
	}
	return false
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
