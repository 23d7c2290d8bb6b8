package check

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// sabotage is one way of breaking the healthy input: which check must speak,
// with which outcome, and a word of the cause.
type sabotage struct {
	name  string
	do    func(t *testing.T, in *Input)
	id    string
	want  Outcome
	cause string
}

func sabotages() []sabotage {
	return slices.Concat(transportCases(), trustCases(), nameCases(), stateCases(), serverCases(), inboundCases(), gatewayCases(), pairCases(), caObjectCases(), identityCases(), freshCases(), policyCases(), trafficCases())
}

func transportCases() []sabotage {
	return []sabotage{
		{"no cluster", func(_ *testing.T, in *Input) { in.Proxy.Upstreams = nil }, "MT001", Fail, "does not know"},
		{"only a warming cluster", func(_ *testing.T, in *Input) { up(in).State = facts.StateWarming }, "MT001", Fail, "waits"},
		{"proxy is starting", func(_ *testing.T, in *Input) { in.Proxy.Upstreams, in.Proxy.Starting = nil, true }, "MT001", Unknown, "starting"},
		{"no clusters section", func(_ *testing.T, in *Input) { lacks(in, facts.FactClusters) }, "MT001", Unknown, "fact is missing"},
		{"short name", func(_ *testing.T, in *Input) { in.Intents, in.To = nil, []To{{Host: "redis", Port: 6379}} }, "MT001", Unknown, "short name"},
		{"short name: what to ask", func(_ *testing.T, in *Input) {
			in.Intents, in.To, in.Proxy.Target.Pod = nil, []To{{Host: "redis", Port: 6379}}, "web-1"
		}, "MT001", Unknown, "\nkubectl mesh-tls verify pod/web-1 -n redis --to svc/redis\n"},
		{"short name, no pod", func(_ *testing.T, in *Input) {
			in.Intents, in.To, in.Proxy.Target.Pod = nil, []To{{Host: "redis", Port: 6379}}, ""
		}, "MT001", Unknown, "\n\n\n"},
		{"an address", func(_ *testing.T, in *Input) { in.Intents, in.To = nil, []To{{Host: "10.0.0.7", Port: 6379}} }, "MT001", Unknown, "is an address"},
		{"an IPv6 address: what to ask", func(_ *testing.T, in *Input) {
			in.Intents, in.To, in.Proxy.Target.Pod = nil, []To{{Host: "::1", Port: 6379}}, "web-1"
		}, "MT001", Unknown, "\nkubectl mesh-tls verify pod/web-1 -n redis --all "},
		{"another port of the host", func(_ *testing.T, in *Input) { in.Intents, in.To = nil, []To{{Host: up(in).Host, Port: 6380}} }, "MT001", Fail, "the sidecar has the host for port"},
		{"no cluster: where to look", func(_ *testing.T, in *Input) { in.Proxy.Upstreams = nil }, "MT001", Fail, "ServiceEntry redis/external-redis\nkubectl get serviceentry external-redis -n redis -o yaml"},
		{"no cluster of a Service: where to look", func(_ *testing.T, in *Input) {
			in.Intents, in.Config.Rules, in.To = nil, nil, []To{{Host: "db.shop.svc.cluster.local", Port: 80}}
		}, "MT001", Fail, "\nkubectl get services,sidecars.networking.istio.io -A"},
		{"mode DISABLE", func(_ *testing.T, in *Input) { plain(in); rule(in).Mode = "DISABLE" }, "MT002", Fail, "mode DISABLE"},
		{"rule elsewhere", func(_ *testing.T, in *Input) { plain(in); rule(in).Object.Namespace = "other" }, "MT002", Fail, "namespace other"},
		{"exportTo", func(_ *testing.T, in *Input) {
			plain(in)
			rule(in).Object.Namespace, rule(in).ExportTo = "istio-system", []string{"."}
		}, "MT002", Fail, "exportTo"},
		{"credentialName", func(_ *testing.T, in *Input) { plain(in); rule(in).CA, rule(in).CredName = "", "redis" }, "MT002", Fail, "workloadSelector"},
		{"mutual without pair", func(_ *testing.T, in *Input) { plain(in); rule(in).Mode = "MUTUAL" }, "MT002", Fail, "client certificate"},
		{"TLS for another port", func(_ *testing.T, in *Input) {
			plain(in)
			other := *rule(in)
			rule(in).HasTLS, rule(in).Mode, other.Port = false, "", 9999
			in.Config.Rules = append(in.Config.Rules, other)
		}, "MT002", Fail, "9999"},
		{"rule gone", func(_ *testing.T, in *Input) { plain(in); in.Config.Rules = nil }, "MT002", Fail, "no DestinationRule"},
		{"rule for others", func(_ *testing.T, in *Input) { plain(in); rule(in).Selector = map[string]string{"app": "x"} }, "MT002", Fail, "app=x"},
		{"not received", func(_ *testing.T, in *Input) { plain(in) }, "MT002", Fail, "does not have it"},
		{"plaintext, rules unread", func(_ *testing.T, in *Input) { plain(in); in.Config = nil; up(in).TLSAsked = true }, "MT002", Fail, "ignored"},
		{"no endpoint", func(_ *testing.T, in *Input) { up(in).Endpoints = nil }, "MT002", Unknown, "no endpoint"},
		{"idle subset without endpoint", func(_ *testing.T, in *Input) {
			idle := *up(in)
			idle.Cluster, idle.Subset, idle.Protocol, idle.Endpoints = "outbound|16222|v9|"+host, "v9", "", nil
			in.Proxy.Upstreams, in.To = append(in.Proxy.Upstreams, idle), []To{{Host: host}}
		}, "MT002", Warn, "nothing is sent to it"},
		{"unknown socket", func(_ *testing.T, in *Input) { *sock(in) = facts.Socket{Problem: "typed_config is a list"} }, "MT002", Unknown, "could not be read"},
		{"other socket", func(_ *testing.T, in *Input) { *sock(in) = facts.Socket{Kind: facts.SocketOther, TypeURL: "x.Alts"} }, "MT002", Unknown, "does not judge"},
		{"a cluster that chooses", func(_ *testing.T, in *Input) { up(in).Members, up(in).Type = []string{"a", "b"}, "agg" }, "MT002", Unknown, "chooses among others"},
		{"damaged cluster", func(_ *testing.T, in *Input) { up(in).Problem = "metadata is a number" }, "MT002", Unknown, "could not be read whole"},
		{"per endpoint, one plain", perEndpointCase(facts.SocketPlaintext), "MT002", Fail, "1 of 2"},
		{"per endpoint, one other", perEndpointCase(facts.SocketOther), "MT002", Unknown, "does not judge"},
		{"per endpoint, unseen", func(t *testing.T, in *Input) {
			perEndpointCase(facts.SocketTLS)(t, in)
			up(in).EndpointsKnown = false
		}, "MT002", Unknown, "endpoints are not known"},
		{"per endpoint, none", func(t *testing.T, in *Input) { perEndpointCase(facts.SocketTLS)(t, in); up(in).Endpoints = nil }, "MT002", Unknown, "no endpoint"},
	}
}

