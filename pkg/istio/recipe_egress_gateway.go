package istio

import (
	"fmt"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	clientv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// egressThroughGateway writes both hops, all of it in the gateway's namespace: there its
// Secrets must be, and the clients' namespaces see what is theirs by exportTo. The route
// of the clients comes last, so that no call is led to a gateway that does not serve it.
func egressThroughGateway(i intent.Intent, o Options) ([]*unstructured.Unstructured, error) {
	meta, err := newMeta(i)
	if err != nil {
		return nil, err
	}
	beside := meta
	beside.Name = besideName(i)
	entry := newEntry(i, o, meta)
	entry.Spec.ExportTo = andHere(i)
	for _, p := range i.Ports {
		entry.Spec.Ports = append(entry.Spec.Ports, entryPort(p.Number, p.Protocol))
	}
	entry.Spec.Ports = append(entry.Spec.Ports, entryPort(i.TLSPort, intent.ProtocolHTTPS))
	// With a selector the rule is for the gateway's pods alone: others of its namespace
	// that see the host keep what they have.
	return ofHost(i, entry, newRule(i.FromGateway(), o, meta), ruleToGateway(i.ToGateway(), o, beside),
		meshGateway(i, o, meta), routeFromGateway(i, o, beside), routeToGateway(i, o, meta))
}

// besideName is that of the second object of a kind.
func besideName(i intent.Intent) string { return i.Name + "-gateway" }

// andHere lets the gateway see the host that its clients see.
func andHere(i intent.Intent) []string {
	here := func(to string) bool {
		return to == intent.ExportHere || to == intent.ExportEverywhere || to == i.Namespace
	}
	if slices.ContainsFunc(i.ExportTo, here) {
		return i.ExportTo
	}
	return append(slices.Clone(i.ExportTo), intent.ExportHere)
}

// ruleToGateway gives the clients a subset of the gateway's Service with mutual TLS of the
// mesh. Calls to the Service itself, and other subsets, keep the TLS that they have. The
// SNI is the host, by which the gateway finds its server; the identity is written out,
// because Istio would take that of whatever pod the Service picks.
func ruleToGateway(hop intent.Intent, o Options, meta metav1.ObjectMeta) *clientv1.DestinationRule {
	hop.Workload = nil // the route tells who is led there
	return &clientv1.DestinationRule{TypeMeta: typeMeta(kindRule, o), ObjectMeta: meta, Spec: networking.DestinationRule{
		Host: hop.Host, ExportTo: ruleExport(hop),
		Subsets: []*networking.Subset{{Name: hop.Subset, TrafficPolicy: &networking.TrafficPolicy{
			PortLevelSettings: []*networking.TrafficPolicy_PortTrafficPolicy{{
				Port: &networking.PortSelector{Number: port32(hop.TLSPort)},
				Tls:  &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_ISTIO_MUTUAL, Sni: hop.SNI, SubjectAltNames: hop.SANs},
			}},
		}}},
	}}
}

// meshGateway opens the gateway for the host, to workloads of the mesh only.
func meshGateway(i intent.Intent, o Options, meta metav1.ObjectMeta) *clientv1.Gateway {
	return &clientv1.Gateway{TypeMeta: typeMeta(kindGateway, o), ObjectMeta: meta, Spec: networking.Gateway{
		Selector: i.Through.Workload,
		Servers: []*networking.Server{{
			Port:  &networking.Port{Number: port32(i.Through.Port), Protocol: intent.ProtocolHTTPS, Name: fmt.Sprintf("https-%d", i.Through.Port)},
			Hosts: []string{"./" + i.Host}, Tls: &networking.ServerTLSSettings{Mode: networking.ServerTLSSettings_ISTIO_MUTUAL},
		}},
	}}
}

// routeFromGateway leads what the gateway takes for the host to its TLS port.
func routeFromGateway(i intent.Intent, o Options, meta metav1.ObjectMeta) *clientv1.VirtualService {
	return &clientv1.VirtualService{TypeMeta: typeMeta(kindRoute, o), ObjectMeta: meta, Spec: networking.VirtualService{
		Hosts: []string{i.Host}, Gateways: []string{i.Name}, ExportTo: []string{intent.ExportHere},
		Http: []*networking.HTTPRoute{{
			Match: []*networking.HTTPMatchRequest{{Port: port32(i.Through.Port)}}, Route: routeTo(i.Host, i.TLSPort, ""),
		}},
	}}
}

// routeToGateway is newRoute with the gateway as destination.
func routeToGateway(i intent.Intent, o Options, meta metav1.ObjectMeta) *clientv1.VirtualService {
	hop := i.ToGateway()
	return plainRoute(i, o, meta, routeTo(hop.Host, hop.TLSPort, hop.Subset))
}

func throughNotes(i intent.Intent, m made) []string {
	notes := append(hostNotes(i),
		fmt.Sprintf("any workload of the mesh that reaches gateway %s may use its way to %s: name those that may with an AuthorizationPolicy there", i.Through.Service, i.Host),
		fmt.Sprintf("an application that speaks HTTPS to %s:%d by itself goes past the gateway, as before; only a NetworkPolicy, or REGISTRY_ONLY without that port, keeps pods from it", i.Host, i.TLSPort))
	if len(i.Workload) > 0 {
		notes = append(notes, "other workloads that see the host go on sending plain HTTP to "+i.Host)
	}
	return append(notes, throughFiles(i, m)...)
}

// throughFiles tells what must be at the gateway that no object of the plan brings.
func throughFiles(i intent.Intent, m made) []string {
	var notes []string
	if i.CA.Kind == intent.CAPath {
		notes = append(notes, fmt.Sprintf("%s must be a file in the gateway's pods: without it no connection to %s succeeds", i.CA.Name, i.Host))
	} else {
		notes = append(notes, caNotes(i.FromGateway(), m)...)
	}
	switch {
	case i.Certificate.Kind == intent.PairPath:
		notes = append(notes, fmt.Sprintf("%s and %s must be files in the gateway's pods; what is in them was not looked at", i.Certificate.Name, i.Certificate.Key))
	case i.Certificate.Kind == intent.PairSecret:
		notes = append(notes, fmt.Sprintf("the gateway's account must be allowed to list the Secrets of namespace %s, as Istio's gateways are", i.Namespace))
		if !m.pair {
			notes = append(notes, fmt.Sprintf("Secret %s in namespace %s must hold the certificate and key in tls.crt and tls.key (or cert and key)", i.Certificate.Name, i.Namespace))
		}
	}
	return notes
}
