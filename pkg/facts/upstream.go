package facts

import (
	"strings"
	"time"
)

// Protocol is how the sidecar treats a connection of an upstream: it decides
// whether auto SNI and auto SAN validation have any effect (HTTP only).
type Protocol string

// The protocols that listeners show: HTTP (an HTTP connection manager routes to
// the cluster), TCP (a tcp_proxy does), both, or unknown.
const (
	ProtocolUnknown Protocol = ""
	ProtocolHTTP    Protocol = "http"
	ProtocolTCP     Protocol = "tcp"
	ProtocolMixed   Protocol = "mixed"
)

// State is where a cluster or secret stands in Envoy; the zero value is unknown.
type State string

// States as the sections of config_dump name them.
const (
	StateActive  State = "active"
	StateWarming State = "warming"
	StateStatic  State = "static"
)

// Upstream is one Envoy cluster. A cluster that is being replaced appears
// twice: once active and once warming.
type Upstream struct {
	Cluster   string // Envoy's name, outbound|16222||redis.example.internal
	StatName  string // alt_stat_name or Cluster: the key of counters
	Direction string // outbound, inbound, or "" when the name has no such part
	HandsOn   bool   // chosen by the SNI of TLS that somebody else began, which goes on unopened (AUTO_PASSTHROUGH; istio: cluster.go, buildOutboundSniDnatClusters)
	Subset    string
	Host      string
	Port      int
	State     State
	Type      string    // STRICT_DNS, EDS, ORIGINAL_DST, ...
	Updated   time.Time // last_updated; zero when unknown
	Protocol  Protocol

	// Socket is transport_socket; a cluster without one sends plaintext, which
	// is a Socket of kind SocketPlaintext. Matches are transport_socket_matches
	// in order.
	Socket  Socket
	Matches []Socket
	Members []string // clusters that this one only chooses among: their sockets count, not its own

	AutoSNI, AutoSAN bool   // HttpProtocolOptions auto_sni, auto_san_validation
	NameHeader       string // HttpProtocolOptions override_auto_sni_header: the header of a call whose value both take where it has one, in place of the host
	Authority        string // that a route gives the calls (host_rewrite_literal), and by that the name sent and checked; "" keeps the caller's

	Names []string // other names and addresses that its HTTP routes answer to: the cluster IP, aliases, "*.HOST" for pods of a headless service

	Endpoints      []Endpoint
	EndpointsKnown bool // false: the endpoints were not in the answers

	Rule     Ref  // the DestinationRule that Istio says made it
	External bool // Istio's metadata external: true
	TLSAsked bool // Istio's marker that a rule asked for SIMPLE or MUTUAL

	Shared    []Shared   // clusters that get parts, or copies, of the same calls
	Instead   []Shared   // clusters that calls to its own host and port are led to, and not to it
	Answered  bool       // its HTTP routes lead calls to its own host and port nowhere: redirects, fixed responses
	Listeners []Outbound // those of its port, and those with its routes, for calls of the application
	Routes    []string   // route configurations that lead to it

	TLS     *TLSCounters // nil: not exported, which is not zero
	Problem string       // why the cluster could not be decoded whole
}

// Shared is another cluster that gets a part, or copies, of an upstream's calls:
// weights and mirrors of a VirtualService.
type Shared struct {
	Cluster string
	Kind    SocketKind // plaintext where one of its endpoints gets that; unknown when it was not seen
}

// Outbound is one listener for the calls of the proxy's own application. Of
// several on one port Envoy takes the one with the address that is called, and
// the one for every address only where there is none (Istio's capture listener,
// use_original_dst).
type Outbound struct {
	Listener, Address string
	Also              []string // its additional addresses
	Port              int
	Clusters          []string      // that its filters lead to; none where HTTP routes decide
	Routes            []string      // route configurations that its HTTP managers ask for
	Inspects          bool          // it finds out which calls are HTTP (http_inspector)
	Chains            []FilterChain // where what leads where hangs on more than the listener
	Unread            string        // why nothing more is known of it; its port is then 0 where that is not known either
	Chooses           string        // what picks the chain, whatever their matches say, and is not evaluated here; "" where they tell
}

// Endpoint is one host of an upstream.
type Endpoint struct {
	Address  string // ip:port, or host:port before it is resolved
	Hostname string
	Health   string
	Match    map[string]any // metadata envoy.transport_socket_match
	Locality map[string]any // the same of its locality
	Hosts    *HostCounters  // nil: not in the answers
}

// HostCounters are Envoy's per-host counters (/clusters). Connected is counted
// only after the TLS handshake, so Total-Failed-(still connecting) handshakes
// were completed (facts: Envoy ssl_socket.cc onSuccess).
type HostCounters struct {
	Total, Failed, Active uint64
	Requests, Errors      uint64 // Errors: requests that were reset or answered with 5xx
}

// TLSCounters are cluster.<name>.ssl.*; absent ones are nil.
type TLSCounters struct {
	Handshake, ConnectionError, FailVerifyError, FailVerifySAN *uint64
	FailVerifyNoCert, FailVerifyHash, SecretsNotReady          *uint64
}

// Ref names one object of the cluster.
type Ref struct{ Kind, Namespace, Name string }

// String gives Kind namespace/name, or "" for no object.
func (r Ref) String() string {
	if r.Name == "" {
		return ""
	}
	if r.Namespace == "" {
		return r.Kind + " " + r.Name
	}
	return r.Kind + " " + r.Namespace + "/" + r.Name
}

// Edit is the command that opens the object.
func (r Ref) Edit() string { return r.command("edit") }

// Get is the command that shows it.
func (r Ref) Get() string { return r.command("get") + " -o yaml" }

func (r Ref) command(verb string) string {
	return "kubectl " + verb + " " + strings.ToLower(r.Kind) + " " + r.Name + " -n " + r.Namespace
}
