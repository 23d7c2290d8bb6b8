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
	if i.ThroughGateway() {
		return egressThroughGateway(i, o)
	}
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

// newRoute leads the plain port to the TLS port.
func newRoute(i intent.Intent, o Options, meta metav1.ObjectMeta) *clientv1.VirtualService {
	return plainRoute(i, o, meta, routeTo(i.Host, i.TLSPort, i.Subset))
}

func routeTo(host string, port int, subset string) []*networking.HTTPRouteDestination {
	return []*networking.HTTPRouteDestination{{Destination: &networking.Destination{Host: host, Subset: subset, Port: &networking.PortSelector{Number: port32(port)}}}}
}

// plainRoute leads the host's plain port elsewhere. For some workloads only, the others
// need a route too: where no route of a VirtualService fits, a sidecar answers 404
// instead of passing the call on.
func plainRoute(i intent.Intent, o Options, meta metav1.ObjectMeta, to []*networking.HTTPRouteDestination) *clientv1.VirtualService {
	route := &clientv1.VirtualService{TypeMeta: typeMeta(kindRoute, o), ObjectMeta: meta, Spec: networking.VirtualService{
		Hosts: []string{i.Host}, ExportTo: i.ExportTo,
	}}
	for _, p := range i.Ports {
		route.Spec.Http = append(route.Spec.Http, &networking.HTTPRoute{
			Match: []*networking.HTTPMatchRequest{{Port: port32(p.Number), SourceLabels: i.Workload}}, Route: to,
		})
		if len(i.Workload) > 0 {
			route.Spec.Http = append(route.Spec.Http, &networking.HTTPRoute{
				Match: []*networking.HTTPMatchRequest{{Port: port32(p.Number)}}, Route: routeTo(i.Host, p.Number, ""),
			})
		}
	}
	return route
}
