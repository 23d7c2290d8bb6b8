package conflict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// portFree: a TCP port of a host without address becomes a listener for every address,
// of which a port has one. Seen live on Istio 1.31: of two such ServiceEntries the older
// one gets every connection to the port, and where some host of the mesh has HTTP on it,
// a TCP one gets none at all (istio pilot/pkg/networking/core/listener.go).
func portFree() *Conflict {
	return &Conflict{
		ID: "MT035", Name: "port-free",
		Doc: "nobody else has the port that a TCP host without address takes for every address",
		Find: func(in Input) []check.Finding {
			if in.Captures || !toHost(in.Intent) {
				return nil
			}
			var out []check.Finding
			for _, mine := range in.Plan.Services {
				for _, p := range mine.Ports {
					if len(mine.Addresses) == 0 && bareTCP(p.Protocol) {
						out = append(out, in.takers(mine, p.Number)...)
					}
				}
			}
			return out
		},
	}
}

// bareTCP tells a protocol of which a sidecar sees no host: TLS has its SNI, HTTP its header.
func bareTCP(protocol string) bool {
	return slices.Contains([]string{"TCP", "MONGO", "MYSQL", "REDIS", ""}, strings.ToUpper(protocol))
}

func isHTTP(protocol string) bool {
	return slices.Contains([]string{"HTTP", "HTTP2", "GRPC", "GRPC-WEB"}, strings.ToUpper(protocol))
}

func (in Input) takers(mine facts.Service, port int) []check.Finding {
	var tcp, http []string
	var object string
	for _, s := range in.others().Services {
		if !sees(mine.Object.Namespace, s.Object, s.ExportTo) {
			continue
		}
		for _, p := range s.Ports {
			switch {
			case p.Number != port || slices.Equal(s.Hosts, mine.Hosts):
			case s.Object.Kind == "ServiceEntry" && len(s.Addresses) == 0 && bareTCP(p.Protocol):
				tcp, object = append(tcp, s.Object.String()), s.Object.String()
			case isHTTP(p.Protocol):
				http, object = append(http, s.Object.String()), s.Object.String()
			}
		}
	}
	fix := "give the host an address of its own that its name resolves to (--address), or another port; whole meshes: switch on DNS capture (ISTIO_META_DNS_CAPTURE)"
	host := mine.Hosts[0]
	switch {
	case len(tcp) > 0:
		return []check.Finding{fail(object, fmt.Sprintf("port %d is TCP and %s has no address, and so it is with %s: a sidecar has one listener for such a port, and the older entry gets the connections of both",
			port, host, few(tcp)), fix)}
	case len(http) > 0:
		return []check.Finding{fail(object, fmt.Sprintf("port %d is TCP and %s has no address, and %s has HTTP on the same port: the sidecar's listener for it stays HTTP, and what is sent to %s passes by the plan's TLS",
			port, host, few(http), host), fix)}
	}
	return nil
}

// few names up to three of a list.
func few(list []string) string {
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) > 3 {
		return strings.Join(list[:3], ", ") + fmt.Sprintf(" and %d more", len(list)-3)
	}
	return strings.Join(list, ", ")
}
