package facts

import (
	"net"
	"slices"
	"strconv"
	"strings"
)

// Foreign tells a proxy that another control plane than Istio configures: its clusters may have any name, so that one which
// is not named after a host may lead to it. A proxy of which nothing at all is known is not told to be one.
func (p *Proxy) Foreign() bool {
	if p == nil || p.Istio != "" || p.Node.Kind != NodeUnknown || slices.ContainsFunc(p.Upstreams, func(u Upstream) bool { return u.Direction != "" }) {
		return false
	}
	return len(p.Upstreams) > 0 || p.Node.ID != ""
}

// Reaches tells whether a cluster of a foreign proxy leads to a host: it is named after it, whatever else stands in the
// name beside it, or one of its endpoints is. Port 0 is any port. No answer is no proof: such names and addresses are
// anybody's choice.
func (u Upstream) Reaches(host string, port int) bool {
	return host != "" && (namedAfter(u.Cluster, host, port) || slices.ContainsFunc(u.Endpoints, func(e Endpoint) bool { return e.of(host, port) }))
}

// namedAfter finds a host in a name between characters that no host has; a port may follow it. A host of one label has to
// be the whole name: beside others it may be that of a route or a namespace (httproute/default/web/rule/0).
func namedAfter(name, host string, port int) bool {
	name, host = strings.ToLower(name), strings.ToLower(host)
	for from := 0; ; {
		at := strings.Index(name[from:], host)
		if at < 0 {
			return false
		}
		before, after := name[:from+at], name[from+at+len(host):]
		whole := before == "" && (after == "" || after[0] == ':')
		if (whole || strings.Contains(host, ".")) && (before == "" || !inHost(before[len(before)-1])) && (after == "" || !inHost(after[0])) && portFits(after, port) {
			return true
		}
		from += at + 1
	}
}

func inHost(c byte) bool {
	return c == '.' || c == '-' || c == '*' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z'
}

// portFits compares the port with the numbers behind the host, where there are any: "|8443", ":8443", "_http_8443".
func portFits(after string, port int) bool {
	numbers := false
	for _, word := range strings.FieldsFunc(after, func(r rune) bool { return r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z' }) {
		if n, err := strconv.Atoi(word); err == nil {
			if numbers = true; n == port {
				return true
			}
		}
	}
	return port == 0 || !numbers
}

func (e Endpoint) of(host string, port int) bool {
	name, number, err := net.SplitHostPort(e.Address)
	if err != nil || port != 0 && number != strconv.Itoa(port) {
		return false
	}
	return slices.ContainsFunc([]string{name, e.Hostname}, func(n string) bool { return strings.EqualFold(strings.TrimSuffix(n, "."), host) })
}
