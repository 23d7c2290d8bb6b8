package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestMergedTrust: what a secret brings is in force with what the context says, as
// Envoy merges them; the worst of it decides.
func TestMergedTrust(t *testing.T) {
	held := func(in *Input) *facts.Validation { return in.Proxy.Secrets[0].Validation }
	v := func(in *Input) *facts.Validation { return &sock(in).Validation }
	noCA := facts.Source{Kind: facts.SourceNone}
	cases := map[string]struct {
		do   func(in *Input)
		id   string
		want Outcome
	}{
		"as it is":                     {func(*Input) {}, "MT003", OK},
		"secret accepts untrusted":     {func(in *Input) { held(in).AcceptUntrusted = true }, "MT003", Fail},
		"secret allows expired":        {func(in *Input) { held(in).AllowExpired = true }, "MT003", Warn},
		"secret has an unknown check":  {func(in *Input) { held(in).CA, held(in).Inline = facts.Source{Kind: facts.SourceOther, Name: "v"}, nil }, "MT003", Unknown},
		"context has an unknown check": {func(in *Input) { v(in).Default = facts.Source{Kind: facts.SourceOther, Name: "v"} }, "MT003", Unknown},
		"empty secret, context has a CA": {func(in *Input) {
			held(in).CA, held(in).Inline, v(in).Default = noCA, nil, facts.Source{Kind: facts.SourceFile, Name: "/ca"}
		}, "MT003", OK},
		"empty secret":                  {func(in *Input) { held(in).CA, held(in).Inline, v(in).Default = noCA, nil, noCA }, "MT003", Fail},
		"secret pins":                   {func(in *Input) { held(in).CA, held(in).Inline, held(in).Pins = noCA, nil, 1 }, "MT003", OK},
		"secret brings the name":        {func(in *Input) { v(in).SANs, held(in).SANs = nil, []facts.NameMatch{{Kind: "exact", Value: host}} }, "MT006", OK},
		"no CA, no names: MT003 tells":  {unvalidated, "MT006", OK},
		"secret is a certificate":       {func(in *Input) { in.Proxy.Secrets[0].Validation = nil }, "MT004", Unknown},
		"secret without content":        {func(in *Input) { in.Proxy.Secrets[0].Validation, in.Proxy.Secrets[0].Empty = nil, true }, "MT004", Unknown},
		"second certificate is missing": {func(in *Input) { sock(in).MoreCerts = []facts.Source{{Kind: facts.SourceSDS, Name: "ecdsa"}} }, "MT004", Unknown},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := healthy(t)
			noProbe(&in)
			c.do(&in)
			if got := byID(Run(All(), in), c.id); len(got) != 1 || got[0].Outcome != c.want {
				t.Errorf("got %+v, want %s", got, c.want)
			}
		})
	}
}

// TestNoCAReason: a cluster that validates nothing is explained by the release that the proxy names, and a release that
// would have validated is not blamed for it.
func TestNoCAReason(t *testing.T) {
	for version, want := range map[string]string{
		"":       "Istio before 1.21 checks nothing then",
		"2.6.1":  "Istio before 1.21 checks nothing then",
		"1.20.8": "and Istio 1.20 checks nothing then",
		"1.31.1": "though Istio 1.31, the proxy's, takes the system's CAs: istiod is older",
	} {
		in := healthy(t)
		noProbe(&in)
		in.Proxy.Istio, rule(&in).CA, sock(&in).Validation = version, "", facts.Validation{}
		got := byID(Run(All(), in), "MT003")
		if len(got) != 1 || got[0].Outcome != Fail || !strings.Contains(got[0].Got, want) {
			t.Errorf("Istio %q: %+v, want a failure with %q", version, got, want)
		}
	}
}

// TestWorstSocket: of several sockets in use the worst decides, not the first or last.
func TestWorstSocket(t *testing.T) {
	in := healthy(t)
	u := up(&in)
	bad, soft := u.Socket, u.Socket
	bad.Match, bad.Validation = map[string]any{"n": "bad"}, facts.Validation{CA: facts.Source{Kind: facts.SourceNone}}
	soft.Validation.AllowExpired = true
	u.Matches = []facts.Socket{bad, soft}
	for _, order := range [][]facts.Endpoint{{{}, {Match: bad.Match}}, {{Match: bad.Match}, {}}} {
		u.Endpoints = order
		if got := byID(Run(All(), in), "MT003"); len(got) != 1 || got[0].Outcome != Fail {
			t.Errorf("got %+v", got)
		}
	}
}

