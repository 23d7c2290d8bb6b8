package facts

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestBetween: only what was counted twice is told; a counter that began anew, or is not exported, is no zero.
func TestBetween(t *testing.T) {
	n := func(v uint64) *uint64 { return &v }
	proxy := func(tls *TLSCounters, served *HostCounters, hosts ...*HostCounters) *Proxy {
		u := Upstream{Cluster: "a", State: StateActive, TLS: tls}
		for i, h := range hosts {
			u.Endpoints = append(u.Endpoints, Endpoint{Address: string(rune('a' + i)), Hosts: h})
		}
		return &Proxy{Upstreams: []Upstream{u, {Cluster: "a", State: StateWarming}}, Inbound: []Inbound{{Port: 80, Served: served}}}
	}
	for _, c := range []struct {
		name          string
		before, after *Proxy
		want          Traffic
	}{
		{"none", proxy(nil, nil, &HostCounters{Total: 3}), proxy(nil, nil, &HostCounters{Total: 3}), Traffic{Upstreams: []Delta{{Cluster: "a", Known: true}}}},
		{"some, one endpoint new", proxy(nil, &HostCounters{}, &HostCounters{Total: 3, Failed: 1}), proxy(nil, &HostCounters{Total: 2, Requests: 4}, &HostCounters{Total: 5, Failed: 2, Requests: 1}, &HostCounters{Total: 1}),
			Traffic{Upstreams: []Delta{{Cluster: "a", Known: true, Connections: 3, Failed: 1, Requests: 1}}, Inbound: []Delta{{Port: 80, Known: true, Connections: 2, Requests: 4}}}},
		{"began anew", proxy(nil, nil, &HostCounters{Total: 3}), proxy(nil, nil, &HostCounters{Total: 1}, &HostCounters{Total: 1}),
			Traffic{Upstreams: []Delta{{Cluster: "a", Why: "its counters began anew in between", Connections: 1}}}},
		{"no counters", proxy(nil, nil, nil), proxy(nil, nil, nil), Traffic{Upstreams: []Delta{{Cluster: "a", Why: "no counter of its endpoints was seen"}}}},
		{"TLS", proxy(&TLSCounters{Handshake: n(1), FailVerifySAN: n(2)}, nil, &HostCounters{}), proxy(&TLSCounters{Handshake: n(4), FailVerifySAN: n(3), ConnectionError: n(9)}, nil, &HostCounters{}),
			Traffic{Upstreams: []Delta{{Cluster: "a", Known: true, Handshakes: n(3), TLSErrors: n(1)}}}},
		{"TLS began anew", proxy(&TLSCounters{Handshake: n(4)}, nil, &HostCounters{}), proxy(&TLSCounters{Handshake: n(1)}, nil, &HostCounters{}), Traffic{Upstreams: []Delta{{Cluster: "a", Known: true}}}},
		{"a cluster that came", &Proxy{}, proxy(nil, nil, &HostCounters{}), Traffic{}},
	} {
		c.want.Took = time.Second
		if diff := cmp.Diff(c.want, Between(c.before, c.after, time.Second)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}
