package intent

import (
	"slices"
	"strings"
)

// RecipeMutual means that two meshes, or a mesh and anybody, talk by mutual TLS with
// certificates of a CA of their own: at the client's end plain HTTP leaves the sidecar
// as TLS with a client certificate, at the server's end a gateway demands one.
const RecipeMutual Recipe = "mutual"

// Role is the end that an intent of recipe mutual is about; other recipes have none.
type Role string

// Roles. RoleClient is egress with a client certificate; RoleGateway is a gateway that
// takes only clients with a certificate of the CA, and leads them to a Service.
const (
	RoleNone    Role = ""
	RoleClient  Role = "client"
	RoleGateway Role = "gateway"
)

// AtGateway tells whether the intent is carried out at a gateway: its workload is the
// gateway's, its names and CA are those of the clients that may come in, and it has no
// upstream to verify.
func (i Intent) AtGateway() bool { return i.Recipe == RecipeMutual && i.Role == RoleGateway }

// Leads tells whether the intent leads plain calls to another port of the host, which
// takes TLS.
func (i Intent) Leads() bool {
	return i.Recipe == RecipeEgress || i.Recipe == RecipeMutual && i.Role == RoleClient
}

// completeMutual is Complete for what this recipe has beside egress.
func (i Intent) completeMutual() Intent {
	i.Mode = ModeMutual
	if i.Role == RoleClient && i.Form == FormUnset {
		i.Form = FormVirtualService
	}
	if !i.AtGateway() {
		return i
	}
	if i.Name == "" && i.Host != "" {
		i.Name = DefaultName(i.Host)
	}
	if i.TLSPort == 0 {
		i.TLSPort = defaultTLSPort
	}
	if i.Certificate.Kind == PairNone && i.Certificate.Name == "" {
		i.Certificate = KeyPair{Kind: PairSecret, Name: i.Name}
	}
	if i.CA.Kind == CAUnset && i.Certificate.Kind == PairSecret {
		i.CA.Kind, i.CA.Name = CASecret, i.Certificate.Name
	}
	if len(i.ExportTo) == 0 {
		i.ExportTo = []string{ExportHere}
	}
	return i
}

// checkMutual: what only this recipe has.
func (i Intent) checkMutual(p *problems) {
	if i.Recipe != RecipeMutual {
		if i.Role != RoleNone {
			p.add("role", "--role", "%q belongs to recipe %s, not to %s", i.Role, RecipeMutual, i.Recipe)
		}
		i.checkNoGateway(p)
		return
	}
	switch i.Role {
	case RoleClient:
		i.checkNoGateway(p)
	case RoleGateway:
	default:
		p.add("role", "--role", "%q is unknown: valid are %s and %s", i.Role, RoleClient, RoleGateway)
	}
	if i.Mode != ModeMutual {
		p.add("mode", "", "%q: recipe %s is %s", i.Mode, RecipeMutual, ModeMutual)
	}
}

func (i Intent) checkNoGateway(p *problems) {
	if i.Service != "" || i.ServicePort != 0 || i.AnyClient {
		p.add("service", "--to-service", "a Service behind a gateway belongs to recipe %s with role %s", RecipeMutual, RoleGateway)
	}
}

// checkGateway is Validate for the gateway's end.
func (i Intent) checkGateway(p *problems) {
	if strings.HasPrefix(i.Host, "*") {
		p.add("host", "HOST", "%s is a wildcard: a gateway for every host presents one certificate to all; enable each host by its name", i.Host)
	} else {
		i.checkHost(p)
	}
	i.checkGatewayPorts(p)
	i.checkClients(p)
	if i.Certificate.Kind != PairSecret {
		p.add("certificate.kind", "--credential", "%q: a gateway reads its certificate from a Secret of its own namespace: valid is %s", i.Certificate.Kind, PairSecret)
	}
	if len(i.Certificate.ServiceAccounts) > 0 {
		p.add("certificate.serviceAccounts", "", "a gateway's account has its right to Secrets from its installation: leave them out")
	}
	if len(i.CA.Fingerprints) > 0 && slices.ContainsFunc(i.CA.Fingerprints, func(s string) bool { return !isPrint(s) }) {
		p.add("ca.fingerprints", "", "one is no SHA-256 in 64 lower-case hex digits")
	}
	i.checkPair(p)
	if len(i.Workload) == 0 {
		p.add("workload", "--gateway", "the labels of the gateway's pods are needed, for example istio=ingressgateway")
	}
	for _, key := range sortedKeys(i.Workload) {
		if err := checkLabel(key, i.Workload[key]); err != nil {
			p.add("workload", "--gateway", "%w", err)
		}
	}
	if !slices.Equal(i.ExportTo, []string{ExportHere}) {
		p.add("exportTo", "", "what a gateway leads to is for the gateway's namespace only: %q", ExportHere)
	}
	if i.SNI != "" || i.Form != FormUnset || i.Subset != "" || i.Resolution != "" || len(i.Addresses) > 0 || len(i.Endpoints) > 0 || i.Mesh || len(i.PortModes) > 0 {
		p.add("role", "--role", "the gateway's end has no SNI to send, no form, subset, resolution, addresses or modes of ports")
	}
}

// checkClients: who gets in. Without names any certificate of the CA does, which must
// be said and never just happens.
func (i Intent) checkClients(p *problems) {
	const field, flag = "subjectAltNames", "--allow-san"
	switch {
	case len(i.SANs) == 0 && !i.AnyClient:
		p.add(field, flag, "is empty: any certificate of the CA would get in, those that it signed for servers and for other clients too; "+
			"name the clients that may, or say --allow-any-client")
	case len(i.SANs) > 0 && i.AnyClient:
		p.add("anyClient", "--allow-any-client", "names are given too: leave one of the two out")
	}
	i.checkSANs(p, field, flag)
}

func (i Intent) checkGatewayPorts(p *problems) {
	if i.TLSPort < 1 || i.TLSPort > 65535 {
		p.add("tlsPort", "--tls-port", "%d is not from 1 to 65535", i.TLSPort)
	}
	for _, port := range i.Ports {
		if len(i.Ports) > 1 || port.Protocol != ProtocolHTTP || port.Number == i.TLSPort || port.Number < 1 || port.Number > 65535 {
			p.add("ports", "--http-port", "at most one port of protocol %s, other than the TLS port %d, is redirected to it", ProtocolHTTP, i.TLSPort)
			break
		}
	}
	if name, namespace, found := strings.Cut(i.Service, "."); !found || !isLabel(name) || checkName(namespace) != nil || !strings.HasSuffix(i.Service, ".svc.cluster.local") {
		p.add("service", "--to-service", "%q is not the full name of a Service, NAME.NAMESPACE.svc.cluster.local", i.Service)
	}
	if i.ServicePort < 1 || i.ServicePort > 65535 {
		p.add("servicePort", "--to-service", "%d is not from 1 to 65535", i.ServicePort)
	}
}
