package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestParted: of the listener that leads to the cluster another filter chain may take the calls.
func TestParted(t *testing.T) {
	tenth := facts.ChainMatch{Ranges: []string{"10.0.0.0/8"}}
	beside := func(cluster string, kind facts.SocketKind, m facts.ChainMatch) func(*Input) {
		return func(in *Input) {
			up(in).Listeners = []facts.Outbound{{Listener: "0.0.0.0_16222", Address: "0.0.0.0", Port: 16222, Clusters: []string{up(in).Cluster, cluster}, Chains: []facts.FilterChain{
				{To: []facts.Shared{{Cluster: up(in).Cluster, Kind: facts.SocketTLS}}}, {Name: "past", Match: m, To: []facts.Shared{{Cluster: cluster, Kind: kind}}}}}}
		}
	}
	plain := beside("PassthroughCluster", facts.SocketPlaintext, tenth)
	and := func(first, then func(*Input)) func(*Input) { return func(in *Input) { first(in); then(in) } }
	odd := func(address string) func(*Input) {
		return func(in *Input) {
			up(in).Listeners = []facts.Outbound{{Listener: "0.0.0.0_16222", Address: "0.0.0.0", Port: 16222, Clusters: []string{up(in).Cluster}}, {Listener: "odd", Address: address, Unread: "no"}}
		}
	}
	// vip is another listener on the port, at a virtual address, beside that for every address.
	vip := func(cluster string) func(*Input) {
		return func(in *Input) {
			odd("10.96.0.7")(in)
			l := &up(in).Listeners[1]
			up(in).Type, l.Unread, l.Port = "EDS", "", 16222
			if l.Routes = []string{"x"}; cluster != "" {
				l.Routes, l.Clusters = nil, []string{cluster}
			}
		}
	}
	other := func(in *Input) *facts.FilterChain { return &up(in).Listeners[0].Chains[1] }
	http := func(in *Input) {
		up(in).Protocol, up(in).Routes, up(in).Listeners[0].Clusters, up(in).Listeners[0].Routes = facts.ProtocolHTTP, []string{"16222"}, []string{"PassthroughCluster"}, []string{"16222"}
		up(in).Listeners[0].Chains[0] = facts.FilterChain{Routes: "16222"}
	}
	sniffs := func(in *Input) {
		http(in)
		up(in).Listeners[0].Inspects = true
		up(in).Listeners[0].Chains[0].Match = facts.ChainMatch{Transport: "raw_buffer", ALPN: []string{"http/1.1", "h2c"}}
		other(in).Match, other(in).Fallback = facts.ChainMatch{}, true
	}
	// What Istio makes of a VirtualService that leads port 80 to the HTTPS port.
	tlsOnly := and(plain, func(in *Input) {
		through := facts.FilterChain{Name: "PassthroughFilterChain", Fallback: true, To: []facts.Shared{{Cluster: "PassthroughCluster", Kind: facts.SocketPlaintext}}}
		up(in).Protocol, up(in).Routes, up(in).Listeners[0].Chains[1] = facts.ProtocolMixed, []string{"80"}, through
		up(in).Listeners[0].Chains[0].Match.Names = []string{host}
		up(in).Listeners = append(up(in).Listeners, facts.Outbound{Listener: "0.0.0.0_80", Address: "0.0.0.0", Port: 80, Routes: []string{"80"}, Clusters: []string{"PassthroughCluster"}, Inspects: true,
			Chains: []facts.FilterChain{{Routes: "80", Match: facts.ChainMatch{Transport: "raw_buffer", ALPN: []string{"http/1.1", "h2c"}}}, through}})
	})
	for name, c := range map[string]struct {
		odd  func(*Input)
		want Outcome
		text string
	}{
		"a range with the server, past the TLS": {plain, Fail, "at 10.244.0.1 are taken by another filter chain, or some of them: they are led to PassthroughCluster and leave the sidecar in plaintext"},
		"a range without the server":            {beside("PassthroughCluster", facts.SocketPlaintext, facts.ChainMatch{Ranges: []string{"192.0.2.0/24"}}), OK, "leads traffic"},
		"to TLS":                                {beside("outbound|1||tls.example", facts.SocketTLS, tenth), OK, "leads traffic"},
		"to a cluster that was not seen":        {beside("outbound|1||x.example", facts.SocketUnknown, tenth), Unknown, "may take them leads to outbound|1||x.example"},
		"a server that is not known": {and(plain, func(in *Input) { up(in).Type = "EDS" }), Unknown,
			"whether calls to redis.example.internal are led past the TLS is not known"},
		"the address is in the ServiceEntry": {and(plain, func(in *Input) {
			up(in).Type = "EDS"
			in.Config.Services[0].Addresses = []string{"10.96.0.7"}
		}), Fail, "at 10.96.0.7 are taken by another"},
		"the listener's own address": {and(plain, func(in *Input) {
			up(in).Listeners[0].Address, up(in).Listeners[0].Also = "240.0.0.1", []string{"10.0.0.9"}
		}), Fail, "at 10.0.0.9 are taken by"},
		"callers of another address": {and(beside("PassthroughCluster", facts.SocketPlaintext, facts.ChainMatch{Source: []string{"10.8.0.0/16"}}), func(in *Input) {
			in.Proxy.Node.ID = "sidecar~10.9.0.1~redis-client-1.redis~redis.svc.cluster.local"
		}), OK, "leads traffic"},
		"callers of its own address": {and(beside("PassthroughCluster", facts.SocketPlaintext, facts.ChainMatch{Source: []string{"10.9.0.0/16"}}), func(in *Input) {
			in.Proxy.Node.ID = "sidecar~10.9.0.1~redis-client-1.redis~redis.svc.cluster.local"
		}), Fail, "leave the sidecar in plaintext"},
		"callers of an unknown address": {beside("PassthroughCluster", facts.SocketPlaintext, facts.ChainMatch{Source: []string{"10.9.0.0/16"}}), Unknown, "may take them"},
		"TLS that comes in":             {beside("PassthroughCluster", facts.SocketPlaintext, facts.ChainMatch{Transport: "tls"}), OK, "leads traffic"},
		"its own chain takes TLS only":  {tlsOnly, OK, "leads traffic"},
		"the same, and some plain TCP is meant for it": {and(tlsOnly, func(in *Input) {
			l := &up(in).Listeners[1]
			l.Chains = append(l.Chains, facts.FilterChain{Match: facts.ChainMatch{Ranges: []string{"192.0.2.0/24"}}, To: []facts.Shared{{Cluster: up(in).Cluster, Kind: facts.SocketTLS}}})
		}), Fail, "leave the sidecar in plaintext"},
		"the same, and a listener of others": {and(tlsOnly, func(in *Input) {
			up(in).Listeners = append(up(in).Listeners, facts.Outbound{Listener: "0.0.0.0_9", Address: "0.0.0.0", Port: 9, Clusters: []string{"x"}})
		}), OK, "leads traffic"},
		"the same, and a whole listener that is meant for it": {and(tlsOnly, func(in *Input) {
			up(in).Listeners = append(up(in).Listeners, facts.Outbound{Listener: "0.0.0.0_9", Address: "0.0.0.0", Port: 9, Clusters: []string{up(in).Cluster}})
		}), OK, "leads traffic"},
		"to one that was not seen, and to plaintext": {and(plain, func(in *Input) {
			other(in).To = []facts.Shared{{Cluster: "x"}, {Cluster: "y", Kind: facts.SocketPlaintext}}
		}), Fail, "they are led to x, y and leave the sidecar in plaintext"},
		"what nothing looks for": {beside("x", facts.SocketPlaintext, facts.ChainMatch{ALPN: []string{"http/1.1"}}), OK, "leads traffic"},
		"what the listener looks for": {and(beside("x", facts.SocketPlaintext, facts.ChainMatch{ALPN: []string{"http/1.1"}}), func(in *Input) {
			up(in).Listeners[0].Inspects = true
		}), Fail, "leave the sidecar in plaintext"},
		"its own chain, steered": {and(plain, func(in *Input) {
			up(in).Listeners[0].Chains[0].Leads = "x sets y"
			other(in).Match.Ranges = []string{"192.0.2.0/24"}
		}), Unknown, "are led to is not known: x sets y"},
		"HTTP routes of others": {and(plain, func(in *Input) { other(in).To, other(in).Routes = nil, "81" }), Unknown, "whatever its HTTP routes say"},
		"a chain that closes":   {and(plain, func(in *Input) { other(in).To = nil }), OK, "leads traffic"},
		"a matcher that is not evaluated": {and(plain, func(in *Input) {
			up(in).Listeners[0].Chooses = "filter_chain_matcher"
		}), Unknown, "picks its filter chains by filter_chain_matcher"},
		"a matcher among TLS that comes in": {and(tlsOnly, func(in *Input) {
			up(in).Listeners[0].Chooses, up(in).Listeners = "filter_chain_matcher", up(in).Listeners[:1]
		}), Unknown, "picks its filter chains by"},
		"a matcher among HTTP routes": {and(plain, and(http, func(in *Input) {
			l := &up(in).Listeners[0]
			l.Chooses, l.Clusters, l.Routes, other(in).To, other(in).Routes = "filter_chain_matcher", nil, []string{"16222", "other"}, nil, "other"
		})), Unknown, "picks its filter chains by"},
		"a matcher, and a chain that is not understood": {and(plain, func(in *Input) {
			l := &up(in).Listeners[0]
			l.Chooses, l.Clusters, other(in).To, other(in).Leads = "filter_chain_matcher", l.Clusters[:1], nil, "a tcp_proxy could not be decoded"
		}), Unknown, "picks its filter chains by"},
		"a matcher, and a chain that closes": {and(plain, func(in *Input) {
			l := &up(in).Listeners[0]
			l.Chooses, l.Clusters, other(in).To = "filter_chain_matcher", l.Clusters[:1], nil
		}), OK, "leads traffic"},
		"a matcher among one": {and(plain, func(in *Input) {
			l := &up(in).Listeners[0]
			l.Chains, l.Chooses, l.Clusters = nil, "filter_chain_matcher", l.Clusters[:1]
		}), OK, "leads traffic"},
		"HTTP, a range past it":                                {and(plain, http), Fail, "leave the sidecar in plaintext"},
		"HTTP, the rest is let through":                        {and(plain, sniffs), OK, "leads traffic"},
		"HTTP here and TCP elsewhere, the rest is let through": {and(plain, and(sniffs, func(in *Input) { up(in).Protocol = facts.ProtocolMixed })), OK, "leads traffic"},
		"HTTP or not, the rest let through": {and(plain, and(sniffs, func(in *Input) {
			l := &up(in).Listeners[0]
			up(in).Protocol, l.Chains = facts.ProtocolMixed, append(l.Chains, facts.FilterChain{Match: facts.ChainMatch{Ranges: []string{"192.0.2.0/24"}}, To: []facts.Shared{{Cluster: up(in).Cluster, Kind: facts.SocketTLS}}})
		})), Fail, "leave the sidecar in plaintext"},
		"HTTP on a TCP port": {and(beside("x", facts.SocketPlaintext, facts.ChainMatch{ALPN: []string{"http/1.1"}}), func(in *Input) {
			up(in).Listeners[0].Inspects, other(in).To, other(in).Routes = true, nil, "16222"
		}), OK, "leads traffic"},
		"a listener that was not read, on the address that is called":  {odd("10.244.0.1"), Unknown, "a listener that may take them could not be read"},
		"a listener that was not read, on another address":             {odd("192.0.2.1"), OK, "leads traffic"},
		"a listener that was not read, on an address that is not told": {odd(""), Unknown, "could not be read"},
		"a listener that was not read, and nothing leads to the cluster": {and(odd("192.0.2.1"), func(in *Input) {
			up(in).Protocol, up(in).Listeners = facts.ProtocolUnknown, up(in).Listeners[1:]
		}), Unknown, "could not be read"},
		"a listener that was not read, for all addresses, and the host has its own": {and(odd("0.0.0.0"), func(in *Input) { up(in).Listeners[0].Address = "10.244.0.1" }), OK, "leads traffic"},
		"a listener that was not read, and calls to an address that is not known":   {and(odd("192.0.2.1"), func(in *Input) { up(in).Type = "EDS" }), Unknown, "could not be read"},
		"the Service's address has a listener of another host": {and(vip("outbound|16222||other.example"), func(in *Input) { in.Config.Services[0].Addresses = []string{"10.96.0.7"} }), Unknown,
			"at 10.96.0.7 are encrypted is not known: they are taken by the listener of another host, and lead to outbound|16222||other.example"},
		"the same, by the routes":            {and(vip("outbound|16222||other.example"), func(in *Input) { up(in).Names = []string{"10.96.0.7"} }), Unknown, "at 10.96.0.7 are encrypted is not known"},
		"the same, with HTTP routes":         {and(vip(""), func(in *Input) { up(in).Names = []string{"10.96.0.7"} }), Unknown, "whatever its HTTP routes say"},
		"a subset has the Service's address": {and(vip("outbound|16222|v1|"+host), func(in *Input) { up(in).Names = []string{"10.96.0.7"} }), OK, "leads traffic"},
		"the address of another Service":     {vip("outbound|16222||other.example"), OK, "leads traffic"},
		"no listener leads to it": {func(in *Input) {
			in.Proxy.Node.Kind = facts.NodeSidecar
			up(in).Listeners = []facts.Outbound{{Listener: "0.0.0.0_16222", Address: "0.0.0.0", Port: 16222, Clusters: []string{"x"}}}
		}, Unknown, "no listener for the application's calls that was read leads there"},
		"a listener of another port leads to it, too": {and(odd("192.0.2.1"), func(in *Input) {
			up(in).Listeners[1] = facts.Outbound{Listener: "10.0.0.5_7000", Address: "10.0.0.5", Port: 7000, Clusters: []string{up(in).Cluster}}
			up(in).Listeners = append(up(in).Listeners, facts.Outbound{Listener: "10.244.0.1_16222", Address: "10.244.0.1", Port: 16222, Clusters: []string{"x"}})
		}), Fail, "are taken by the listener of another host"},
		"a listener of another port leads past it, too": {and(odd("192.0.2.1"), func(in *Input) {
			up(in).Listeners[1] = facts.Outbound{Listener: "0.0.0.0_7000", Address: "0.0.0.0", Port: 7000, Clusters: []string{up(in).Cluster}, Chains: []facts.FilterChain{
				{To: []facts.Shared{{Cluster: up(in).Cluster, Kind: facts.SocketTLS}}}, {Match: tenth, To: []facts.Shared{{Cluster: "x", Kind: facts.SocketPlaintext}}}}}
		}), Fail, "leave the sidecar in plaintext"},
		"on loopback, and a listener of another port": {and(odd("192.0.2.1"), func(in *Input) {
			up(in).Listeners[0].Address = "127.0.0.1"
			up(in).Listeners[1] = facts.Outbound{Listener: "0.0.0.0_7000", Address: "0.0.0.0", Port: 7000, Clusters: []string{up(in).Cluster}}
		}), Unknown, "only what the application sends to 127.0.0.1:16222"},
		"by auto mTLS alone": {and(plain, func(in *Input) {
			in.Intents, in.All = nil, true
			rule(in).HasTLS, rule(in).Mode = false, ""
			in.Config.Rules = append(in.Config.Rules, facts.Rule{Object: facts.Ref{Name: "x", Namespace: "redis"}, Host: host, Port: 16222})
		}), Warn, "leave the sidecar in plaintext"},
	} {
		in := healthy(t)
		c.odd(&in)
		f := byID(Run(All(), in), "MT017")
		if len(f) != 1 || f[0].Outcome != c.want || !strings.Contains(f[0].Summary, c.text) {
			t.Errorf("%s: %+v, want %s with %q", name, f, c.want, c.text)
		}
	}
	for want, is := range map[string]facts.FilterChain{"past": {Name: "past", Fallback: true}, "by default": {Fallback: true}, "number 2": {}} {
		in := healthy(t)
		plain(&in)
		is.To = other(&in).To
		*other(&in), up(&in).Listeners[0].Chains[0].Match.Ranges = is, []string{"192.0.2.0/24"}
		if f := byID(Run(All(), in), "MT017"); len(f) != 1 || !strings.HasSuffix(f[0].Got, ", filter chain "+want) {
			t.Errorf("%s: %+v", want, f)
		}
	}
}
