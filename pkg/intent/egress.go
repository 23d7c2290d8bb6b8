package intent

import (
	"fmt"
	"slices"
)

// RecipeEgress means that plain HTTP to an external host leaves the sidecar as TLS
// on another port of the same host: 80 becomes 443.
const RecipeEgress Recipe = "egress"

// Form says by which of Istio's ways egress carries the traffic to the TLS port;
// the zero value is invalid for egress and the only valid one for other recipes.
type Form string

// Forms. FormTargetPort: the ServiceEntry's plain port has the TLS port as
// targetPort, and TLS stands at the plain port's cluster. FormVirtualService: a
// VirtualService sends the plain port to the TLS port's cluster.
const (
	FormUnset          Form = ""
	FormTargetPort     Form = "targetport"
	FormVirtualService Form = "virtualservice"
)

// DefaultForm picks the form that leaves others alone. targetPort it is: nothing is
// said of the TLS port, so an application that speaks HTTPS to it by itself keeps
// doing that, while the VirtualService form would put its TLS into another TLS; and
// no route of the host is taken. For some workloads only (a selector) it cannot be
// targetPort: the ServiceEntry is there for the others too, and would send their
// plain HTTP to the TLS port.
func DefaultForm(workload map[string]string) Form {
	if len(workload) > 0 {
		return FormVirtualService
	}
	return FormTargetPort
}

// TLSPorts lists the ports whose clusters carry TLS because of the intent: where
// verify looks. They are the intent's ports, except where a VirtualService leads to
// another one; the gateway's end has none, its TLS is that of the clients.
func (i Intent) TLSPorts() []int {
	if i.AtGateway() {
		return nil
	}
	if i.Leads() && i.Form == FormVirtualService {
		return []int{i.TLSPort}
	}
	out := make([]int, 0, len(i.Ports))
	for _, p := range i.Ports {
		out = append(out, p.Number)
	}
	return out
}

// RoutedFrom tells whether calls to a port of the host are led to another port's
// cluster, and to which.
func (i Intent) RoutedFrom(port int) (to int, routed bool) {
	if !i.Leads() || i.Form != FormVirtualService {
		return 0, false
	}
	return i.TLSPort, slices.ContainsFunc(i.Ports, func(p Port) bool { return p.Number == port })
}

// checkEgress: what egress and the client's end of mutual need beside a host; other
// recipes have none of it.
func (i Intent) checkEgress(p *problems) {
	if !i.Leads() {
		if i.Form != FormUnset || i.TLSPort != 0 || i.Subset != "" {
			p.add("form", "", "form %q, TLS port %d and subset %q belong to recipe %s, not to %s", i.Form, i.TLSPort, i.Subset, RecipeEgress, i.Recipe)
		}
		return
	}
	if len(i.Ports) > 1 {
		p.add("ports", "HOST[:PORT]", "one port at a time leads to one TLS port")
	}
	for n, port := range i.Ports {
		if port.Number == i.TLSPort {
			p.add("tlsPort", "--tls-port", "%d is the port that the application speaks plain HTTP to: there is nothing to lead elsewhere; use enable origination", i.TLSPort)
		}
		if port.Protocol != ProtocolHTTP {
			p.add(fmt.Sprintf("ports[%d].protocol", n), "", "%q: %s is for plain HTTP; use enable origination for other protocols", port.Protocol, i.Recipe)
		}
	}
	if i.TLSPort < 1 || i.TLSPort > 65535 {
		p.add("tlsPort", "--tls-port", "%d is not from 1 to 65535", i.TLSPort)
	}
	if i.Resolution == ResolutionNone {
		p.add("resolution", "--resolution", "%s connects to the very address and port that the application dialled, so the TLS port would never be reached: use %s", i.Resolution, ResolutionDNS)
	}
	i.checkForm(p)
	if i.Subset != "" && (i.Form != FormVirtualService || !isLabel(i.Subset)) {
		p.add("subset", "--subset", "%q: must be 1 to 63 lower-case letters, digits and inner dashes, and needs form %s, which leads the calls to it", i.Subset, FormVirtualService)
	}
}

func (i Intent) checkForm(p *problems) {
	switch i.Form {
	case FormVirtualService:
	case FormTargetPort:
		if len(i.Workload) > 0 {
			p.add("form", "--form", "%s together with a workload selector: the ServiceEntry is there for every pod that sees it, and those without the rule "+
				"would send plain HTTP to port %d; use --form %s, or leave --workload out", i.Form, i.TLSPort, FormVirtualService)
		}
	default:
		p.add("form", "--form", "%q is unknown: valid are %s and %s", i.Form, FormTargetPort, FormVirtualService)
	}
}
