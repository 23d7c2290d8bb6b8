package envoy

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// maxWrappers bounds sockets around sockets. Real ones have three at most.
const maxWrappers = 16

// shape is what a type of transport socket means to us.
type shape int

const (
	shapeOther shape = iota
	shapePlain
	shapeTLS
	shapeWrapper  // does to the bytes what the inner socket does
	shapeInternal // goes to a listener inside Envoy: plaintext inside decides nothing
	shapeQUIC     // holds a TLS context itself
)

// socketShapes are the last parts of type URLs below envoy.*, of v2 and v3.
var socketShapes = map[string]shape{
	"RawBuffer":                      shapePlain,
	"UpstreamTlsContext":             shapeTLS,
	"DownstreamTlsContext":           shapeTLS,
	"ProxyProtocolUpstreamTransport": shapeWrapper,
	"Http11ProxyUpstreamTransport":   shapeWrapper,
	"Tap":                            shapeWrapper,
	"InternalUpstreamTransport":      shapeInternal,
	"QuicUpstreamTransport":          shapeQUIC,
	"QuicDownstreamTransport":        shapeQUIC,
}

// socketNames are the registered names that Envoy before 1.13 went by when a
// socket has a Struct "config" or none, and no type.
var socketNames = map[string]shape{
	"raw_buffer":                         shapePlain,
	"envoy.transport_sockets.raw_buffer": shapePlain,
	"tls":                                shapeTLS,
	"envoy.transport_sockets.tls":        shapeTLS,
	"envoy.transport_sockets.tap":        shapeWrapper,
}

// shapeOf judges a type URL. TcpStats calls its message just Config.
func shapeOf(typeURL string) shape {
	name := typeURL[strings.LastIndexByte(typeURL, '/')+1:]
	if !strings.HasPrefix(name, "envoy.") {
		return shapeOther
	}
	if strings.HasPrefix(name, "envoy.extensions.transport_sockets.tcp_stats.") {
		return shapeWrapper
	}
	return socketShapes[name[strings.LastIndexByte(name, '.')+1:]]
}

// socket decodes one transport_socket; tlsContext is the member of the v2 API
// that stands for it. Without either the bytes go in plaintext. The second
// result is require_client_certificate of a downstream context.
func (c *collector) socket(raw, tlsContext jsontext.Value) (facts.Socket, bool) {
	if given(raw) {
		return c.unwrap(raw)
	}
	if given(tlsContext) {
		return c.tlsSocket(tlsContext, facts.Socket{})
	}
	return facts.Socket{Kind: facts.SocketPlaintext}, false
}

// unwrap follows sockets inside sockets down to the one that counts.
func (c *collector) unwrap(raw jsontext.Value) (facts.Socket, bool) {
	var s facts.Socket
	internal := ""
	for range maxWrappers {
		kind, typeURL, config, err := openSocket(raw)
		s.TypeURL = typeURL
		if err != nil {
			return unknownSocket(s, err.Error()), false
		}
		switch kind {
		case shapePlain:
			s.Kind = facts.SocketPlaintext
			if internal != "" {
				s.Kind, s.TypeURL = facts.SocketOther, internal
			}
			return s, false
		case shapeTLS:
			return c.tlsSocket(config, s)
		case shapeQUIC:
			return c.quicSocket(config, s)
		case shapeOther:
			s.Kind = facts.SocketOther
			return s, false
		}
		w, err := decode[wireWrapper](config)
		if err != nil || !given(w.Inner) {
			return unknownSocket(s, "the socket inside "+lastPart(typeURL)+" is missing or broken"), false
		}
		if len(w.Inner) > maxWrapped {
			return unknownSocket(s, fmt.Sprintf("the socket inside %s is larger than %d MiB", lastPart(typeURL), maxWrapped>>20)), false
		}
		if kind == shapeInternal {
			internal = typeURL
		}
		s.Wrappers = append(s.Wrappers, typeURL)
		raw = w.Inner
	}
	return unknownSocket(s, fmt.Sprintf("more than %d sockets are wrapped in each other", maxWrappers)), false
}

// openSocket finds the type and the configuration of one socket.
func openSocket(raw jsontext.Value) (shape, string, jsontext.Value, error) {
	w, err := decode[wireSocket](raw)
	if err != nil {
		return shapeOther, "", nil, fmt.Errorf("the transport socket could not be decoded: %w", wrongPart(err))
	}
	if given(w.Typed) {
		typeURL, config, err := openAny(w.Typed)
		if isStruct(typeURL) && socketNames[w.Name] != shapeOther {
			return socketNames[w.Name], typeURL, config, err
		}
		return shapeOf(typeURL), typeURL, config, err
	}
	config := firstGiven(w.Config, w.HiddenConfig)
	kind := socketNames[w.Name]
	if kind == shapeOther || kind != shapePlain && config == nil {
		return shapeOther, "", nil, fmt.Errorf("the transport socket %q has no type", short(w.Name))
	}
	return kind, "", config, nil
}

// openAny gives the type of an Any and the message, which is inside "value"
// when it travels as a TypedStruct.
func openAny(raw jsontext.Value) (string, jsontext.Value, error) {
	a, err := decode[wireAny](raw)
	if err != nil {
		return "", nil, fmt.Errorf("a typed_config could not be decoded: %w", wrongPart(err))
	}
	if (isTypedStruct(a.Type) || isStruct(a.Type)) && !given(a.Value) {
		a.Value = jsontext.Value("{}")
	}
	switch {
	case isTypedStruct(a.Type):
		return a.TypeURL, a.Value, nil
	case isStruct(a.Type):
		return a.Type, a.Value, nil
	}
	if a.Type == "" {
		return "", nil, fmt.Errorf("a typed_config has no @type")
	}
	return a.Type, raw, nil
}

func isTypedStruct(typeURL string) bool {
	return strings.HasSuffix(typeURL, ".type.v1.TypedStruct") || strings.HasSuffix(typeURL, ".type.v3.TypedStruct")
}

// isStruct tells an extension that has its type by its name alone, as with the config of the v2 API.
func isStruct(typeURL string) bool { return strings.HasSuffix(typeURL, "/google.protobuf.Struct") }

func (c *collector) quicSocket(config jsontext.Value, s facts.Socket) (facts.Socket, bool) {
	w, err := decode[wireWrapper](config)
	inner := firstGiven(w.Upstream, w.Downstream)
	if err != nil || inner == nil {
		return unknownSocket(s, "the QUIC socket has no TLS context"), false
	}
	return c.tlsSocket(inner, s)
}

func unknownSocket(s facts.Socket, why string) facts.Socket {
	return facts.Socket{Kind: facts.SocketUnknown, TypeURL: s.TypeURL, Wrappers: s.Wrappers, Problem: why}
}

func lastPart(typeURL string) string { return typeURL[strings.LastIndexByte(typeURL, '.')+1:] }