// perEndpointCase gives the upstream two endpoints, the second with a socket of
// the kind.
func perEndpointCase(kind facts.SocketKind) func(*testing.T, *Input) {
	return func(_ *testing.T, in *Input) {
		u := up(in)
		tls := u.Socket
		tls.Name, tls.Match = "tlsMode-istio", map[string]any{"tlsMode": "istio"}
		u.Matches = []facts.Socket{tls, {Name: "tlsMode-disabled", Kind: kind}}
		u.Endpoints = []facts.Endpoint{{Address: "10.0.0.1:1", Match: map[string]any{"tlsMode": "istio"}}, {Address: "10.0.0.2:1"}}
	}
}

func trustCases() []sabotage {
	v := func(in *Input) *facts.Validation { return &sock(in).Validation }
	return []sabotage{
		{"empty validation", func(_ *testing.T, in *Input) {
			*v(in) = facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceNone}}
		}, "MT003", Fail, "not validated"},
		{"no validation", func(_ *testing.T, in *Input) { *v(in) = facts.Validation{CA: facts.Source{Kind: facts.SourceNone}} }, "MT003", Fail, "not validated"},
		{"zero validation", func(_ *testing.T, in *Input) { *v(in) = facts.Validation{} }, "MT003", Fail, "not validated"},
		{"shape unknown", func(_ *testing.T, in *Input) { v(in).CA = facts.Source{} }, "MT003", Unknown, "could not be read"},
		{"insecureSkipVerify", func(_ *testing.T, in *Input) {
			rule(in).SkipCA = true
			*v(in) = facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceNone}}
		}, "MT003", Fail, "not validated"},
		{"accept untrusted", func(_ *testing.T, in *Input) { v(in).AcceptUntrusted = true }, "MT003", Fail, "any certificate"},
		{"names without CA", func(_ *testing.T, in *Input) { v(in).CA = facts.Source{Kind: facts.SourceNone} }, "MT003", Fail, "not validated"},
		{"an extension instead of names", func(_ *testing.T, in *Input) {
			v(in).CA, v(in).Extension, v(in).SANs = facts.Source{Kind: facts.SourceOther, Name: "handshaker x"}, true, nil
		}, "MT006", Unknown, "an extension decides"},
		{"an extension in the secret", func(_ *testing.T, in *Input) {
			v(in).SANs = nil
			in.Proxy.Secrets[0].Validation = &facts.Validation{Present: true, Extension: true, CA: facts.Source{Kind: facts.SourceOther, Name: "x"}}
		}, "MT006", Unknown, "an extension decides"},
		{"empty validation of another control plane", func(_ *testing.T, in *Input) {
			v(in).CA = facts.Source{Kind: facts.SourceNone}
			in.Proxy.Istio, in.Proxy.Upstreams[0].Host, in.Proxy.Upstreams[0].Port, in.Config, in.Intents, in.To, in.All = "", "", 0, nil, nil, nil, true
		}, "MT003", Fail, "the proxy's configuration names none"},
		{"foreign provider", func(_ *testing.T, in *Input) { v(in).CA = facts.Source{Kind: facts.SourceOther, Name: "x"} }, "MT003", Unknown, "does not know"},
		{"secret without CA", func(_ *testing.T, in *Input) {
			in.Proxy.Secrets[0].Validation = &facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceNone}}
		}, "MT003", Fail, "not validated"},
		{"allow expired", func(_ *testing.T, in *Input) { v(in).AllowExpired = true }, "MT003", Warn, "expired"},
		{"damaged inline CA", func(_ *testing.T, in *Input) { v(in).Problem = "PEM block 1: damaged" }, "MT003", Unknown, "could not be read"},
		{"secret warming", func(_ *testing.T, in *Input) {
			in.Proxy.Secrets[0] = facts.Secret{Name: in.Proxy.Secrets[0].Name, State: facts.StateWarming, Empty: true}
		}, "MT004", Fail, "does not exist in the sidecar"},
		{"secret unlisted", func(_ *testing.T, in *Input) { in.Proxy.Secrets = nil }, "MT004", Unknown, "does not list"},
		{"secrets section missing", func(_ *testing.T, in *Input) { lacks(in, facts.FactSecrets) }, "MT004", Unknown, "not known"},
		{"client certificate's secret is of another kind", func(_ *testing.T, in *Input) {
			sock(in).Cert = facts.Source{Kind: facts.SourceSDS, Name: "other"}
			in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: "other", State: facts.StateActive, Other: true})
		}, "MT004", Unknown, "no certificate"},
		{"secret damaged", func(_ *testing.T, in *Input) { in.Proxy.Secrets[0].Problem = "PEM block 1: damaged" }, "MT004", Unknown, "does not parse"},
		{"old CA", func(t *testing.T, in *Input) {
			old := newAuthority(t, "old", now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0))
			in.Proxy.Secrets[0].Validation.Inline = []facts.Certificate{old.fact(t)}
		}, "MT008", Fail, "outside its validity"},
		{"one old CA of two", func(t *testing.T, in *Input) {
			old := newAuthority(t, "old", now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0))
			in.Proxy.Secrets[0].Validation.Inline = append(in.Proxy.Secrets[0].Validation.Inline, old.fact(t))
		}, "MT008", Warn, "1 of 2"},
		{"CA ends soon", func(t *testing.T, in *Input) {
			in.Proxy.Secrets[0].Validation.Inline[0].NotAfter = now.AddDate(0, 0, 5)
		}, "MT008", Warn, "5 days"},
		{"CA ends soon: what to do", func(t *testing.T, in *Input) {
			in.Proxy.Secrets[0].Validation.Inline[0].NotAfter = now.AddDate(0, 0, 5)
		}, "MT008", Warn, "\nkubectl mesh-tls enable origination redis.example.internal:16222 -n redis --name external-redis --ca-file FILE --adopt --force-conflicts\n"},
		{"the mesh's CA ends soon", func(t *testing.T, in *Input) {
			in.Proxy.Secrets[0].Validation.Inline[0].NotAfter = now.AddDate(0, 0, 5)
			in.Proxy.Secrets[0].Name, sock(in).Validation.CA.Name = "ROOTCA", "ROOTCA"
		}, "MT008", Warn, "\nkubectl get secrets -A | grep -E 'cacerts|istio-ca-secret'"},
		{"mutual wanted", func(_ *testing.T, in *Input) { in.Intents[0].Mode = "MUTUAL" }, "MT009", Fail, "no client certificate"},
		{"client certificate expired", func(t *testing.T, in *Input) {
			old := newAuthority(t, "c", now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0))
			sock(in).Cert = facts.Source{Kind: facts.SourceSDS, Name: "file-cert:a~b"}
			in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: "file-cert:a~b", State: facts.StateActive, Chain: []facts.Certificate{old.fact(t)}})
		}, "MT009", Fail, "outside its validity"},
		{"client certificate that the proxy refused", func(t *testing.T, in *Input) {
			c := newAuthority(t, "c", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
			sock(in).Cert = facts.Source{Kind: facts.SourceSDS, Name: "file-cert:a~b"}
			in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: "file-cert:a~b", State: facts.StateActive, NotHeld: true, Chain: []facts.Certificate{c.fact(t)}})
		}, "MT009", Fail, "does not use the client certificate that it was given"},
		{"another CA than intended", func(_ *testing.T, in *Input) { in.Intents[0].CA.Fingerprints = []string{"00"} }, "MT010", Fail, "CA in the proxy"},
	}
}

