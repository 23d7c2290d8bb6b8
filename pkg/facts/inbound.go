package facts

// Inbound is one port on which the proxy accepts connections, with the filter
// chains that decide for it. Port 0 stands for every port without chains of its
// own (the passthrough chains of virtualInbound).
type Inbound struct {
	Port     int
	Listener string
	Gateway  bool // a listener of a gateway, not of a sidecar's inbound side
	Chains   []Chain
	Served   *HostCounters // what the proxy handed to the application on this port; nil: not seen, which is not zero
}

// Chain is one filter chain: what it matches and what socket it has.
type Chain struct {
	Name              string
	TransportProtocol string // tls, raw_buffer, or "" for any
	ALPN, ServerNames []string
	Socket            Socket // of kind SocketPlaintext where the chain has none
	RequireClientCert bool
	HTTP              bool // its bytes are read as HTTP; false: they are not, or that was not seen
}

// PlainHost is a host that a gateway answers on a port without TLS, and does not
// send to https; * is every host that no other names.
type PlainHost struct {
	Host string
	Port int
}

// Mode is what a port demands of its clients.
type Mode string

// Modes of PeerAuthentication (sidecar) and of Gateway servers.
const (
	ModeUnknown        Mode = "UNKNOWN"
	ModeStrict         Mode = "STRICT"
	ModePermissive     Mode = "PERMISSIVE"
	ModeDisable        Mode = "DISABLE"
	ModeSimple         Mode = "SIMPLE"
	ModeMutual         Mode = "MUTUAL"
	ModeOptionalMutual Mode = "OPTIONAL_MUTUAL"
	ModePassthrough    Mode = "PASSTHROUGH" // TLS only, which goes on unopened (AUTO_PASSTHROUGH too)
)
