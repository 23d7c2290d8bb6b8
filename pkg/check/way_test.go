package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestDetour: something leads to the cluster, and not all calls take it.
func TestDetour(t *testing.T) {
	shares := func(cluster string, kind facts.SocketKind) func(*Input) {
		return func(in *Input) { up(in).Shared = []facts.Shared{{Cluster: cluster, Kind: kind}} }
	}
	for name, c := range map[string]struct {
		odd  func(*Input)
		want Outcome
		text string
	}{
		"a plain cluster gets some":     {shares("outbound|1||plain.example", facts.SocketPlaintext), Fail, "outbound|1||plain.example and leave the sidecar in plaintext"},
		"an unseen cluster gets some":   {shares("outbound|1||other.example", facts.SocketUnknown), Unknown, "what is sent there is not known"},
		"another TLS cluster gets some": {shares("outbound|1||other.example", facts.SocketTLS), OK, "leads traffic to the cluster"},
		"a plain subset":                {shares("outbound|16222|v2|"+host, facts.SocketPlaintext), Fail, "leave the sidecar in plaintext"},
		"a plain port of the host":      {shares("outbound|80||"+host, facts.SocketPlaintext), Fail, "leave the sidecar in plaintext"},
		"an unseen subset":              {shares("outbound|16222|v2|"+host, facts.SocketUnknown), OK, "leads traffic to the cluster"},
		"a plain subset, TLS by a rule": {func(in *Input) {
			shares("outbound|16222|v2|"+host, facts.SocketPlaintext)(in)
			in.Intents = nil
		}, Fail, "leave the sidecar in plaintext"},
		"a plain subset, TLS where it can be": {func(in *Input) {
			shares("outbound|16222|v2|"+host, facts.SocketPlaintext)(in)
			in.Intents, in.All = nil, true
			rule(in).HasTLS, rule(in).Mode = false, ""
			in.Config.Rules = append(in.Config.Rules, facts.Rule{Object: facts.Ref{Name: "x", Namespace: "redis"}, Host: host, Port: 16222})
		}, Warn, "leave the sidecar in plaintext"},
		"an address of its own, no call": {func(in *Input) {
			listens("240.240.0.1", "10.244.0.9")(in)
			up(in).Endpoints[0].Hosts = nil
		}, Warn, "only calls to 240.240.0.1"},
		"an address of its own, and a listener of another port": {func(in *Input) {
			listens("240.240.0.1", "10.244.0.9")(in)
			up(in).Endpoints[0].Hosts = nil
			up(in).Listeners = append(up(in).Listeners, facts.Outbound{Listener: "0.0.0.0_7000", Address: "0.0.0.0", Port: 7000, Clusters: []string{up(in).Cluster}})
		}, Warn, "only calls to 240.240.0.1"},
		"another host took the address":  {listens("0.0.0.0", "10.244.0.1"), Fail, "at 10.244.0.1 are taken by the listener of another host, and lead to outbound|16222||other.example"},
		"another host, another address":  {listens("0.0.0.0", "10.244.0.9"), OK, "leads traffic to the cluster"},
		"an address of the host's own":   {listens("240.240.0.1", "10.244.0.1"), OK, "leads traffic to the cluster"},
		"an endpoint that is not called": {func(in *Input) { listens("0.0.0.0", "10.244.0.1")(in); up(in).Type = "EDS" }, OK, "leads traffic to the cluster"},
		"only loopback leads to it":      {listens("127.0.0.1", "10.244.0.9"), Unknown, "127.0.0.1:16222"},
		"HTTP routes took the address": {func(in *Input) {
			listens("0.0.0.0", "10.244.0.1")(in)
			up(in).Listeners[1].Clusters = nil
		}, Fail, "whatever its HTTP routes say"},
	} {
		in := healthy(t)
		c.odd(&in)
		f := byID(Run(All(), in), "MT017")
		if len(f) != 1 || f[0].Outcome != c.want || !strings.Contains(f[0].Summary, c.text) {
			t.Errorf("%s: %+v, want %s with %q", name, f, c.want, c.text)
		}
	}
}

