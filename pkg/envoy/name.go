package envoy

import (
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// splitName reads Istio's cluster name direction|port|subset|host, and its form
// for SNI, direction_.port_.subset_.host. Other names stay whole.
func splitName(u *facts.Upstream) {
	parts := strings.SplitN(u.Cluster, "|", 4)
	if len(parts) != 4 {
		parts = strings.SplitN(u.Cluster, "_.", 4)
		u.HandsOn = len(parts) == 4
	}
	if len(parts) != 4 || parts[0] == "" {
		return
	}
	port, err := strconv.Atoi(parts[1])
	if err != nil || port < 0 || port > 65535 {
		return
	}
	u.Direction, u.Port, u.Subset, u.Host = parts[0], port, parts[2], parts[3]
}

// ruleRef reads the path of the object that Istio names as the origin of a
// cluster: /apis/networking.istio.io/v1alpha3/namespaces/NS/destination-rule/NAME.
func ruleRef(path string) facts.Ref {
	p := strings.Split(strings.Trim(path, "/"), "/")
	if len(p) != 7 || p[0] != "apis" || p[3] != "namespaces" {
		return facts.Ref{}
	}
	kind := p[5]
	if kind == "destination-rule" || kind == "destinationrules" {
		kind = "DestinationRule"
	}
	return facts.Ref{Kind: kind, Namespace: p[4], Name: p[6]}
}
