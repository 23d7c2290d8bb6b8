// Package intent holds what a user wants of TLS in a mesh: one Intent is one
// `enable`. It parses and validates; it does no I/O, never holds key material,
// and knows nothing of the objects that carry an intent out (pkg/istio does).
package intent

// Recipe names a way of carrying an intent out; pkg/istio has one file each.
type Recipe string

// RecipeOrigination means that the sidecar originates TLS to an external host.
const RecipeOrigination Recipe = "origination"

// Mode is the TLS mode that the client side uses; the zero value is invalid.
type Mode string

// Modes as Istio spells them.
const (
	ModeUnset  Mode = ""
	ModeSimple Mode = "SIMPLE"
	ModeMutual Mode = "MUTUAL"
)

// CAKind says where the CA comes from; the zero value is invalid.
type CAKind string

// Kinds of CA: a path inside the sidecar, the operating system's roots, a
// Secret that sidecars read by credentialName, or a ConfigMap (Istio 1.26+).
const (
	CAUnset     CAKind = ""
	CAPath      CAKind = "path"
	CASystem    CAKind = "system"
	CASecret    CAKind = "secret"
	CAConfigMap CAKind = "configmap"
)

// Resolutions as Istio spells them; which addresses the sidecar connects to.
const (
	ResolutionDNS           = "DNS"
	ResolutionDNSRoundRobin = "DNS_ROUND_ROBIN"
	ResolutionStatic        = "STATIC"
	ResolutionNone          = "NONE"
)

// Visibility words of exportTo; any other entry is a namespace.
const (
	ExportHere       = "."
	ExportEverywhere = "*"
)

// CA is a reference to trusted certificates, with their fingerprints where they
// are known: never the certificates' keys.
type CA struct {
	Kind CAKind `json:"kind"`
	// Name is the path, the ConfigMap, or the credentialName: for a Secret the
	// name without Istio's suffix "-cacert". Empty for the system's roots.
	Name         string   `json:"name,omitempty"`
	Fingerprints []string `json:"fingerprints,omitempty"` // SHA-256 of each certificate, lower-case hex
}

// Intent is one wish, complete: nothing in it is a default still to be found
// (Complete finds them). Lists that are empty are nil, so that an intent
// survives JSON unchanged.
type Intent struct {
	Name       string            `json:"name"`
	Namespace  string            `json:"namespace"`
	Recipe     Recipe            `json:"recipe"`
	Host       string            `json:"host"`
	Ports      []Port            `json:"ports"`
	Mode       Mode              `json:"mode"`
	SNI        string            `json:"sni,omitempty"`
	SANs       []string          `json:"subjectAltNames,omitempty"`
	CA         CA                `json:"ca"`
	Workload   map[string]string `json:"workload,omitempty"`  // labels of the clients; empty is every workload that sees the rule
	ExportTo   []string          `json:"exportTo,omitempty"`  // ".", "*" or namespaces
	Resolution string            `json:"resolution"`          // DNS, DNS_ROUND_ROBIN, STATIC, NONE
	Addresses  []string          `json:"addresses,omitempty"` // what the clients dial: virtual addresses of the host
	Endpoints  []string          `json:"endpoints,omitempty"` // what the sidecar dials instead of the host: addresses or names
	Form       Form              `json:"form,omitempty"`      // egress and mutual only
	TLSPort    int               `json:"tlsPort,omitempty"`   // egress and mutual: the port of the host that takes TLS
	Mesh       bool              `json:"mesh,omitempty"`      // strict only: the whole mesh; Namespace is then the root's
	PortModes  []PortMode        `json:"portModes,omitempty"` // strict only: exceptions, by container port

	Certificate KeyPair `json:"certificate,omitzero"`  // what this end presents; none with SIMPLE
	Subset      string  `json:"subset,omitempty"`      // egress and mutual by VirtualService: TLS stands in this subset, "" for the host
	Role        Role    `json:"role,omitempty"`        // mutual only: the end that this is
	Service     string  `json:"service,omitempty"`     // gateway only: full name of the Service behind it
	ServicePort int     `json:"servicePort,omitempty"` // gateway only: the Service's port
	AnyClient   bool    `json:"anyClient,omitempty"`   // gateway only: whoever has a certificate of the CA may come in
	Through     Through `json:"through,omitzero"`      // egress only: the egress gateway on the way; zero for none
}

// Port is one port of the host and the protocol that the application speaks on
// it, as Istio spells it: TCP, HTTP, HTTP2, GRPC, ...
type Port struct {
	Number   int    `json:"number"`
	Protocol string `json:"protocol"`
}
