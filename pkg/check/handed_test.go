package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestHanded: a cluster without TLS fails where calls take it, and not where its host's routes lead them to TLS, or where
// the application speaks TLS by itself.
func TestHanded(t *testing.T) {
	other := "outbound|443||" + host
	idle := func(to ...facts.Shared) func(*Input) {
		return func(in *Input) { up(in).Protocol, up(in).Instead = facts.ProtocolUnknown, to }
	}
	tls, plain := facts.Shared{Cluster: other, Kind: facts.SocketTLS}, facts.Shared{Cluster: "plain", Kind: facts.SocketPlaintext}
	sibling := func(change func(*facts.Upstream)) func(*Input) {
		return func(in *Input) {
			u := *up(in)
			whole := healthy(t)
			u.Cluster, u.Port, u.Socket = other, 443, up(&whole).Socket
			change(&u)
			in.Proxy.Upstreams = append(in.Proxy.Upstreams, u)
			idle(tls)(in)
		}
	}
	declared := func(protocol string, used ...facts.Protocol) func(*Input) {
		return func(in *Input) {
			in.Config.Rules, in.Config.Services[0].Ports[0].Protocol = nil, protocol
			for _, p := range used {
				up(in).Protocol = p
			}
		}
	}
	for name, c := range map[string]struct {
		odd  func(*Input)
		want Outcome
		text string
	}{
		"calls take it":                  {func(in *Input) { up(in).Instead = []facts.Shared{tls} }, Fail, "leaves the sidecar in plaintext"},
		"idle, led nowhere":              {idle(), Fail, "leaves the sidecar in plaintext"},
		"led to TLS that was not read":   {idle(tls), Unknown, "no call takes it: calls to " + host + ":16222 are led to " + other},
		"led to TLS":                     {sibling(func(*facts.Upstream) {}), Warn, "no call takes it"},
		"led to TLS of any server":       {sibling(func(u *facts.Upstream) { u.Socket.Validation = facts.Validation{} }), Fail, "not validated"},
		"led to TLS and to plaintext":    {idle(tls, plain), Fail, "leaves the sidecar in plaintext"},
		"led to one that was not read":   {idle(facts.Shared{Cluster: other}), Fail, "leaves the sidecar in plaintext"},
		"a gateway":                      {func(in *Input) { idle(tls)(in); in.Proxy.Node.Kind = facts.NodeRouter }, Fail, "leaves the sidecar in plaintext"},
		"a proxy that starts":            {func(in *Input) { idle(tls)(in); in.Proxy.Starting = true }, Fail, "leaves the sidecar in plaintext"},
		"TLS of the application":         {declared("HTTPS"), Unknown, "declared HTTPS, on which the application speaks TLS by itself"},
		"TLS of the application, routes": {declared("HTTPS", facts.ProtocolHTTP), Fail, "leaves the sidecar in plaintext"},
		"TLS of the application, both":   {declared("HTTPS", facts.ProtocolMixed), Fail, "leaves the sidecar in plaintext"},
		"TLS of the application, and a rule wants it": {func(in *Input) {
			in.Config.Services[0].Ports[0].Protocol = "HTTPS"
		}, Fail, "leaves the sidecar in plaintext"},
		"TLS of the application, a rule without a word of it": {func(in *Input) {
			in.Config.Services[0].Ports[0].Protocol, rule(in).HasTLS, rule(in).Mode = "HTTPS", false, ""
		}, Unknown, "declared HTTPS"},
		"TLS of the application, a rule that is not seen": {func(in *Input) {
			in.Config.Services[0].Ports[0].Protocol = "HTTPS"
			rule(in).Object.Namespace, rule(in).ExportTo = "elsewhere", []string{"."}
		}, Fail, "leaves the sidecar in plaintext"},
		"TLS of the application, a rule for the port replaces one": {func(in *Input) {
			in.Config.Services[0].Ports[0].Protocol = "HTTPS"
			silent := *rule(in)
			silent.HasTLS, silent.Mode, silent.Port = false, "", 16222
			in.Config.Rules = append(in.Config.Rules, silent)
		}, Fail, "leaves the sidecar in plaintext"},
		"TCP":                            {declared("TCP"), Fail, "leaves the sidecar in plaintext"},
		"TLS of the application, a rule": {func(in *Input) { in.Config.Services[0].Ports[0].Protocol = "TLS" }, Fail, "leaves the sidecar in plaintext"},
		"TLS of the application, inside": {func(in *Input) { declared("TLS")(in); up(in).External = false }, Fail, "leaves the sidecar in plaintext"},
	} {
		in := healthy(t)
		in.Intents, in.To, up(&in).External = nil, []To{{Host: host, Port: 16222}}, true
		up(&in).Socket = facts.Socket{Kind: facts.SocketPlaintext}
		c.odd(&in)
		f := pick(byID(Run(All(), in), "MT002"), func(f Finding) bool { return f.Cluster == up(&in).Cluster })
		if len(f) != 1 || f[0].Outcome != c.want || !strings.Contains(f[0].Summary, c.text) {
			t.Errorf("%s: %+v, want %s with %q", name, f, c.want, c.text)
		}
	}
}

// TestNameOf: the name that calls carry is the host's, what routes give them, or of a wildcard the one that was asked about.
func TestNameOf(t *testing.T) {
	as := func(name string) To { return To{Host: "*.example", As: name} }
	for name, c := range map[string]struct {
		host, given string
		to          []To
		want        string
	}{
		"the host":                 {host, "", nil, host},
		"a name that routes give":  {host, "other.example", nil, "other.example"},
		"a wildcard":               {"*.example", "", nil, ""},
		"a wildcard, named":        {"*.example", "", []To{{Host: "x"}, as("a.example")}, "a.example"},
		"a wildcard, by two":       {"*.example", "", []To{as("a.example"), as("b.example")}, ""},
		"a wildcard, twice":        {"*.example", "", []To{as("a.example"), as("a.example")}, "a.example"},
		"a wildcard, by itself":    {"*.example", "", []To{{Host: "*.example"}}, ""},
		"a wildcard, other port":   {"*.example", "", []To{{Host: "*.example", Port: 1, As: "a.example"}}, ""},
		"a wildcard, by a smaller": {"*.example", "", []To{as("*.a.example")}, ""},
	} {
		s := Subject{Host: c.host, Port: 443, Active: &facts.Upstream{Authority: c.given}}
		if got := (Input{To: c.to}).NameOf(s); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
