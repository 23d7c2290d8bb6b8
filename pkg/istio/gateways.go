package istio

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// ForeignGateways gives the Gateways of any namespace, other than the intent's own,
// that open the intent's TLS port for its very host at the same gateway pods. Istio merges what several Gateways say of a port, and of
// two servers for one host only the oldest counts (istio pilot/pkg/model/gateway.go,
// mergeGateways), so that a Gateway without client certificates could win.
func ForeignGateways(objs []*unstructured.Unstructured, i intent.Intent) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, u := range objs {
		if !isNetworking(u, kindGateway) || u.GetNamespace() == i.Namespace && Owner(u) == i.Name {
			continue
		}
		selector, _, _ := unstructured.NestedStringMap(u.Object, "spec", "selector")
		if mapsMeet(selector, i.Workload) && opensFor(u, i) {
			out = append(out, u)
		}
	}
	return out
}

// opensFor tells whether a server has the TLS port and the host. Servers for a
// wildcard live beside one for the host: the more specific SNI wins in Envoy.
func opensFor(u *unstructured.Unstructured, i intent.Intent) bool {
	servers, _, _ := unstructured.NestedSlice(u.Object, "spec", "servers")
	for _, item := range servers {
		server, _ := item.(map[string]any)
		hosts, _, _ := unstructured.NestedStringSlice(server, "hosts")
		same := slices.ContainsFunc(hosts, func(h string) bool {
			if _, name, found := strings.Cut(h, "/"); found {
				h = name
			}
			return strings.EqualFold(h, i.Host)
		})
		if same && portOf(server) == int64(i.TLSPort) {
			return true
		}
	}
	return false
}
