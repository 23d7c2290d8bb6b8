package status

import (
	"fmt"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// mall is shop with n services of each kind, and rules for as many hosts of others as theirs: a Service that is called by
// the mesh's TLS, one of two pods without sidecars that is called by TLS of a rule, a host outside the mesh.
func mall(n, theirs int) Input {
	in := abroad()
	out, inner := *cluster(&in), auto()
	inner.Listeners = []facts.Outbound{{Listener: "10.96.0.1_3306", Address: "10.96.0.1", Port: 3306, Clusters: []string{inner.Cluster}}}
	entry, service, r := in.Services[0], shop().Services[0], in.Config.Rules[0]
	own := facts.Socket{Kind: facts.SocketTLS, Cert: facts.Source{Kind: facts.SourceNone}, Validation: out.Socket.Validation}
	in.Services, in.Config.Rules, in.Seen[0].Proxy.Upstreams = nil, nil, nil
	add := func(s facts.Service, u facts.Upstream, host string) {
		s.Hosts, s.Object.Name = []string{host}, host
		u.Host, u.Cluster = host, fmt.Sprintf("outbound|%d||%s", u.Port, host)
		u.Listeners = []facts.Outbound{u.Listeners[0]}
		u.Listeners[0].Clusters = []string{u.Cluster}
		in.Services = append(in.Services, s)
		in.Seen[0].Proxy.Upstreams = append(in.Seen[0].Proxy.Upstreams, u)
	}
	for i := range n {
		add(service, inner, fmt.Sprintf("db%04d.shop.svc.cluster.local", i))
		add(entry, out, fmt.Sprintf("r%04d.example.internal", i))
		bare := inner
		bare.Matches, bare.Socket = nil, own
		bare.Endpoints = []facts.Endpoint{{Address: "10.0.0.20:3306", Hosts: inner.Endpoints[0].Hosts}, {Address: "10.0.0.21:3306", Hosts: inner.Endpoints[0].Hosts}}
		add(service, bare, fmt.Sprintf("own%04d.shop.svc.cluster.local", i))
	}
	for _, ip := range []string{"10.0.0.20", "10.0.0.21"} {
		in.Seen = append(in.Seen, Seen{Peer: check.Peer{Pod: facts.Pod{Target: facts.Target{Namespace: "shop", Pod: "own-" + ip}, IPs: []string{ip}, Ports: map[string]int{"mysql": 3306}}}})
	}
	for i := range theirs {
		r.Host, r.Object.Name = fmt.Sprintf("x%05d.example.internal", i), fmt.Sprintf("x%05d", i)
		in.Config.Rules = append(in.Config.Rules, r)
	}
	in.Config.Services = in.Services
	return in
}

// TestCostOfAServiceHangsOnNoRules counts the allocations of a service among few and among many rules for other hosts:
// whoever orders all rules for each of them needs some for every rule.
func TestCostOfAServiceHangsOnNoRules(t *testing.T) {
	const services, more = 20, 40
	each := func(rules int) float64 {
		some, others := mall(services, rules), mall(services+more, rules)
		if rows := Of(others); len(rows) != 3*(services+more) || rows[0].Verdict != check.VerdictOK {
			t.Fatalf("%d rows, the first %+v", len(rows), rows[0])
		}
		return (testing.AllocsPerRun(3, func() { Of(others) }) - testing.AllocsPerRun(3, func() { Of(some) })) / (3 * more)
	}
	few, lots := each(10), each(2000)
	t.Logf("a service takes %.0f allocations among 10 rules, %.0f among 2000", few, lots)
	if lots > few+20 {
		t.Error("the work for one service grows with the rules of others")
	}
}

// TestServerIsLookedAtOnce counts the allocations of an endpoint: whether a client checks the server's certificate is the
// same for all endpoints of its cluster, and costs more than all else of one.
func TestServerIsLookedAtOnce(t *testing.T) {
	cost := func(endpoints int) float64 {
		in := mall(1, 0)
		own := &in.Seen[0].Proxy.Upstreams[2]
		for len(own.Endpoints) < endpoints {
			own.Endpoints = append(own.Endpoints, own.Endpoints[0])
		}
		if r := Of(in)[1]; r.Verdict != check.VerdictOK || r.Clients[0].Sends[0] != (Sent{check.SendsSimple, endpoints}) {
			t.Fatalf("%+v", r)
		}
		return testing.AllocsPerRun(5, func() { Of(in) })
	}
	each := (cost(102) - cost(2)) / 100
	t.Logf("an endpoint takes %.1f allocations", each)
	if each > 12 {
		t.Error("the work for one endpoint is that for the whole cluster")
	}
}

// BenchmarkOf makes the table of 1,500 services under 2,000 rules of others.
func BenchmarkOf(b *testing.B) {
	in := mall(500, 2000)
	b.ReportAllocs()
	for b.Loop() {
		Of(in)
	}
}
