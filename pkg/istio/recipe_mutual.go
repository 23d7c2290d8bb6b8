package istio

import (
	"fmt"

	networking "istio.io/api/networking/v1alpha3"
	clientv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// mutual writes one end of mutual TLS: the client's is egress with a certificate.
func mutual(i intent.Intent, o Options) ([]*unstructured.Unstructured, error) {
	if !i.AtGateway() {
		return egress(i, o)
	}
	meta, err := newMeta(i)
	if err != nil {
		return nil, err
	}
	return bare(newGateway(i, o, meta), behindGateway(i, o, meta))
}

// newGateway opens the TLS port to clients with a certificate of the CA, and where a
// plain port is given, sends its callers to the TLS port. "./" keeps routes of other
// namespaces out: they could lead the host's calls elsewhere.
func newGateway(i intent.Intent, o Options, meta metav1.ObjectMeta) *clientv1.Gateway {
	hosts := []string{"./" + i.Host}
	gateway := &clientv1.Gateway{TypeMeta: typeMeta(kindGateway, o), ObjectMeta: meta, Spec: networking.Gateway{Selector: i.Workload}}
	gateway.Spec.Servers = append(gateway.Spec.Servers, &networking.Server{
		Port: &networking.Port{Number: port32(i.TLSPort), Protocol: intent.ProtocolHTTPS, Name: fmt.Sprintf("https-%d", i.TLSPort)}, Hosts: hosts,
		Tls: &networking.ServerTLSSettings{
			Mode: networking.ServerTLSSettings_MUTUAL, CredentialName: i.Certificate.Name, SubjectAltNames: i.SANs,
			MinProtocolVersion: networking.ServerTLSSettings_TLSV1_2,
		},
	})
	for _, p := range i.Ports {
		gateway.Spec.Servers = append(gateway.Spec.Servers, &networking.Server{
			Port: &networking.Port{Number: port32(p.Number), Protocol: p.Protocol, Name: fmt.Sprintf("http-%d", p.Number)}, Hosts: hosts,
			Tls: &networking.ServerTLSSettings{HttpsRedirect: true},
		})
	}
	return gateway
}

func behindGateway(i intent.Intent, o Options, meta metav1.ObjectMeta) *clientv1.VirtualService {
	to := &networking.Destination{Host: i.Service, Port: &networking.PortSelector{Number: port32(i.ServicePort)}}
	return &clientv1.VirtualService{TypeMeta: typeMeta(kindRoute, o), ObjectMeta: meta, Spec: networking.VirtualService{
		Hosts: []string{i.Host}, Gateways: []string{i.Name}, ExportTo: i.ExportTo,
		Http: []*networking.HTTPRoute{{Route: []*networking.HTTPRouteDestination{{Destination: to}}}},
	}}
}

func mutualNotes(i intent.Intent, m made) []string {
	if !i.AtGateway() {
		return egressNotes(i, m)
	}
	notes := []string{
		"a client that sends no SNI is refused: the gateway knows the host by it; sidecars of rules without sni send none on TCP",
		fmt.Sprintf("%s must lead the clients to this gateway, port %d: names and load balancers are not made", i.Host, i.TLSPort),
		fmt.Sprintf("behind the gateway calls go to %s:%d as the mesh does it: mutual TLS of the mesh where its pods have a sidecar, plain text where not", i.Service, i.ServicePort),
	}
	if i.AnyClient {
		notes = append(notes, "any certificate that the clients' CA signed gets in, those of servers too, if that CA signs such; --allow-san names the clients that may")
	}
	if !m.pair {
		notes = append(notes, fmt.Sprintf("Secret %s in namespace %s, where the gateway is, must hold the gateway's certificate and key in tls.crt and tls.key (or cert and key)", i.Certificate.Name, i.Namespace))
	}
	if !m.ca {
		notes = append(notes, fmt.Sprintf("Secret %s-cacert, or else %s, in namespace %s must hold the CA of the clients in key cacert or ca.crt; the first of the two wins", i.CA.Name, i.CA.Name, i.Namespace))
	}
	return notes
}
