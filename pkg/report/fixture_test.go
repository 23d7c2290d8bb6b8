package report

import (
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const (
	redis    = "redis.example.internal"
	redisTLS = "outbound|16222||" + redis
	caSecret = "file-root:/etc/redis-ca/ca.pem"
)

func clock() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC) }

func sds(name string) facts.Source { return facts.Source{Kind: facts.SourceSDS, Name: name} }

func none() facts.Source { return facts.Source{Kind: facts.SourceNone} }

func redisCA() facts.Certificate {
	return facts.Certificate{Subject: "CN=redis-ca", Issuer: "CN=redis-ca", NotBefore: clock().AddDate(0, -1, 0), NotAfter: clock().AddDate(0, 0, 29), IsCA: true, Fingerprint: "aa11"}
}

func tlsSocket() facts.Socket {
	return facts.Socket{Kind: facts.SocketTLS, SNI: redis, Cert: none(), MinTLS: "TLSv1_2", MaxTLS: "TLSv1_3",
		Validation: facts.Validation{Present: true, CA: sds(caSecret), SANs: []facts.NameMatch{{Kind: "exact", Value: redis}, {Kind: "prefix", Value: "a."}}}}
}

// meshSocket is what auto mTLS makes.
func meshSocket() facts.Socket {
	return facts.Socket{Name: "tlsMode-istio", Match: map[string]any{"tlsMode": "istio"}, Kind: facts.SocketTLS, SNI: "outbound_.80_._.web", Cert: sds("default"),
		Validation: facts.Validation{Present: true, CA: sds("ROOTCA"), SANs: []facts.NameMatch{{Kind: "exact", Value: "spiffe://cluster.local/ns/web/sa/web"}}}}
}

func upstream() facts.Upstream {
	return facts.Upstream{
		Cluster: redisTLS, Direction: "outbound", Host: redis, Port: 16222, State: facts.StateActive, Protocol: facts.ProtocolTCP,
		Socket: tlsSocket(), EndpointsKnown: true, Rule: facts.Ref{Kind: "DestinationRule", Namespace: "redis", Name: "external-redis"},
		Endpoints: []facts.Endpoint{{Address: "10.0.0.1:16222", Hosts: &facts.HostCounters{Total: 3, Requests: 3}}},
	}
}

// input is one sidecar with one upstream that does everything right, and a rule
// that asks for it.
func input() check.Input {
	u := upstream()
	var refused [2]uint64
	return check.Input{
		Proxy: &facts.Proxy{
			Target: facts.Target{Context: "lab", Namespace: "redis", Pod: "redis-client-1"}, Envoy: "1.39.3", Istio: "1.31.1",
			Upstreams: []facts.Upstream{u}, Missing: map[facts.Fact]string{facts.FactTLSCounters: "not exported"},
			Updates: facts.Updates{ClustersRejected: &refused[0], ListenersRejected: &refused[1]},
			Secrets: []facts.Secret{{Name: caSecret, State: facts.StateActive, Validation: &facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceInline}, Inline: []facts.Certificate{redisCA()}}}},
		},
		Config: &facts.Config{RootNamespace: "istio-system", Rules: []facts.Rule{{Object: u.Rule, Host: redis, Policy: true, HasTLS: true, Mode: "SIMPLE", CA: "/etc/redis-ca/ca.pem", SNI: redis, SANs: []string{redis, "prefix:a."}}}},
		Now:    clock(), Warn: 14 * 24 * time.Hour,
	}
}

// zoo is a proxy with one upstream of each kind.
func zoo() check.Input {
	in := input()
	in.All = true
	add := func(cluster, host string, port int, change func(u *facts.Upstream)) {
		u := facts.Upstream{Cluster: cluster, Direction: "outbound", Host: host, Port: port, State: facts.StateActive, EndpointsKnown: true, Socket: facts.Socket{Kind: facts.SocketPlaintext}}
		change(&u)
		in.Proxy.Upstreams = append(in.Proxy.Upstreams, u)
	}
	newer := upstream()
	newer.State = facts.StateWarming
	in.Proxy.Upstreams = append(in.Proxy.Upstreams, newer)
	add("outbound|80||web", "web", 80, func(u *facts.Upstream) {
		u.Matches = []facts.Socket{{Name: "off", Match: map[string]any{"tlsMode": "disabled"}, Kind: facts.SocketPlaintext}, meshSocket(), {Name: "rest", Kind: facts.SocketPlaintext}}
		u.Endpoints = []facts.Endpoint{{Address: "10.0.0.2:80", Match: map[string]any{"tlsMode": "istio"}}, {Address: "10.0.0.3:80"}}
	})
	add("outbound|81||plain", "plain", 81, func(u *facts.Upstream) { u.EndpointsKnown = false })
	add("outbound|82||inner", "inner", 82, func(u *facts.Upstream) {
		u.Socket = facts.Socket{Kind: facts.SocketOther, TypeURL: "type.googleapis.com/x.InternalUpstreamTransport"}
	})
	add("outbound|83||broken", "broken", 83, func(u *facts.Upstream) { u.Socket = facts.Socket{Problem: "not a socket"}; u.Problem = "not a cluster" })
	add("outbound|84||waits", "waits", 84, func(u *facts.Upstream) { u.State = facts.StateWarming; u.Socket = tlsSocket() })
	add("outbound|85||anybody", "anybody", 85, func(u *facts.Upstream) {
		u.Socket = facts.Socket{Kind: facts.SocketTLS, Cert: facts.Source{Kind: facts.SourceFile, Name: "/etc/c.pem"}, Validation: facts.Validation{Present: true, CA: none()}}
	})
	add("xds-grpc", "", 0, func(u *facts.Upstream) { u.State, u.Direction = facts.StateStatic, "" })
	add("inbound|8080||", "", 8080, func(u *facts.Upstream) { u.Direction = "inbound" })
	in.Proxy.Inbound = []facts.Inbound{{Port: 8080, Listener: "virtualInbound", Chains: []facts.Chain{{Socket: facts.Socket{Kind: facts.SocketPlaintext}}}}, {Port: 0, Listener: "virtualInbound"}}
	in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: "ROOTCA", State: facts.StateWarming})
	in.Proxy.Problems = []string{"one part"}
	in.Config.Problems = []string{"one rule"}
	return in
}

func build(in check.Input, all bool) TargetReport {
	return Target(in, check.Run(check.All(), in), all)
}
