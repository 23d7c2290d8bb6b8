package istio

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const (
	serviceDomain      = "svc.cluster.local"            // Istio's default; the objects do not tell another
	annotationExportTo = "networking.istio.io/exportTo" // of a Service
)

func readEntry(r *reader, u *unstructured.Unstructured, ref facts.Ref, spec node) facts.Service {
	s := facts.Service{
		Object: ref, Hosts: r.texts(spec, "hosts"), Addresses: r.texts(spec, "addresses"), SANs: r.texts(spec, "subjectAltNames"),
		ExportTo: r.texts(spec, "exportTo"), Created: u.GetCreationTimestamp().Time, Changed: changed(u),
		External:   r.enum(spec, "location", networking.ServiceEntry_Location_name) == networking.ServiceEntry_MESH_EXTERNAL.String(),
		Resolution: r.enum(spec, "resolution", networking.ServiceEntry_Resolution_name),
	}
	s.Owner = Owner(u)
	if selector, there := r.node(spec, "workloadSelector"); there {
		s.Selector = r.labels(selector, "labels")
	}
	for _, e := range r.nodes(spec, "endpoints") {
		s.Endpoints = append(s.Endpoints, r.text(e, "address"))
	}
	for _, p := range r.nodes(spec, "ports") {
		port := facts.Port{Number: r.number(p, "number"), Target: r.number(p, "targetPort"), Name: r.text(p, "name"), Protocol: r.text(p, "protocol")}
		if port.Target == 0 {
			port.Target = port.Number
		}
		s.Ports = append(s.Ports, port)
	}
	return s
}

func readService(r *reader, u *unstructured.Unstructured, ref facts.Ref, spec node) facts.Service {
	s := facts.Service{Object: ref, Hosts: []string{ref.Name + "." + ref.Namespace + "." + serviceDomain}, Created: u.GetCreationTimestamp().Time}
	s.Owner = Owner(u)
	if _, there := r.node(spec, "selector"); there {
		s.Selector = r.labels(spec, "selector")
	}
	for to := range strings.SplitSeq(u.GetAnnotations()[annotationExportTo], ",") {
		if to = strings.TrimSpace(to); to != "" {
			s.ExportTo = append(s.ExportTo, to)
		}
	}
	s.Addresses = slices.DeleteFunc(r.texts(spec, "clusterIPs"), func(a string) bool { return a == "None" })
	if a := r.text(spec, "clusterIP"); len(s.Addresses) == 0 && a != "" && a != "None" {
		s.Addresses = []string{a}
	}
	if s.Exposure = readExposure(r, spec); s.Exposure.Type == "ExternalName" {
		s.Alias = r.text(spec, "externalName")
	}
	for _, p := range r.nodes(spec, "ports") {
		if r.text(p, "protocol") == "UDP" {
			continue
		}
		s.Ports = append(s.Ports, readServicePort(r, p))
	}
	return s
}

// readServicePort: targetPort may be a name, which only a pod can resolve: Target is
// then 0. Protocol is what the port declares, "" when Istio has to guess.
func readServicePort(r *reader, p node) facts.Port {
	port := facts.Port{Number: r.number(p, "port"), Name: r.text(p, "name"), Protocol: r.text(p, "appProtocol")}
	switch v, _ := p.get("targetPort"); v.(type) {
	case string:
		port.TargetName = r.text(p, "targetPort")
	case nil:
		port.Target = port.Number
	default:
		port.Target = r.number(p, "targetPort")
	}
	if port.Protocol == "" {
		port.Protocol, _, _ = strings.Cut(port.Name, "-")
	}
	port.Protocol = declared(port.Protocol)
	return port
}

// declared gives a declared protocol as Istio spells it, "" for other words
// (pkg/config/kube/conversion.go, ConvertProtocol).
func declared(word string) string {
	switch w := strings.ToUpper(word); w {
	case "TCP", "TLS", "HTTP", "HTTP2", "HTTPS", "GRPC", "MONGO", "MYSQL", "REDIS":
		return w
	case "KUBERNETES.IO/H2C":
		return "HTTP2"
	case "KUBERNETES.IO/WS":
		return "HTTP"
	case "KUBERNETES.IO/WSS":
		return "HTTPS"
	}
	return ""
}
