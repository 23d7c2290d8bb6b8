package facts

import "testing"

// TestForeign: only what shows clusters, or a name of its own, can be told to be another control plane's.
func TestForeign(t *testing.T) {
	free, istio := Upstream{Cluster: "postgres"}, Upstream{Cluster: "outbound|443||a", Direction: "outbound"}
	for name, c := range map[string]struct {
		p    *Proxy
		want bool
	}{
		"nothing read":         {nil, false},
		"nothing known":        {&Proxy{}, false},
		"clusters of any name": {&Proxy{Upstreams: []Upstream{free}}, true},
		"a node of any name":   {&Proxy{Node: Node{ID: "client-sidecar-proxy"}}, true},
		"one of Istio's names": {&Proxy{Node: Node{ID: "x"}, Upstreams: []Upstream{free, istio}}, false},
		"Istio's version":      {&Proxy{Istio: "1.20.8", Upstreams: []Upstream{free}}, false},
		"Istio's node":         {&Proxy{Node: Node{ID: "x", Kind: NodeRouter}, Upstreams: []Upstream{free}}, false},
	} {
		if got := c.p.Foreign(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestReaches: a cluster is found by its name, whole or between what no host has, and by its endpoints; a port that is told
// has to fit.
func TestReaches(t *testing.T) {
	at := func(address, hostname string) Upstream {
		return Upstream{Cluster: "c1", Endpoints: []Endpoint{{Address: "unix:///x"}, {Address: address, Hostname: hostname}}}
	}
	for _, c := range []struct {
		u    Upstream
		host string
		port int
		want bool
	}{
		{Upstream{Cluster: "db.example"}, "DB.example", 5432, true},
		{Upstream{Cluster: "db.example:5432"}, "db.example", 5432, true},
		{Upstream{Cluster: "db.example:5432"}, "db.example", 0, true},
		{Upstream{Cluster: "db.example:5432"}, "db.example", 5433, false},
		{Upstream{Cluster: "db.example:x"}, "db.example", 5433, true},
		{Upstream{Cluster: "default/kuard/443/da39"}, "kuard", 80, false},
		{Upstream{Cluster: "default/kuard.default/443/da39"}, "kuard.default", 80, false},
		{Upstream{Cluster: "default/kuard.default/443/da39"}, "kuard.default", 443, true},
		{Upstream{Cluster: "cds_egress_mesh_api.example_http_8443"}, "api.example", 443, false},
		{Upstream{Cluster: "cds_egress_mesh_api.example_http_8443"}, "api.example", 8443, true},
		{Upstream{Cluster: "cds_egress_mesh_api.example_http_8443"}, "api.example", 0, true},
		{Upstream{Cluster: "localhost:8080"}, "localhost", 8080, true},
		{Upstream{Cluster: "localhost:8080"}, "localhost", 80, false},
		{Upstream{Cluster: "shop.db.example"}, "db.example", 0, false},
		{Upstream{Cluster: "db.example.org"}, "db.example", 0, false},
		{Upstream{Cluster: "xdb.example/db.example"}, "db.example", 0, true},
		{Upstream{Cluster: "xdb.example"}, "db.example", 0, false},
		{Upstream{Cluster: "web-db"}, "db", 0, false},
		{Upstream{Cluster: "db"}, "", 0, false},
		{at("db.example:5432", ""), "db.example", 5432, true},
		{at("db.example.:5432", ""), "db.example", 0, true},
		{at("db.example:5432", ""), "db.example", 443, false},
		{at("10.0.0.1:5432", "db.example"), "db.example", 5432, true},
		{at("[2001:db8::1]:5432", ""), "2001:db8::1", 5432, true},
		{at("10.0.0.1:5432", ""), "db.example", 5432, false},
	} {
		if got := c.u.Reaches(c.host, c.port); got != c.want {
			t.Errorf("%s %v: %s:%d %t", c.u.Cluster, c.u.Endpoints, c.host, c.port, got)
		}
	}
}
