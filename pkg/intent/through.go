package intent

import (
	"net/url"
	"slices"
	"strings"
)

// ModeIstioMutual is the mesh's own mutual TLS; only a hop to an egress gateway has it.
const ModeIstioMutual Mode = "ISTIO_MUTUAL"

// Through is an egress gateway that the calls take: the sidecar speaks mutual TLS of the
// mesh to it, and it speaks TLS to the host. The intent's namespace is then the gateway's,
// where all of its objects and Secrets are; ExportTo are the clients' namespaces. The zero
// value is no gateway.
type Through struct {
	// Service is the full name of the gateway's Service.
	Service string `json:"service"`
	// Port is the Service's port that the sidecars call.
	Port int `json:"port"`
	// Workload are the labels of the gateway's pods.
	Workload map[string]string `json:"workload"`
	// Identities are the SPIFFE IDs that the gateway's pods have: the sidecars take no other.
	Identities []string `json:"identities"`
}

// ThroughGateway tells whether the calls take an egress gateway.
func (i Intent) ThroughGateway() bool { return i.Through.Service != "" }

// Hops gives an intent as what each proxy on the way has to do: the clients' sidecars and
// the gateway have different clusters. An intent without a gateway is its own only hop.
// The two of one with a gateway are for reading and judging: Build and Validate take the
// whole only.
func (i Intent) Hops() []Intent {
	if !i.ThroughGateway() {
		return []Intent{i}
	}
	return []Intent{i.ToGateway(), i.FromGateway()}
}

// ToGateway is the hop of the clients' sidecars: calls to the host's plain port go to a
// subset of the gateway's Service, by mutual TLS of the mesh, with the host as SNI and the
// gateway's identity demanded.
func (i Intent) ToGateway() Intent {
	out := i
	out.Host, out.TLSPort, out.Subset = i.Through.Service, i.Through.Port, i.Name
	out.Mode, out.SNI, out.SANs = ModeIstioMutual, i.Host, i.Through.Identities
	out.CA, out.Certificate = CA{}, KeyPair{}
	return out
}

// LeadsToGateway tells whether the intent is the hop of the clients' sidecars, whose SNI
// is the host that the calls are for.
func (i Intent) LeadsToGateway() bool { return i.ThroughGateway() && i.Host == i.Through.Service }

// FromGateway is the hop of the gateway: what comes in for the host leaves to the host's
// TLS port, by the intent's own TLS.
func (i Intent) FromGateway() Intent {
	out := i
	out.Workload, out.ExportTo = i.Through.Workload, []string{ExportHere}
	return out
}

// Target is the host that the calls are for, whichever hop this is.
func (i Intent) Target() string {
	if i.LeadsToGateway() {
		return i.SNI
	}
	return i.Host
}

// checkThrough: the gateway, and what does not go together with one.
func (i Intent) checkThrough(p *problems) {
	const field, flag = "through", "--through-gateway"
	t := i.Through
	if !i.ThroughGateway() {
		if t.Port != 0 || len(t.Workload) > 0 || len(t.Identities) > 0 {
			p.add(field+".service", flag, "is empty, and the rest of the gateway is not")
		}
		return
	}
	if i.Recipe != RecipeEgress {
		p.add(field, flag, "an egress gateway belongs to recipe %s, not to %s", RecipeEgress, i.Recipe)
	}
	name, rest, _ := strings.Cut(t.Service, ".")
	namespace, domain, _ := strings.Cut(rest, ".")
	switch {
	case !isLabel(name) || domain != "svc.cluster.local":
		p.add(field+".service", flag, "%q is not the full name of a Service, NAME.NAMESPACE.svc.cluster.local", t.Service)
	case namespace != i.Namespace:
		p.add("namespace", flag, "%q: the objects of an egress gateway are in its own namespace, %s, because its Secrets must be there", i.Namespace, namespace)
	}
	if t.Port < 1 || t.Port > 65535 {
		p.add(field+".port", flag, "%d is not from 1 to 65535", t.Port)
	}
	if len(t.Workload) == 0 {
		p.add(field+".workload", flag, "the labels of the gateway's pods are needed")
	}
	for _, key := range sortedKeys(t.Workload) {
		if err := checkLabel(key, t.Workload[key]); err != nil {
			p.add(field+".workload", flag, "%w", err)
		}
	}
	i.checkIdentities(p, field+".identities", flag)
	if i.Form != FormVirtualService || i.Subset != "" {
		p.add("form", "--form", "calls are led to the gateway by a VirtualService and a subset of its own: form %s, and no other subset", FormVirtualService)
	}
	if len(i.Certificate.ServiceAccounts) > 0 {
		p.add("certificate.serviceAccounts", "--service-account", "the gateway presents the certificate, and its account has its right to Secrets from its installation: leave them out")
	}
}

func (i Intent) checkIdentities(p *problems, field, flag string) {
	if len(i.Through.Identities) == 0 {
		p.add(field, flag, "is empty: any workload of the mesh could stand in for the gateway")
	}
	for n, id := range i.Through.Identities {
		u, err := url.Parse(id)
		if err != nil || u.Scheme != "spiffe" || u.Host == "" || strings.Count(u.Path, "/") != 4 {
			p.add(field, flag, "%q is no identity of the mesh, spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT", id)
		}
		if slices.Contains(i.Through.Identities[:n], id) {
			p.add(field, flag, "%q stands twice", id)
		}
	}
}
