package check

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// throughProxy: a container whose environment names an HTTP proxy sends its calls there, where its library heeds that:
// the sidecar sees calls to the proxy, in plaintext, and the upstream's cluster gets none. A call that came to it, whatever
// became of it, tells that not all go there. Where the cluster has no TLS none is lost.
func throughProxy(in Input, s Subject) Finding {
	u := s.Serving()
	done, failed, _ := handshakes(u)
	if u.Protocol != facts.ProtocolHTTP && u.Protocol != facts.ProtocolMixed || done+failed > 0 || len(s.TLSSockets()) == 0 {
		return Finding{Outcome: OK}
	}
	host, names := s.Host, append([]string{s.Host}, u.Names...)
	if s.Intent != nil && s.Intent.LeadsToGateway() { // the cluster is the gateway's, whose Service no application calls for the host
		host, names = s.Intent.Target(), []string{s.Intent.Target()}
	}
	for _, p := range in.Proxy.Target.HTTPProxies {
		if slices.ContainsFunc(names, func(name string) bool { return spared(p.Except, name) }) || strings.EqualFold(hostOnly(p.Host), host) {
			continue
		}
		return Finding{Summary: fmt.Sprintf("whether calls to %s get to the sidecar as such is not known: the environment of container %s leads HTTP calls to a proxy (%s), and none came to this cluster yet", host, p.Container, p.Host),
			Got: "http_proxy or all_proxy, and no_proxy without the host", Want: "calls to the host itself", Fix: "add " + host + " to NO_PROXY of the container, or take HTTP_PROXY away"}
	}
	return Finding{Outcome: OK}
}

// spared tells whether a list of no_proxy has a host: itself, or a domain that it is in, with or without a dot or a star
// before it. Addresses do not count for names.
func spared(except []string, host string) bool {
	host = strings.ToLower(hostOnly(host))
	return slices.ContainsFunc(except, func(e string) bool {
		e = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(hostOnly(e)), "*"), ".")
		return e == "" || host == e || strings.HasSuffix(host, "."+e)
	})
}

// hostOnly is a host without its port.
func hostOnly(text string) string {
	if host, _, err := net.SplitHostPort(text); err == nil {
		return host
	}
	return text
}
