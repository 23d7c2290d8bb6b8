package istio

import (
	networking "istio.io/api/networking/v1alpha3"
	clientv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// egress writes what makes HTTPS of plain HTTP, in the intent's form: a ServiceEntry
// and a DestinationRule as origination does, and for FormVirtualService the route
// between the two ports. The route comes last, so that TLS is asked for before any
// call is led to the TLS port.
func egress(i intent.Intent, o Options) ([]*unstructured.Unstructured, error) {
	meta, err := newMeta(i)
	if err != nil {
		return nil, err
	}
	entry := newEntry(i, o, meta)
	for _, p := range i.Ports {
		port := entryPort(p.Number, p.Protocol)
		if i.Form == intent.FormTargetPort {
			port.TargetPort = port32(i.TLSPort)
		}
		entry.Spec.Ports = append(entry.Spec.Ports, port)
	}
	if i.Form == intent.FormTargetPort {
		return ofHost(i, entry, newRule(i, o, meta))
	}
	entry.Spec.Ports = append(entry.Spec.Ports, entryPort(i.TLSPort, intent.ProtocolHTTPS))
	return ofHost(i, entry, newRule(i, o, meta), newRoute(i, o, meta))
}

// newRoute leads the plain port to the TLS port. For some workloads only, the others
// need a route too: where no route of a VirtualService fits, a sidecar answers 404
// instead of passing the call on.
func newRoute(i intent.Intent, o Options, meta metav1.ObjectMeta) *clientv1.VirtualService {
	to := func(port int, subset string) []*networking.HTTPRouteDestination {
		return []*networking.HTTPRouteDestination{{Destination: &networking.Destination{Host: i.Host, Subset: subset, Port: &networking.PortSelector{Number: port32(port)}}}}
	}
	route := &clientv1.VirtualService{TypeMeta: typeMeta(kindRoute, o), ObjectMeta: meta, Spec: networking.VirtualService{
		Hosts: []string{i.Host}, ExportTo: i.ExportTo,
	}}
	for _, p := range i.Ports {
		route.Spec.Http = append(route.Spec.Http, &networking.HTTPRoute{
			Match: []*networking.HTTPMatchRequest{{Port: port32(p.Number), SourceLabels: i.Workload}}, Route: to(i.TLSPort, i.Subset),
		})
		if len(i.Workload) > 0 {
			route.Spec.Http = append(route.Spec.Http, &networking.HTTPRoute{
				Match: []*networking.HTTPMatchRequest{{Port: port32(p.Number)}}, Route: to(p.Number, ""),
			})
		}
	}
	return route
}
