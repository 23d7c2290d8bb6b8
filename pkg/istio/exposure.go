package istio

import "github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"

// readExposure reads how a Service of Kubernetes can be reached.
func readExposure(r *reader, spec node) facts.Exposure {
	e := facts.Exposure{Type: r.text(spec, "type"), Headless: r.text(spec, "clusterIP") == "None", ExternalIPs: r.texts(spec, "externalIPs")}
	for _, p := range r.nodes(spec, "ports") {
		if n := r.number(p, "nodePort"); n != 0 {
			e.NodePorts = append(e.NodePorts, n)
		}
	}
	return e
}