// TestWideNames: a rule that fits names with nothing in common checks no name.
func TestWideNames(t *testing.T) {
	for _, c := range []struct {
		n    facts.NameMatch
		want Outcome
	}{
		{facts.NameMatch{Kind: "exact", Value: host}, OK},
		{facts.NameMatch{Kind: "exact", Value: "*"}, OK},
		{facts.NameMatch{Kind: "suffix", Value: ".example.internal"}, OK},
		{facts.NameMatch{Kind: "suffix", Value: ".com"}, Fail},
		{facts.NameMatch{Kind: "suffix", Value: "internal"}, Fail},
		{facts.NameMatch{Kind: "suffix", Value: "redis.internal"}, OK},
		{facts.NameMatch{Kind: "regex", Value: `.*\.internal`}, Fail},
		{facts.NameMatch{Kind: "exact", Value: "localhost"}, OK},
		{facts.NameMatch{Kind: "prefix", Value: ""}, Fail},
		{facts.NameMatch{Kind: "prefix", Value: "redis."}, OK},
		{facts.NameMatch{Kind: "contains", Value: "."}, Fail},
		{facts.NameMatch{Kind: "contains", Value: "redis"}, OK},
		{facts.NameMatch{Kind: "regex", Value: ".*"}, Fail},
		{facts.NameMatch{Kind: "regex", Value: `.+\.com`}, Fail},
		{facts.NameMatch{Kind: "regex", Value: `.*\.example\.internal`}, OK},
		{facts.NameMatch{Kind: "regex", Value: `(`}, OK},
		{facts.NameMatch{Kind: "prefix", Value: "spiffe://"}, Fail},
		{facts.NameMatch{Kind: "prefix", Value: "spiffe://cluster.local/"}, Warn},
		{facts.NameMatch{Kind: "prefix", Value: "spiffe://cluster.local/ns/redis/"}, OK},
		{facts.NameMatch{Kind: "regex", Value: `spiffe://cluster\.local/.*`}, Warn},
		{facts.NameMatch{Kind: "regex", Value: `spiffe://cluster\.local/ns/redis/.*`}, OK},
		{facts.NameMatch{Kind: "custom"}, Unknown},
	} {
		in := healthy(t)
		noProbe(&in)
		narrow := facts.NameMatch{Kind: "exact", Value: host}
		sock(&in).Validation.SANs = []facts.NameMatch{narrow, c.n, narrow}
		if got := byID(Run(All(), in), "MT006"); len(got) != 1 || got[0].Outcome != c.want {
			t.Errorf("%s: got %+v, want %s", c.n, got, c.want)
		}
	}
}

// TestAutoSNISAN checks the name that is sent; where none is sent it checks nothing.
func TestAutoSNISAN(t *testing.T) {
	for sni, want := range map[string]Outcome{host: OK, "": Fail} {
		in := healthy(t)
		noProbe(&in)
		sock(&in).Validation.SANs, sock(&in).AutoSNISAN, sock(&in).SNI = nil, true, sni
		if got := byID(Run(All(), in), "MT006"); len(got) != 1 || got[0].Outcome != want {
			t.Errorf("sni %q: got %+v", sni, got)
		}
	}
}

// TestUnseenEndpoints: while the endpoints are not known, the cluster's own socket and
// those that cannot be judged may be the ones in use.
func TestUnseenEndpoints(t *testing.T) {
	own := facts.Socket{Kind: facts.SocketTLS, Validation: facts.Validation{CA: facts.Source{Kind: facts.SourceNone}}}
	raw := facts.Socket{Kind: facts.SocketPlaintext, Match: map[string]any{"tls": "off"}}
	for name, u := range map[string]facts.Upstream{
		"own socket":    {Socket: own, Matches: []facts.Socket{raw}},
		"unread socket": {Socket: facts.Socket{Kind: facts.SocketPlaintext}, Matches: []facts.Socket{raw, {Kind: facts.SocketUnknown, Match: map[string]any{"tls": "on"}}}},
	} {
		u.Cluster, u.State = "c", facts.StateActive
		in := Input{Proxy: &facts.Proxy{Upstreams: []facts.Upstream{u}}, All: true, Now: now}
		if got := Subjects(in); !got[0].Meant {
			t.Errorf("%s: not judged", name)
		}
	}
}

// TestTunnelEvidence: connections to a listener inside Envoy complete before the tunnel
// that carries them does, so they exercise nothing.
func TestTunnelEvidence(t *testing.T) {
	for through, want := range map[string]facts.Evidence{"": facts.EvidenceExercised, "connect_originate": facts.EvidenceReady} {
		in := healthy(t)
		sock(&in).Through = through
		s := Subject{Active: up(&in)}
		if got := EvidenceOf(in, s); got != want {
			t.Errorf("through %q: %s", through, got)
		}
	}
}

// TestAutoHostSNI sends the endpoint's name, where it has one.
func TestAutoHostSNI(t *testing.T) {
	for _, c := range []struct {
		kind, hostname string
		known          bool
		sent           Answer
		name, sni      Outcome
	}{
		{"STRICT_DNS", "", true, Yes, OK, OK},
		{"EDS", host, true, Yes, OK, OK},
		{"EDS", "", true, No, Fail, Warn},
		{"EDS", "", false, NotKnown, Unknown, Warn},
	} {
		in := healthy(t)
		noProbe(&in)
		k, u := sock(&in), up(&in)
		k.SNI, k.Validation.SANs, k.AutoHostSNI, k.AutoSNISAN = "", nil, true, true
		u.Type, u.Endpoints[0].Hostname, u.EndpointsKnown = c.kind, c.hostname, c.known
		if got := SNISent(Subject{Active: u}, *k); got != c.sent {
			t.Errorf("%+v: sent %s", c, got)
		}
		found := Run(All(), in)
		if n, s := byID(found, "MT006")[0].Outcome, byID(found, "MT007")[0].Outcome; n != c.name || s != c.sni {
			t.Errorf("%+v: name %s, sni %s", c, n, s)
		}
	}
}
