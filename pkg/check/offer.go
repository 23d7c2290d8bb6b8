package check

import (
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Offer is what a socket offers a server of TLS, as Envoy spells it. Empty parts are not known.
type Offer struct {
	MaxTLS          string
	Ciphers, Curves []string
}

// OfferOf gives what the socket says, and for what it leaves open the default of the proxy's release. While the release
// is not known that of 1.39 counts, which has hardly changed since 1.17: it is for a probe to be like the sidecar.
func OfferOf(p *facts.Proxy, k facts.Socket) Offer {
	known := *p
	if known.Envoy == "" {
		known.Envoy = "1.39.0"
	}
	if known.TLSLibrary == "" {
		known.TLSLibrary = "BoringSSL"
	}
	in := paramsOf(&known, k, false)
	if len(k.Compliance) > 0 { // they overrule what stands beside them
		return Offer{}
	}
	return Offer{MaxTLS: strings.Join(in.max.values, ""), Ciphers: in.ciphers.values, Curves: in.curves.values}
}