// listens gives the upstream a listener on one address, and another host one on another.
func listens(ours, theirs string) func(*Input) {
	return func(in *Input) {
		up(in).Listeners = []facts.Outbound{
			{Listener: ours + "_16222", Address: ours, Port: 16222, Clusters: []string{up(in).Cluster}},
			{Listener: theirs + "_16222", Address: theirs, Port: 16222, Clusters: []string{"outbound|16222||other.example"}},
		}
	}
}

// divided gives a second endpoint another kind of socket.
func divided(kind facts.SocketKind, seen bool) func(*facts.Upstream) {
	return func(o *facts.Upstream) {
		tls := o.Socket
		tls.Match = map[string]any{"n": "a"}
		o.Matches, o.EndpointsKnown = []facts.Socket{tls, {Kind: kind}}, seen
		o.Endpoints = []facts.Endpoint{{Address: "10.0.0.1:1", Match: tls.Match}, {Address: "10.0.0.2:1"}}
	}
}

// TestUsedSibling: an idle cluster is fine only where another one of the host, with TLS, is used in its place.
func TestUsedSibling(t *testing.T) {
	says := map[string]string{"used": "traffic of this host goes to outbound|16222|v2|" + host, "unvalidated": "traffic of this host goes to outbound|16222|v2|" + host + ": no CA",
		"endpoints unseen": "what is sent to outbound|16222|v2|" + host}
	for name, c := range map[string]struct {
		odd  func(other *facts.Upstream)
		want Outcome
	}{
		"used":         {func(*facts.Upstream) {}, OK},
		"another port": {func(o *facts.Upstream) { o.Cluster, o.Port = "outbound|443||"+host, 443 }, Fail},
		"the subject is a subset, in use on another port": {func(o *facts.Upstream) {
			o.Cluster, o.Port, o.Subset = "outbound|443|v1|"+host, 443, "v1"
		}, OK},
		"the subject is a subset, and the port has other calls": {func(o *facts.Upstream) { o.Cluster, o.Subset = "outbound|16222||"+host, "" }, OK},
		"the subject is a subset, and another port has calls": {func(o *facts.Upstream) {
			o.Cluster, o.Port, o.Subset = "outbound|443||"+host, 443, ""
		}, Fail},
		"another port, by HTTP": {func(o *facts.Upstream) {
			o.Cluster, o.Port, o.Protocol, o.Routes = "outbound|443||"+host, 443, facts.ProtocolHTTP, []string{"443", "16222"}
		}, Fail},
		"the same port, for another name": {func(o *facts.Upstream) {
			o.Cluster, o.Protocol, o.Routes = "outbound|16222|v3|"+host, facts.ProtocolHTTP, []string{"16222"}
		}, Fail},
		"led to another port, by HTTP": {func(o *facts.Upstream) {
			o.Cluster, o.Port, o.Protocol = "outbound|444||"+host, 444, facts.ProtocolHTTP
		}, OK},
		"led to another port, by TCP": {func(o *facts.Upstream) {
			o.Cluster, o.Port, o.Protocol = "outbound|1||"+host, 1, facts.ProtocolTCP
		}, OK},
		"unvalidated": {func(o *facts.Upstream) {
			o.Socket.Validation = facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceNone}}
		}, Fail},
		"nameless":                {func(o *facts.Upstream) { o.Socket.Validation.SANs = nil }, Fail},
		"partly plain, by itself": {divided(facts.SocketPlaintext, true), Warn},
		"partly plain":            {divided(facts.SocketPlaintext, true), Fail},
		"partly unread":           {divided(facts.SocketUnknown, true), Unknown},
		"endpoints unseen":        {divided(facts.SocketPlaintext, false), Unknown},
		"idle, too":               {func(o *facts.Upstream) { o.Protocol = facts.ProtocolUnknown }, Fail},
		"plain":                   {func(o *facts.Upstream) { o.Socket = facts.Socket{Kind: facts.SocketPlaintext} }, Fail},
		"another host":            {func(o *facts.Upstream) { o.Host = "other.example" }, Fail},
	} {
		in := healthy(t)
		other := *up(&in)
		other.Cluster, other.Subset = "outbound|16222|v2|"+host, "v2"
		c.odd(&other)
		if strings.HasPrefix(name, "the subject is a subset") {
			in.Intents, up(&in).Cluster, up(&in).Subset = nil, "outbound|16222|v1|"+host, "v1"
		}
		in.Proxy.Upstreams = append(in.Proxy.Upstreams, other)
		up(&in).Protocol = facts.ProtocolUnknown
		up(&in).Listeners = []facts.Outbound{{Address: "0.0.0.0", Port: 16222, Routes: []string{"16222"}, Clusters: []string{"outbound|1||" + host, "outbound|16222|v2|" + host}}}
		if other.Port == 444 {
			up(&in).Instead = []facts.Shared{{Cluster: other.Cluster, Kind: facts.SocketTLS}}
		}
		if name == "partly plain, by itself" { // a rule that says nothing of TLS, and endpoints that decide
			in.Intents, in.All, rule(&in).HasTLS, rule(&in).Mode = nil, true, false, ""
		}
		f := pick(byID(Run(All(), in), "MT017"), func(f Finding) bool { return f.Cluster == up(&in).Cluster })
		if len(f) != 1 || f[0].Outcome != c.want || !strings.HasPrefix(f[0].Summary, says[name]) || strings.Count(f[0].Summary, "goes to") > 1 {
			t.Errorf("%s: %+v, want %s and %q", name, f, c.want, says[name])
		}
	}
}

