// Package intent holds what a user wants of TLS in a mesh: one Intent is one
// `enable`. It parses and validates; it does no I/O, never holds key material,
// and knows nothing of the objects that carry an intent out (pkg/istio does).
package intent

// Recipe names a way of carrying an intent out; pkg/istio has one file each.
type Recipe string

// RecipeOrigination: the sidecar originates TLS to an external host.
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

// CA is a reference to trusted certificates, with their fingerprints where they
// are known: never the certificates' keys.
type CA struct {
	Kind         CAKind   `json:"kind"`
	Name         string   `json:"name,omitempty"`         // path, Secret or ConfigMap name
	Fingerprints []string `json:"fingerprints,omitempty"` // SHA-256 of each certificate, lower-case hex
}

// Intent is one wish, complete: nothing in it is a default still to be found.
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
	Workload   map[string]string `json:"workload,omitempty"` // labels of the clients; empty is every workload that sees the rule
	ExportTo   []string          `json:"exportTo,omitempty"`
	Resolution string            `json:"resolution"` // DNS, STATIC, NONE, DNS_ROUND_ROBIN
	Addresses  []string          `json:"addresses,omitempty"`
}

// Port is one port of the host and its protocol as Istio spells it.
type Port struct {
	Number   int    `json:"number"`
	Protocol string `json:"protocol"` // TCP, TLS, HTTP, HTTP2, GRPC, HTTPS, MONGO, MYSQL, REDIS
}
