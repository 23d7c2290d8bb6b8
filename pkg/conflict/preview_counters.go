package conflict

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
)

// byCounters finds plaintext that came in already, by the servers' own counters. A
// server that exports none is not known: absent is not zero.
func (in PreviewInput) byCounters(servers []server) []Locked {
	var out []Locked
	var dark []string
	for _, s := range servers {
		c, asked := in.Counted[s.Target.String()]
		switch {
		case !asked:
			dark = append(dark, s.Target.String()+" (not asked)")
		case c.Err != "":
			out = append(out, Locked{Kind: LockedUnread, Outcome: check.Unknown, Who: "not known", Server: s.Target.String(), Why: "its sidecar could not be asked what comes in without TLS: " + c.Err})
		case !c.Exported():
			dark = append(dark, s.Target.String())
		default:
			out = append(out, s.counted(c)...)
		}
	}
	if len(dark) > 0 {
		out = append(out, Locked{Kind: LockedUnread, Outcome: check.Unknown, Who: "not known", Server: few(dark),
			Why: "no counter tells whether plaintext comes in: neither istio_requests_total nor those of the inbound side are exported",
			Fix: `export them, and look again after a while: annotation sidecar.istio.io/statsInclusionRegexps: "(http|listener)\\..*(inbound|15006).*(downstream_cx|ssl).*"`})
	}
	return out
}

// counted tells of one server, by caller where the metrics name it, else by port.
func (s server) counted(c Plaintext) []Locked {
	fix := "give the caller a sidecar, or leave its port open: enable strict TARGET --port PORT=PERMISSIVE"
	var out []Locked
	for _, who := range slices.Sorted(maps.Keys(c.Sources)) {
		if n := c.Sources[who]; n > 0 {
			name := who
			if who == "" || strings.HasPrefix(who, "unknown") {
				name = "a caller without sidecar"
			}
			out = append(out, Locked{Kind: LockedCounted, Outcome: check.Fail, Who: name, Server: s.Target.String(), Why: fmt.Sprintf("%d requests or connections of it came in without TLS since the sidecar started (istio_requests_total, connection_security_policy none)", n), Fix: fix})
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, port := range slices.Sorted(maps.Keys(c.Ports)) {
		if n := c.Ports[port]; n > 0 && s.closes(port) {
			out = append(out, Locked{Kind: LockedCounted, Outcome: check.Fail, Who: "somebody without mutual TLS", Server: fmt.Sprintf("%s port %d", s.Target, port), Why: fmt.Sprintf("%d connections came in without TLS since the sidecar started (http.inbound_*.downstream_cx_total less downstream_cx_ssl_total)", n), Fix: fix})
		}
	}
	if c.All != nil && *c.All > 0 && c.Ports == nil {
		out = append(out, Locked{Kind: LockedCounted, Outcome: check.Fail, Who: "somebody without mutual TLS", Server: s.Target.String(), Why: fmt.Sprintf("%d connections came in without a TLS handshake since the sidecar started (listener of port 15006)", *c.All), Fix: fix})
	}
	return out
}
