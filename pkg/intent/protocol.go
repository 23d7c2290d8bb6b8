package intent

import (
	"fmt"
	"slices"
	"strings"
)

// Protocols of the application that origination can carry, as Istio spells them.
const (
	ProtocolTCP   = "TCP"
	ProtocolHTTP  = "HTTP"
	ProtocolHTTP2 = "HTTP2"
	ProtocolGRPC  = "GRPC"
	ProtocolHTTPS = "HTTPS" // the application itself speaks TLS: refused for origination
	ProtocolTLS   = "TLS"   // the same
)

var originable = []string{ProtocolTCP, ProtocolHTTP, ProtocolHTTP2, ProtocolGRPC}

// asTCP are protocols for which Istio has a filter of its own (Redis) or
// parses the stream for statistics (Mongo); TLS needs none of that, and the Redis
// filter replaces the TCP proxy (istio pilot/pkg/networking/core/networkfilter.go).
var asTCP = map[string]string{
	"REDIS": "Istio's REDIS puts a Redis proxy in place of the TCP proxy",
	"MONGO": "Istio's MONGO parses the stream and stops at what it does not know",
}

var wellKnown = map[int]string{
	80: ProtocolHTTP, 8000: ProtocolHTTP, 8080: ProtocolHTTP,
	443: ProtocolHTTPS, 8443: ProtocolHTTPS,
}

// ParseProtocol reads a protocol as typed (any case) and gives Istio's spelling.
// Unknown words and words that mean another filter in Istio are refused.
func ParseProtocol(s string) (string, error) {
	p := strings.ToUpper(strings.TrimSpace(s))
	if why, refused := asTCP[p]; refused {
		return "", fmt.Errorf("protocol %q: %s, which origination does not need: use tcp", s, why)
	}
	if err := refuseStartTLS(0, p); err != nil {
		return "", err
	}
	if slices.Contains(originable, p) || p == ProtocolHTTPS || p == ProtocolTLS {
		return p, nil
	}
	return "", fmt.Errorf("protocol %q is unknown: valid are %s", s, validProtocols())
}

// DefaultProtocol gives the protocol of a well-known port, TCP for any other.
// For a port whose protocol starts TLS inside itself it is an error: there the
// user must say --protocol, and thereby that this server takes TLS from the first
// byte. HTTPS, for 443, is what applications speak there; Validate refuses it for
// origination and says what to do.
func DefaultProtocol(port int) (string, error) {
	if err := refuseStartTLS(port, ""); err != nil {
		return "", err
	}
	if p, known := wellKnown[port]; known {
		return p, nil
	}
	return ProtocolTCP, nil
}

func validProtocols() string { return strings.ToLower(strings.Join(originable, ", ")) }