func nameCases() []sabotage {
	none := func(in *Input) { sock(in).Validation.SANs = nil; rule(in).SANs = nil; in.Intents = nil }
	return []sabotage{
		{"an empty name", func(_ *testing.T, in *Input) {
			none(in)
			sock(in).Validation.SANs = []facts.NameMatch{{Kind: "exact"}}
		}, "MT006", Fail, "every server is refused"},
		{"an empty prefix", func(_ *testing.T, in *Input) {
			none(in)
			sock(in).Validation.SANs = []facts.NameMatch{{Kind: "exact"}, {Kind: "prefix"}}
		}, "MT006", Fail, "fits any name"},
		{"sni without names", func(_ *testing.T, in *Input) { none(in) }, "MT006", Fail, "not checked"},
		{"neither, on TCP, auto is nothing", func(_ *testing.T, in *Input) {
			none(in)
			sock(in).SNI, rule(in).SNI = "", ""
			up(in).AutoSNI, up(in).AutoSAN = true, true
		}, "MT006", Fail, "not checked"},
		{"auto, protocol unknown", func(_ *testing.T, in *Input) { none(in); up(in).AutoSAN, up(in).Protocol = true, "" }, "MT006", Unknown, "HTTP only"},
		{"auto, by a header", func(_ *testing.T, in *Input) {
			none(in)
			up(in).AutoSNI, up(in).AutoSAN, up(in).NameHeader, up(in).Protocol = true, true, "x-name", facts.ProtocolHTTP
		}, "MT006", Unknown, "a header of the call"},
		{"auto, HTTP and TCP", func(_ *testing.T, in *Input) { none(in); up(in).AutoSAN, up(in).Protocol = true, facts.ProtocolMixed }, "MT006", Fail, "not checked"},
		{"names may come with the secret", func(_ *testing.T, in *Input) {
			none(in)
			sock(in).Validation.CA.Name = "foreign"
		}, "MT006", Unknown, "secret may bring"},
		{"any workload", func(_ *testing.T, in *Input) {
			none(in)
			rule(in).Mode, rule(in).CA = "ISTIO_MUTUAL", ""
			sock(in).Validation.CA.Name = "ROOTCA"
			in.Proxy.Secrets[0].Name = "ROOTCA"
		}, "MT006", Warn, "any workload"},
		{"no sni", func(_ *testing.T, in *Input) { sock(in).SNI, rule(in).SNI = "", "" }, "MT007", Warn, "no SNI"},
		{"no sni, HTTP, not automatic", func(_ *testing.T, in *Input) {
			sock(in).SNI, rule(in).SNI, up(in).Protocol = "", "", facts.ProtocolHTTP
		}, "MT007", Warn, "no SNI"},
		{"no sni, auto, protocol unknown", func(_ *testing.T, in *Input) {
			sock(in).SNI, rule(in).SNI, up(in).AutoSNI, up(in).Protocol = "", "", true, ""
		}, "MT007", Warn, "not known"},
		{"other sni than intended", func(_ *testing.T, in *Input) { sock(in).SNI, rule(in).SNI = "x", "x" }, "MT010", Fail, "SNI"},
		{"other names than intended", func(_ *testing.T, in *Input) {
			sock(in).Validation.SANs[0].Value, rule(in).SANs = "x", []string{"x"}
		}, "MT010", Fail, "names"},
	}
}

