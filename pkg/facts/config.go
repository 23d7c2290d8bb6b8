package facts

import (
	"slices"
	"time"
)

// Config is what the objects of the cluster say, in plain words.
type Config struct {
	RootNamespace string // Istio's, istio-system as a rule
	Rules         []Rule
	Services      []Service
	Policies      []Policy        // PeerAuthentications
	Missing       map[Fact]string // what could not be read, and why
	Problems      []string        // objects that could not be understood whole, in plain words
}

// Rule is one TLS setting of a DestinationRule: of the whole rule, of a port,
// of a subset or of a port of a subset.
type Rule struct {
	Object   Ref
	Host     string // as written, may be short or start with "*."
	Subset   string // "" for the rule itself
	Port     int    // 0 for every port
	Policy   bool   // a traffic policy stands here, with or without TLS in it
	HasTLS   bool   // false: the rule exists and says nothing about TLS here
	Mode     string // DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL
	CA       string // caCertificates
	Cert     string // clientCertificate
	Key      string // privateKey, the path only
	CredName string // credentialName
	SNI      string
	SANs     []string
	SkipCA   bool              // insecureSkipVerify
	Selector map[string]string // nil: every workload; empty: a selector that names no label, which matches all too
	ExportTo []string          // nil: the mesh's default, everyone as a rule
	Created  time.Time
	Changed  time.Time // somebody last wrote to the spec then, by the API server's clock; zero: unknown. A field that one manager takes from another's leaves no trace
	Owner    string    // the intent that made it (our label), "" for others
	Unused   string    // why Istio does not use the object, in its own words (status of a BackendTLSPolicy); "" where it does, or does not tell
	BadCA    string    // why it cannot use the object that the CA should come from, likewise
}

// Service is one host and its ports: a ServiceEntry or a Kubernetes Service.
type Service struct {
	Object     Ref
	Hosts      []string
	Ports      []Port
	Selector   map[string]string // labels of its pods; nil: endpoints are named by hand, or by DNS
	External   bool              // MESH_EXTERNAL
	Resolution string
	Addresses  []string
	SANs       []string
	Endpoints  []string // addresses that are written by hand
	ExportTo   []string
	Created    time.Time
	Changed    time.Time // as of a Rule
	Owner      string
	Exposure   Exposure // of a Kubernetes Service
	Alias      string   // the host that a Service of type ExternalName is another name of
}

// Port is one port of a Service.
type Port struct {
	Number, Target int
	TargetName     string // the container port's name, where the target is one; Target is then 0
	Name, Protocol string
}

// HTTP tells that the port is declared to be read as HTTP (istio: pkg/config/protocol, IsHTTP).
func (p Port) HTTP() bool {
	return slices.Contains([]string{"HTTP", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-WEB"}, p.Protocol)
}

// OwnTLS tells that by the port's protocol the application speaks TLS itself, so that
// a sidecar hands its bytes on as they are.
func (p Port) OwnTLS() bool { return p.Protocol == "TLS" || p.Protocol == "HTTPS" }
