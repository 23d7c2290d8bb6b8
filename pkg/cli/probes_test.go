package cli

import (
	"slices"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestProbed: what cannot be dialled, or not with the name that the sidecar sends, is not probed: a failure would say
// nothing of the server.
func TestProbed(t *testing.T) {
	at := func(addresses ...string) func(*facts.Upstream) {
		return func(u *facts.Upstream) {
			u.Endpoints, u.EndpointsKnown = nil, true
			for _, a := range addresses {
				u.Endpoints = append(u.Endpoints, facts.Endpoint{Address: a})
			}
		}
	}
	unseen := func(kind string) func(*facts.Upstream) {
		return func(u *facts.Upstream) { u.Endpoints, u.EndpointsKnown, u.Type = nil, false, kind }
	}
	wild := func(sni string) func(*facts.Upstream) {
		return func(u *facts.Upstream) {
			at("192.0.2.1:443")(u)
			u.Host, u.AutoSNI, u.Protocol, u.Socket.SNI = "*.example", true, facts.ProtocolHTTP, sni
		}
	}
	for name, c := range map[string]struct {
		is   func(*facts.Upstream)
		want []string
	}{
		"addresses":                   {at("192.0.2.1:443", "[2001:db8::1]:443"), []string{"192.0.2.1:443 a.example", "[2001:db8::1]:443 a.example"}},
		"a socket in the pod":         {at("unix:///var/run/x.sock", "192.0.2.1:443"), []string{"192.0.2.1:443 a.example"}},
		"DNS, not resolved":           {unseen("STRICT_DNS"), []string{"a.example:443 a.example"}},
		"addresses that are to come":  {unseen("EDS"), nil},
		"a wildcard, name not known":  {wild(""), nil},
		"a wildcard, a name is given": {wild("b.example"), []string{"192.0.2.1:443 b.example"}},
	} {
		u := facts.Upstream{Cluster: "outbound|443||a.example", Direction: "outbound", Host: "a.example", Port: 443, State: facts.StateActive, External: true, Socket: facts.Socket{Kind: facts.SocketTLS, SNI: "a.example"}}
		c.is(&u)
		var got []string
		for _, r := range probeRequests(check.Input{Proxy: &facts.Proxy{Upstreams: []facts.Upstream{u}}, All: true}, false) {
			got = append(got, r.Address+" "+r.SNI)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