func stateCases() []sabotage {
	return []sabotage{
		{"old version serves", func(_ *testing.T, in *Input) {
			newer := *up(in)
			newer.State = facts.StateWarming
			in.Proxy.Upstreams = append(in.Proxy.Upstreams, newer)
		}, "MT005", Fail, "old version"},
		{"TLS that no rule gives", func(_ *testing.T, in *Input) { rule(in).Selector = map[string]string{"app": "x"} }, "MT011", Warn, "next restart"},
		{"rule changed: sni", func(_ *testing.T, in *Input) { rule(in).SNI = "new" }, "MT011", Unknown, "do not agree"},
		{"rule changed, and Istio does not say whose the cluster is", func(_ *testing.T, in *Input) { rule(in).SNI, up(in).Rule = "new", facts.Ref{} }, "MT011", Unknown, "do not agree"},
		{"rule changed: CA", func(_ *testing.T, in *Input) { rule(in).CA = "/new" }, "MT011", Unknown, "do not agree"},
		{"rule changed: names", func(_ *testing.T, in *Input) { rule(in).SANs = []string{"new"} }, "MT011", Unknown, "do not agree"},
		{"rule changed: DISABLE", func(_ *testing.T, in *Input) { rule(in).Mode = "DISABLE" }, "MT011", Unknown, "do not agree"},
		{"rule changed: skip", func(_ *testing.T, in *Input) { rule(in).SkipCA = true }, "MT011", Unknown, "do not agree"},
		{"rule changed: credential", func(_ *testing.T, in *Input) { rule(in).CredName = "redis" }, "MT011", Unknown, "do not agree"},
		{"rule deleted, still served", func(_ *testing.T, in *Input) { in.Config.Rules, in.Intents, in.To = nil, nil, []To{{Host: host}} }, "MT011", Unknown, "gone"},
		{"all failed, and a probe sends no PROXY protocol", func(_ *testing.T, in *Input) {
			*up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 3, Failed: 3}
			sock(in).Wrappers = []string{"type.googleapis.com/envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport"}
		}, "MT012", Fail, "PROXY protocol"},
		{"all failed, probe accepted", func(_ *testing.T, in *Input) { *up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 3, Failed: 3} }, "MT012", Unknown, "may be gone"},
		{"all connections fail", func(_ *testing.T, in *Input) {
			noProbe(in)
			*up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 3, Failed: 3}
		}, "MT012", Fail, "no connection completes"},
		{"all fail, SAN counter", func(_ *testing.T, in *Input) {
			noProbe(in)
			*up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 3, Failed: 3}
			zero, one := uint64(0), uint64(1)
			up(in).TLS = &facts.TLSCounters{Handshake: &zero, FailVerifySAN: &one}
		}, "MT012", Fail, "another name"},
		{"some connections fail", func(_ *testing.T, in *Input) {
			*up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 3, Failed: 1, Requests: 2}
		}, "MT012", Warn, "some"},
		{"update refused", func(_ *testing.T, in *Input) { *in.Proxy.Updates.ClustersRejected = 1 }, "MT014", Warn, "refused 1"},
		{"listener refused", func(_ *testing.T, in *Input) {
			in.Proxy.Rejected = []facts.Rejection{{Listener: "virtualInbound", Why: "lua"}}
		}, "MT014", Warn, "virtualInbound"},
		{"nothing leads to it", func(_ *testing.T, in *Input) { up(in).Protocol = "" }, "MT017", Fail, "another way"},
		{"secret on its way to a proxy that starts", waiting(3*time.Second, true), "MT004", Unknown, "is not there yet: the proxy is starting"},
		{"secret that never came to a proxy that starts", waiting(11*time.Second, true), "MT004", Fail, "is missing"},
		{"secret of which nobody knows since when", func(_ *testing.T, in *Input) { in.Proxy.Secrets[0].State, in.Proxy.Starting = facts.StateWarming, true }, "MT004", Fail, "is missing"},
		{"secret asked for by another clock", waiting(-time.Hour, true), "MT004", Fail, "is missing"},
		{"secret that a proxy waits for that serves", waiting(3*time.Second, false), "MT004", Fail, "is missing"},
		{"nothing leads to it yet", func(_ *testing.T, in *Input) { up(in).Protocol, in.Proxy.Starting = "", true }, "MT017", Unknown, "starting"},
		{"nothing leads to it, routes unread", func(_ *testing.T, in *Input) { up(in).Protocol = ""; lacks(in, facts.FactRoutes) }, "MT017", Unknown, "not known"},
		{"runs as the sidecar's user", func(_ *testing.T, in *Input) { in.Proxy.Target.ProxyUser = []string{"app"} }, "MT018", Fail, "sidecar's own user"},
		{"port expects TLS", func(_ *testing.T, in *Input) { in.Config.Services[0].Ports[0].Protocol = "TLS" }, "MT017", Fail, "wrapped in TLS"},
		{"port excluded", func(_ *testing.T, in *Input) { note(in, excludePorts, "1, 16222") }, "MT018", Fail, "goes around"},
		{"address excluded", func(_ *testing.T, in *Input) { note(in, excludeRanges, "10.244.0.0/24") }, "MT018", Fail, "goes around"},
		{"address not included", func(_ *testing.T, in *Input) { note(in, includeRanges, "10.1.0.0/16") }, "MT018", Fail, "other addresses"},
		{"no address included", func(_ *testing.T, in *Input) { note(in, includeRanges, "") }, "MT018", Fail, "captures no address"},
		{"port excluded by the installation", func(_ *testing.T, in *Input) {
			note(in, excludePorts, "16222")
			in.Proxy.Target.Inherited = []string{excludePorts}
		}, "MT018", Fail, "goes around"},
		{"its only interface excluded", func(_ *testing.T, in *Input) { note(in, noInterfaces, "net1, eth0") }, "MT018", Fail, "goes around"},
		{"no interception", func(_ *testing.T, in *Input) { note(in, interception, "NONE") }, "MT018", Unknown, "captures nothing"},
		{"a cluster without a name", func(_ *testing.T, in *Input) {
			in.Proxy.Problems, in.Proxy.Lost = []string{"a cluster without a name was left out"}, 1
		}, "MT015", Unknown, "of 1 cluster not even the name"},
		{"damaged answers", func(_ *testing.T, in *Input) { in.Proxy.Problems = []string{"listener 3: not an object"} }, "MT015", Warn, "could not be decoded"},
	}
}