// TestInstead: a cluster in use, but not by the calls that it is named after.
func TestInstead(t *testing.T) {
	led := func(cluster string, kind facts.SocketKind) func(*Input) {
		return func(in *Input) {
			up(in).Protocol, up(in).Instead = facts.ProtocolHTTP, []facts.Shared{{Cluster: cluster, Kind: kind}}
		}
	}
	own := "outbound|80||" + host
	taken := func(address string, clusters ...string) func(*Input) {
		return func(in *Input) {
			up(in).External, up(in).Protocol = true, facts.ProtocolTCP
			up(in).Listeners = []facts.Outbound{{Listener: "own", Address: address, Port: 16222, Clusters: clusters}, {Listener: "their", Address: "0.0.0.0", Port: 1, Clusters: []string{up(in).Cluster}}}
		}
	}
	for name, c := range map[string]struct {
		odd  func(*Input)
		want Outcome
		text string
	}{
		"led to plaintext":                   {led("plain", facts.SocketPlaintext), Fail, "calls to " + host + ":16222 are led to plain and leave the sidecar in plaintext: what gets to this cluster are calls to another name or port"},
		"led to plaintext of its own":        {led(own, facts.SocketPlaintext), Fail, "in plaintext"},
		"led to a TLS cluster":               {led("tls", facts.SocketTLS), OK, "leads traffic to the cluster"},
		"led to a cluster that was not read": {led("any", facts.SocketUnknown), Unknown, "not known"},
		"led to its own, which was not read": {led("outbound|16222|v1|"+host, facts.SocketUnknown), OK, "leads traffic to the cluster"},
		"nobody promised": {func(in *Input) {
			led(own, facts.SocketPlaintext)(in)
			in.Intents, in.All, rule(in).HasTLS, rule(in).Mode = nil, true, false, ""
		}, Warn, "in plaintext"},
		"idle, led to TLS": {func(in *Input) { led("gateway", facts.SocketTLS)(in); up(in).Protocol = facts.ProtocolUnknown }, Unknown, "are led to gateway, with TLS"},
		"idle, led to plaintext, too": {func(in *Input) {
			led("gateway", facts.SocketTLS)(in)
			up(in).Protocol, up(in).Instead = facts.ProtocolUnknown, append(up(in).Instead, facts.Shared{Cluster: "plain", Kind: facts.SocketPlaintext})
		}, Fail, "calls to " + host + ":16222 are led to plain and leave the sidecar in plaintext: they go another way, and nothing gets to this cluster"},
		"idle, led nowhere": {func(in *Input) { up(in).Protocol = facts.ProtocolUnknown }, Fail, "no listener or route"},
		"idle, led nobody knows where": {func(in *Input) {
			led("the cluster that a cluster_specifier_plugin chooses", facts.SocketUnknown)(in)
			up(in).Protocol = facts.ProtocolUnknown
		}, Unknown, "are led to the cluster that a cluster_specifier_plugin chooses: what is sent there is not known"},
		"idle, led to TLS and nobody knows where": {func(in *Input) {
			led("gateway", facts.SocketTLS)(in)
			up(in).Protocol, up(in).Instead = facts.ProtocolUnknown, append(up(in).Instead, facts.Shared{Cluster: "the cluster that header x names"})
		}, Unknown, "are led to the cluster that header x names: what is sent there is not known"},
		"idle, led to its own, which was not read": {func(in *Input) {
			led("outbound|16222|v1|"+host, facts.SocketUnknown)(in)
			up(in).Protocol = facts.ProtocolUnknown
		}, Unknown, "what is sent there is not known"},
		"idle, answered by the sidecar": {func(in *Input) { up(in).Protocol, up(in).Answered = facts.ProtocolUnknown, true }, Warn, "the sidecar answers calls to " + host + ":16222 by itself"},
		"in use, and answered there":    {func(in *Input) { up(in).Answered = true }, OK, "leads traffic to the cluster"},
		"idle, answered by some routes": {func(in *Input) {
			led("plain", facts.SocketPlaintext)(in)
			up(in).Protocol, up(in).Answered = facts.ProtocolUnknown, true
		}, Fail, "are led to plain and leave the sidecar in plaintext"},
		"TCP, the port's own listener": {taken("0.0.0.0", "outbound|16222||"+host), OK, "leads traffic to the cluster"},
		"TCP, led elsewhere":           {taken("0.0.0.0", "other"), Fail, "calls to " + host + ":16222 are led to other, perhaps in plaintext"},
		"TCP, at its address":          {taken("10.244.0.1", "other"), Fail, "are led to other"},
		"TCP, another's address":       {taken("10.244.0.9", "other"), OK, "leads traffic to the cluster"},
		"TCP, inside the mesh":         {func(in *Input) { taken("0.0.0.0", "other")(in); up(in).External = false }, OK, "leads traffic to the cluster"},
	} {
		in := healthy(t)
		c.odd(&in)
		f := byID(Run(All(), in), "MT017")
		if len(f) != 1 || f[0].Outcome != c.want || !strings.Contains(f[0].Summary, c.text) {
			t.Errorf("%s: %+v, want %s with %q", name, f, c.want, c.text)
		}
	}
}

