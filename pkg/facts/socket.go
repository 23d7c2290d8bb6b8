package facts

import "reflect"

// SocketKind tells what a transport socket does to the bytes.
type SocketKind int

// Kinds of sockets. Other is a type that we know not to judge: its TypeURL
// names it. Unknown is a socket that could not be decoded.
const (
	SocketUnknown SocketKind = iota
	SocketPlaintext
	SocketTLS
	SocketOther
)

// Socket is one transport socket, unwrapped from proxy_protocol, tap and the
// like; Wrappers keeps the types around it, outermost first.
type Socket struct {
	Name     string         // name of the match, "" for the cluster's own socket
	Match    map[string]any // criteria of transport_socket_matches; empty matches all
	Kind     SocketKind
	TypeURL  string
	Wrappers []string
	Problem  string // why Kind is unknown

	SNI         string
	AutoHostSNI bool // UpstreamTlsContext.auto_host_sni: SNI from the endpoint's hostname, TCP too
	AutoSNISAN  bool // UpstreamTlsContext.auto_sni_san_validation: name check against the SNI sent, TCP too
	ALPN        []string
	Cert        Source // client certificate (upstream) or server certificate (downstream)
	Validation  Validation

	MinTLS, MaxTLS  string // as Envoy spells them, TLSv1_2; empty is Envoy's default
	Ciphers, Curves []string
}

// Validation is how the peer's certificate is checked.
type Validation struct {
	Present         bool   // false: the context has no validation at all
	CA              Source // where trusted_ca comes from
	SANs            []NameMatch
	AcceptUntrusted bool // trust_chain_verification: ACCEPT_UNTRUSTED
	AllowExpired    bool
	Pins            int             // certificate hashes and SPKI pins
	Inline          []Certificate   // parsed, when CA is inline
	SPIFFE          []TrustDomainCA // custom validator of the context itself
	Problem         string          // an inline CA that does not parse
}

// TrustDomainCA is one trust domain of Envoy's SPIFFE validator.
type TrustDomainCA struct {
	Name string
	CA   []Certificate
}

// SourceKind says where a certificate or CA comes from; zero is unknown.
type SourceKind string

// Sources of key material and CAs.
const (
	SourceUnknown SourceKind = ""
	SourceNone    SourceKind = "none"
	SourceInline  SourceKind = "inline"
	SourceFile    SourceKind = "file"
	SourceSDS     SourceKind = "sds"
	SourceSPIFFE  SourceKind = "spiffe"
	SourceSystem  SourceKind = "system" // system_root_certs
	SourceOther   SourceKind = "other"  // a provider we do not know
)

// Source is a place that a certificate or CA comes from, never its content.
type Source struct {
	Kind SourceKind
	Name string // path for a file, name for SDS
}

// String gives the promised spelling: none, inline, file:PATH, sds:NAME, spiffe.
func (s Source) String() string {
	switch s.Kind {
	case SourceFile, SourceSDS, SourceOther:
		return string(s.Kind) + ":" + s.Name
	case SourceUnknown:
		return "unknown"
	}
	return string(s.Kind)
}

// NameMatch is one rule for the peer's name.
type NameMatch struct {
	Kind  string // exact, prefix, suffix, contains, regex
	Value string
	Type  string // dns, uri, email, ip; "" for any
}

// String gives the value, with "kind:" before it unless it is exact.
func (n NameMatch) String() string {
	if n.Kind == "exact" {
		return n.Value
	}
	return n.Kind + ":" + n.Value
}

// SocketFor returns the socket that a connection to the endpoint uses: the
// first match whose every criterion stands in the endpoint's metadata, else the
// cluster's own socket (Envoy: TransportSocketMatcherImpl::resolve).
func (u Upstream) SocketFor(e Endpoint) Socket {
	for _, s := range u.Matches {
		if matches(s.Match, e.Match) {
			return s
		}
	}
	return u.Socket
}

func matches(want, have map[string]any) bool {
	for k, v := range want {
		got, ok := have[k]
		if !ok || !contains(got, v) {
			return false
		}
	}
	return true
}

// contains compares as Envoy does: a list in the metadata matches when one of
// its elements does (Envoy: Metadata::metadataLabelMatch with list_as_any).
func contains(got, want any) bool {
	if list, ok := got.([]any); ok {
		for _, g := range list {
			if reflect.DeepEqual(g, want) {
				return true
			}
		}
		return false
	}
	return reflect.DeepEqual(got, want)
}