func serverCases() []sabotage {
	fails := func(f facts.Failure) func(*testing.T, *Input) {
		return func(_ *testing.T, in *Input) { hello(in).Chain, hello(in).Failure = nil, f }
	}
	return []sabotage{
		{"wrong CA", func(t *testing.T, in *Input) {
			other := newAuthority(t, "other", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
			hello(in).Chain = []facts.Certificate{other.leaf(t, host, now.AddDate(0, -1, 0), now.AddDate(0, 1, 0))}
		}, "MT013", Fail, "wrong CA"},
		{"another host", serverCase(func(t *testing.T, a authority) facts.Certificate {
			return a.leaf(t, "other.example", now.AddDate(0, -1, 0), now.AddDate(0, 1, 0))
		}), "MT013", Fail, "another host"},
		{"expired", serverCase(func(t *testing.T, a authority) facts.Certificate {
			return a.leaf(t, host, now.AddDate(0, -2, 0), now.AddDate(0, -1, 0))
		}), "MT013", Fail, "expired"},
		{"not yet valid", serverCase(func(t *testing.T, a authority) facts.Certificate {
			return a.leaf(t, host, now.AddDate(0, 1, 0), now.AddDate(0, 2, 0))
		}), "MT013", Fail, "not valid yet"},
		{"not for servers", serverCase(func(t *testing.T, a authority) facts.Certificate {
			return a.leafFor(t, x509.ExtKeyUsageClientAuth)
		}), "MT013", Fail, "not for servers"},
		{"plain server", fails(facts.FailureNotTLS), "MT013", Fail, "does not speak TLS"},
		{"unreachable", fails(facts.FailureConnect), "MT013", Fail, "cannot be reached"},
		{"silent server", fails(facts.FailureTimeout), "MT013", Fail, "does not answer"},
		{"closes", fails(facts.FailureClosed), "MT013", Fail, "closes"},
		{"alert", fails(facts.FailureAlert), "MT013", Fail, "refuses"},
		{"alert, nothing in common", func(_ *testing.T, in *Input) {
			hello(in).Failure, hello(in).ErrorText, hello(in).Chain = facts.FailureAlert, "remote error: tls: handshake failure", nil
		}, "MT013", Fail, "no version, cipher or key exchange"},
		{"demands a client certificate", func(_ *testing.T, in *Input) { hello(in).AsksCert, hello(in).Failure = true, facts.FailureAlert }, "MT013", Fail, "demands a client certificate"},
		{"no chain", func(_ *testing.T, in *Input) { hello(in).Chain = nil }, "MT013", Fail, "no certificate"},
		{"CA unseen", func(_ *testing.T, in *Input) { lacks(in, facts.FactSecrets) }, "MT013", Unknown, "was not"},
	}
}

func serverCase(make func(*testing.T, authority) facts.Certificate) func(*testing.T, *Input) {
	return func(t *testing.T, in *Input) {
		ca := newAuthority(t, "redis-ca", now.AddDate(0, -3, 0), now.AddDate(1, 0, 0))
		in.Proxy.Secrets[0].Validation.Inline = []facts.Certificate{ca.fact(t)}
		hello(in).Chain = []facts.Certificate{make(t, ca)}
	}
}

// TestSabotage: each breakage turns the verdict from OK to what it deserves, by
// the check whose business it is, with the cause named.
func TestSabotage(t *testing.T) {
	for _, c := range sabotages() {
		t.Run(c.name, func(t *testing.T) {
			in := healthy(t)
			c.do(t, &in)
			fs := Run(All(), in)
			got := byID(fs, c.id)
			hit := slices.ContainsFunc(got, func(f Finding) bool {
				return f.Outcome == c.want && strings.Contains(f.Summary+f.Got+"\n"+f.Object+"\n"+f.Fix+"\n", c.cause)
			})
			if !hit {
				t.Errorf("%s: want %s with %q, got %+v", c.id, c.want, c.cause, got)
			}
			for _, f := range fs {
				if words := notShell(f.Fix); words != "" {
					t.Errorf("%s: a shell that gets %q would stumble over %q", f.ID, f.Fix, words)
				}
			}
			if w := Worst(fs); w == OK || w == NotJudged {
				t.Errorf("verdict is %s", w)
			}
		})
	}
}

// waiting lets a secret be asked for that long ago, and not delivered.
func waiting(since time.Duration, starting bool) func(*testing.T, *Input) {
	return func(_ *testing.T, in *Input) {
		in.Proxy.Secrets[0].State, in.Proxy.Secrets[0].Updated, in.Proxy.Starting = facts.StateWarming, in.Now.Add(-since), starting
	}
}