// TestLedPlain: of an upstream that nobody wants TLS for, --all warns where calls to it are led to plaintext, and says nothing
// of where they are led otherwise.
func TestLedPlain(t *testing.T) {
	for name, c := range map[string]struct {
		odd  func(*facts.Upstream)
		want Outcome
	}{
		"all in order": {func(*facts.Upstream) {}, NotJudged},
		"idle":         {func(u *facts.Upstream) { u.Protocol = facts.ProtocolUnknown }, NotJudged},
		"led to TLS":   {func(u *facts.Upstream) { u.Instead = []facts.Shared{{Cluster: "tls", Kind: facts.SocketTLS}} }, NotJudged},
		"idle, led to plaintext": {func(u *facts.Upstream) {
			u.Protocol, u.Instead = facts.ProtocolUnknown, []facts.Shared{{Cluster: "plain", Kind: facts.SocketPlaintext}}
		}, Warn},
		"some led to plaintext": {func(u *facts.Upstream) { u.Shared = []facts.Shared{{Cluster: "plain", Kind: facts.SocketPlaintext}} }, Warn},
	} {
		in := healthy(t)
		in.Intents, in.Config.Rules, in.All = nil, nil, true
		c.odd(up(&in))
		got := Finding{Outcome: NotJudged}
		for _, f := range pick(byID(Run(All(), in), "MT017"), func(f Finding) bool { return f.Cluster == up(&in).Cluster }) {
			got = f
		}
		if got.Outcome != c.want || c.want == Warn && !strings.Contains(got.Summary, "led to plain and leave the sidecar in plaintext") {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}
