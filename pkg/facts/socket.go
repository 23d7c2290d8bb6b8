package facts

import (
	"reflect"
	"slices"
)

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
	Through  string // the cluster that carries the connection on, inside this Envoy (HBONE): the rest is its socket
	Problem  string // why Kind is unknown

	SNI         string
	AutoHostSNI bool // UpstreamTlsContext.auto_host_sni: SNI from the endpoint's hostname, TCP too
	AutoSNISAN  bool // UpstreamTlsContext.auto_sni_san_validation: name check against the SNI sent, TCP too
	ALPN        []string
	Cert        Source          // client certificate (upstream) or server certificate (downstream)
	MoreCerts   []Source        // beside Cert, as ECDSA beside RSA: all must be there before any connection is made
	Own         [][]Certificate // chains of those of Cert and MoreCerts that are inline, or of a file what the proxy tells of the first certificate of its versions that end first and last, without DER
	OwnProblem  string          // an inline chain that does not parse
	Validation  Validation
	KeyLog      string // file that every session's keys are written to: who has it reads the traffic

	MinTLS, MaxTLS  string // as Envoy spells them, TLSv1_2; empty is Envoy's default
	Ciphers, Curves []string
	SigAlgs         []string // signature algorithms that are taken; none is the TLS library's list
	Compliance      []string // policies of the TLS library that overrule the four above: FIPS_202205
}

// Validation is how the peer's certificate is checked.
type Validation struct {
	Present         bool   // false: the context has no validation at all
	CA              Source // where trusted_ca comes from
	Default         Source // with CA from SDS: the CA of the default context, in force where the secret brings none
	SANs            []NameMatch
	AcceptUntrusted bool // trust_chain_verification: ACCEPT_UNTRUSTED
	AllowExpired    bool
	Pins            int             // certificate hashes and SPKI pins: one that fits is enough
	Hashes          []string        // of them those of certificates, SHA-256, lower-case hex
	Keys            []string        // and those of keys, SHA-256, base64
	Inline          []Certificate   // parsed, when CA is inline
	Extension       bool            // an extension checks the peer in its own way, its name too
	SPIFFE          []TrustDomainCA // custom validator of the context itself
	Problem         string          // an inline CA that does not parse
	CRL             Source          // where the lists of revoked certificates come from
	Revoked         [][]byte        // those lists, DER, when CRL is inline
	CRLLeafOnly     bool            // only_verify_leaf_cert_crl: no list is needed for the CAs between
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
	SourceSystem  SourceKind = "system" // system_root_certs, which Envoy only has for gRPC clients: see InForce
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

// InForce is the source that a certificate is verified against in the end: with system_root_certs alone Envoy verifies
// nothing, in all releases that were looked up, and in others it is not known.
func (s Source) InForce(p *Proxy) Source {
	if s.Kind != SourceSystem {
		return s
	}
	if p != nil {
		if _, ignored := BehaviourIn(EnvoySystemRoots, ParseRelease(p.Envoy)); ignored {
			return Source{Kind: SourceNone}
		}
	}
	return Source{Kind: SourceOther, Name: "system_root_certs"}
}

// NameMatch is one rule for the peer's name.
type NameMatch struct {
	Kind  string // exact, prefix, suffix, contains, regex
	Value string
	Type  string // dns, uri, email, ip; "" for any

	IgnoreCase bool // regex excepted
}

// String gives the value, with "kind:" before it unless it is exact.
func (n NameMatch) String() string {
	if n.Kind == "exact" {
		return n.Value
	}
	return n.Kind + ":" + n.Value
}

// SocketFor returns the socket that a connection to the endpoint uses: the first
// match whose every criterion stands in the endpoint's own metadata, else the first
// that its locality's metadata fits, else the cluster's own socket (Envoy:
// TransportSocketMatcherImpl::resolve).
func (u Upstream) SocketFor(e Endpoint) Socket {
	if i := u.MatchFor(e); i >= 0 {
		return u.Matches[i]
	}
	return u.Socket
}

// MatchFor is the place in Matches of the socket for an endpoint, -1 for the cluster's own.
func (u Upstream) MatchFor(e Endpoint) int {
	for _, have := range []map[string]any{e.Match, e.Locality} {
		for i := range u.Matches {
			if matches(u.Matches[i].Match, have) {
				return i
			}
		}
	}
	return -1
}

// InUse returns the sockets that the endpoints get, each once, in the order of the
// endpoints. Names do not tell sockets apart: Envoy takes two of one name.
func (u Upstream) InUse() []Socket {
	var out []Socket
	seen := make([]bool, len(u.Matches)+1)
	for _, e := range u.Endpoints {
		i := u.MatchFor(e)
		if seen[i+1] {
			continue
		}
		seen[i+1] = true
		if i < 0 {
			out = append(out, u.Socket)
			continue
		}
		out = append(out, u.Matches[i])
	}
	return out
}

// Candidates are the sockets that endpoints of the upstream may get, whatever their
// metadata: every match up to one without criteria, behind which nothing is reached.
func (u Upstream) Candidates() []Socket {
	for i, s := range u.Matches {
		if len(s.Match) == 0 {
			return slices.Clip(u.Matches[:i+1])
		}
	}
	return append(slices.Clip(u.Matches), u.Socket)
}

// matches compares whole values: a list in the metadata is not its elements (Envoy:
// metadataLabelMatch with list_as_any false).
func matches(want, have map[string]any) bool {
	for k, v := range want {
		if got, ok := have[k]; !ok || !reflect.DeepEqual(got, v) {
			return false
		}
	}
	return true
}
