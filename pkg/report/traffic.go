package report

import (
	"fmt"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Traffic is what a proxy counted while it was watched (--watch-traffic, --exercise).
type Traffic struct {
	Seconds   float64        `json:"seconds"`
	Upstreams []TrafficDelta `json:"upstreams"` // those that are listed
	Inbound   []TrafficDelta `json:"inbound"`
}

// TrafficDelta is what one upstream or one inbound port counted; the numbers are null where they are not known, which is
// not zero.
type TrafficDelta struct {
	Cluster     string  `json:"cluster"` // empty: an inbound port
	Port        int     `json:"port"`
	Connections *uint64 `json:"connections"`
	Failed      *uint64 `json:"failed"`
	Requests    *uint64 `json:"requests"`
	Handshakes  *uint64 `json:"handshakes"` // of TLS; null: the proxy does not export them
	TLSErrors   *uint64 `json:"tlsErrors"`
	Why         string  `json:"why"`      // why the numbers are not known
	Exercise    string  `json:"exercise"` // what came of the connection of --exercise
}

// trafficOf gives the traffic of the upstreams that are listed; nil where nobody watched.
func trafficOf(in check.Input, listed []Upstream) *Traffic {
	if in.Traffic == nil {
		return nil
	}
	out := &Traffic{Seconds: in.Traffic.Took.Seconds(), Upstreams: []TrafficDelta{}, Inbound: []TrafficDelta{}}
	shown := map[string]bool{}
	for _, u := range listed {
		shown[u.Cluster] = true
	}
	for _, d := range in.Traffic.Upstreams {
		if shown[d.Cluster] {
			out.Upstreams = append(out.Upstreams, deltaOf(d))
		}
	}
	for _, d := range in.Traffic.Inbound {
		out.Inbound = append(out.Inbound, deltaOf(d))
	}
	return out
}

func deltaOf(d facts.Delta) TrafficDelta {
	out := TrafficDelta{Cluster: d.Cluster, Port: d.Port, Handshakes: d.Handshakes, TLSErrors: d.TLSErrors, Why: d.Why, Exercise: d.Exercise}
	if d.Known {
		out.Connections, out.Failed, out.Requests = &d.Connections, &d.Failed, &d.Requests
	}
	return out
}

// lines tell the traffic, one line for each upstream and port.
func (t Traffic) lines(listed []Upstream) []string {
	names := map[string]string{}
	for _, u := range listed {
		names[u.Cluster] = u.label()
	}
	var out []string
	for _, d := range t.Upstreams {
		out = append(out, names[d.Cluster]+": "+d.words(t.Seconds))
	}
	for _, d := range t.Inbound {
		out = append(out, fmt.Sprintf("inbound port %d: %s", d.Port, d.words(t.Seconds)))
	}
	return out
}

func (d TrafficDelta) words(seconds float64) string {
	var parts []string
	switch {
	case d.Connections == nil:
		parts = append(parts, "not known, "+d.Why)
	case *d.Connections+*d.Failed+*d.Requests == 0:
		parts = append(parts, fmt.Sprintf("no traffic in %.0fs", seconds))
	default:
		parts = append(parts, count(int(*d.Connections), "new connection", "new connections"), fmt.Sprintf("%d failed", *d.Failed), count(int(*d.Requests), "request", "requests"))
	}
	if d.Handshakes != nil {
		parts = append(parts, count(int(*d.Handshakes), "TLS handshake", "TLS handshakes"))
	} else if d.Cluster != "" {
		parts = append(parts, "TLS handshakes are not exported")
	}
	if d.TLSErrors != nil && *d.TLSErrors > 0 {
		parts = append(parts, count(int(*d.TLSErrors), "TLS error", "TLS errors"))
	}
	if d.Exercise != "" {
		parts = append(parts, "--exercise "+d.Exercise)
	}
	return strings.Join(parts, ", ")
}
