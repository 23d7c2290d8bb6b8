package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// TestEdges: one condition at a time that decides between outcomes.
func TestEdges(t *testing.T) {
	warming := func(in *Input) {
		newer := *up(in)
		newer.State = facts.StateWarming
		newer.Socket.Validation.CA.Name = "kubernetes://new-cacert"
		in.Proxy.Upstreams = append(in.Proxy.Upstreams, newer)
	}
	spiffe := facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSPIFFE}, SPIFFE: []facts.TrustDomainCA{{Name: "a"}}}
	for _, c := range []struct {
		name, id string
		want     Outcome
		do       func(in *Input)
	}{
		{"secret of the cluster that waits", "MT004", Unknown, warming},
		{"only the cluster that waits", "MT004", OK, func(in *Input) { up(in).State = facts.StateWarming }},
		{"damaged secret that holds SPIFFE bundles", "MT004", Unknown, func(in *Input) {
			in.Proxy.Secrets[0].Validation, in.Proxy.Secrets[0].Problem = &spiffe, "trust domain b: damaged"
		}},
		{"damaged secret that holds nothing", "MT004", Fail, func(in *Input) {
			in.Proxy.Secrets[0].Validation.Inline, in.Proxy.Secrets[0].Problem = nil, "no certificate"
		}},
		{"damaged secret that is not decoded", "MT004", Unknown, func(in *Input) {
			in.Proxy.Secrets[0].Validation, in.Proxy.Secrets[0].Problem = nil, "not an object"
		}},
		{"some endpoints plain, nobody asked", "MT002", Warn, func(in *Input) {
			perEndpointCase(facts.SocketPlaintext)(nil, in)
			in.Intents = nil
		}},
		{"some endpoints plain, the user asked", "MT002", Fail, func(in *Input) {
			perEndpointCase(facts.SocketPlaintext)(nil, in)
			in.Intents, in.To = nil, []To{{Host: host}}
		}},
		{"pinned, no name", "MT006", OK, func(in *Input) { nameless(in); sock(in).Validation.Pins = 1 }},
		{"pinned, no CA", "MT006", OK, func(in *Input) { unvalidated(in); sock(in).Validation.Pins = 1 }},
		{"requests that all failed, HTTP and TCP", "MT009", Unknown, func(in *Input) {
			noProbe(in)
			sock(in).Cert, up(in).Protocol = facts.Source{Kind: facts.SourceFile, Name: "c"}, facts.ProtocolMixed
			*up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 4, Requests: 4, Errors: 4}
		}},
		{"requests that all failed, TCP", "MT009", OK, func(in *Input) {
			noProbe(in)
			sock(in).Cert, sock(in).Own = facts.Source{Kind: facts.SourceFile, Name: "c"}, readFrom("c", 300, 300)
			*up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 4, Requests: 4, Errors: 4}
		}},
		{"the rule wants a certificate", "MT009", Fail, func(in *Input) { noProbe(in); in.Intents, rule(in).Mode = nil, "MUTUAL" }},
		{"the CA that was intended", "MT010", OK, func(in *Input) {
			in.Intents[0].CA.Fingerprints = []string{in.Proxy.Secrets[0].Validation.Inline[0].Fingerprint}
		}},
		{"most connections fail", "MT012", Warn, func(in *Input) {
			noProbe(in)
			*up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 5, Failed: 2, Requests: 3}
		}},
		{"none was made", "MT012", OK, func(in *Input) { *up(in).Endpoints[0].Hosts = facts.HostCounters{} }},
		{"one failed of many", "MT012", OK, func(in *Input) { *up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 21, Failed: 1, Requests: 20} }},
		{"idle, meant by an intent", "MT017", Fail, func(in *Input) { up(in).Protocol, in.Config = "", nil }},
		{"idle, named by the user", "MT017", Fail, func(in *Input) { up(in).Protocol, in.Config, in.Intents, in.To = "", nil, nil, []To{{Host: host}} }},
		{"idle, meant by a rule", "MT017", Fail, func(in *Input) { up(in).Protocol, in.Intents = "", nil }},
		{"fips, at least TLS 1.2 by itself", "MT026", Fail, func(in *Input) {
			in.Policy = TLSPolicy{Name: "fips"}
			k := istioSocket(in)
			k.MinTLS, k.MaxTLS, k.Ciphers, k.Curves, in.Proxy.TLSLibrary = "TLSv1_1", "TLSv1_2", fipsCiphers, fipsCurves, "BoringSSL-FIPS"
		}},
		{"fips, at least what is asked", "MT026", Fail, func(in *Input) {
			in.Policy = TLSPolicy{Name: "fips", MinTLS: "TLSv1_3"}
			k := istioSocket(in)
			k.Ciphers, k.Curves, in.Proxy.TLSLibrary = fipsCiphers, fipsCurves, "BoringSSL-FIPS"
		}},
		{"a CA of another kind of name", "MT025", Unknown, func(in *Input) { times(in, 60, 600); rule(in).CA, rule(in).CredName = "", "sds://x" }},
		{"a ConfigMap, as the rule says", "MT025", OK, func(in *Input) {
			times(in, 60, 600)
			rule(in).CA, rule(in).CredName, sock(in).Validation.CA.Name = "", "configmap://redis/ca", "configmap://redis/ca-cacert"
		}},
		{"a ConfigMap, not the rule's", "MT025", Unknown, func(in *Input) {
			times(in, 60, 600)
			rule(in).CA, rule(in).CredName, sock(in).Validation.CA.Name = "", "configmap://redis/ca", "configmap://redis/other-cacert"
		}},
		{"no CA in the rule, the system's", "MT025", OK, func(in *Input) { times(in, 60, 600); rule(in).CA, sock(in).Validation.CA.Name = "", "file-root:system" }},
		{"MUTUAL, sni taken out", "MT025", Unknown, func(in *Input) {
			times(in, 60, 600)
			rule(in).Mode, rule(in).Cert, rule(in).Key, rule(in).SNI, sock(in).Cert = "MUTUAL", "c", "k", "", facts.Source{Kind: facts.SourceSDS, Name: "file-cert:c~k"}
		}},
		{"the mesh's mode keeps its own sni", "MT025", OK, func(in *Input) {
			times(in, 60, 600)
			rule(in).Mode, rule(in).CA, rule(in).SNI, sock(in).Cert = "ISTIO_MUTUAL", "", "", facts.Source{Kind: facts.SourceSDS, Name: "default"}
		}},
		{"no check asked for, none made", "MT025", OK, func(in *Input) { times(in, 60, 600); unvalidated(in); rule(in).SkipCA = true }},
		{"a pair of another provider", "MT025", Unknown, func(in *Input) {
			times(in, 60, 600)
			rule(in).Mode, rule(in).CA, rule(in).CredName, sock(in).Cert = "MUTUAL", "", "sds://x", facts.Source{Kind: facts.SourceSDS, Name: "sds://x"}
		}},
		{"names of an outside host, no ServiceEntry", "MT025", Unknown, func(in *Input) { times(in, 60, 600); rule(in).SANs, in.Config.Services = nil, nil }},
		{"names of an inside host, no ServiceEntry", "MT025", Unknown, func(in *Input) {
			times(in, 60, 600)
			rule(in).SANs, in.Config.Services, up(in).External = nil, nil, false
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := healthy(t)
			c.do(&in)
			if got := byID(Run(All(), in), c.id); Worst(got) != c.want {
				t.Errorf("%s is %s, want %s: %+v", c.id, Worst(got), c.want, got)
			}
		})
	}
}

// TestNameFits: each kind of name is compared with the rules of its kind.
func TestNameFits(t *testing.T) {
	cert := facts.Certificate{DNS: []string{"*.example.com", "Host.Example.org"}, URIs: []string{"spiffe://td/ns/a/sa/b"}, IPs: []string{"10.0.0.1"}, Emails: []string{"a@example.com"}}
	for _, c := range []struct {
		n    facts.NameMatch
		want bool
	}{
		{facts.NameMatch{Kind: "exact", Value: "a.example.com"}, true},
		{facts.NameMatch{Kind: "exact", Value: "a.example.com", Type: "dns"}, true},
		{facts.NameMatch{Kind: "exact", Value: "a.example.com", Type: "uri"}, false},
		{facts.NameMatch{Kind: "exact", Value: "a.b.example.com"}, false},
		{facts.NameMatch{Kind: "exact", Value: "example.com"}, false},
		{facts.NameMatch{Kind: "exact", Value: ".example.com"}, false},
		{facts.NameMatch{Kind: "exact", Value: "localhost"}, false},
		{facts.NameMatch{Kind: "exact", Value: "host.example.ORG"}, true},
		{facts.NameMatch{Kind: "exact", Value: "spiffe://td/ns/a/sa/b"}, true},
		{facts.NameMatch{Kind: "exact", Value: "spiffe://TD/ns/a/sa/b"}, false},
		{facts.NameMatch{Kind: "exact", Value: "spiffe://td/ns/a/sa/b", Type: "dns"}, false},
		{facts.NameMatch{Kind: "exact", Value: "10.0.0.1"}, true},
		{facts.NameMatch{Kind: "exact", Value: "10.0.0.2"}, false},
		{facts.NameMatch{Kind: "exact", Value: "a@example.com", Type: "email"}, true},
		{facts.NameMatch{Kind: "prefix", Value: "spiffe://td/"}, true},
		{facts.NameMatch{Kind: "prefix", Value: "spiffe://other/"}, false},
		{facts.NameMatch{Kind: "suffix", Value: "/sa/b"}, true},
		{facts.NameMatch{Kind: "contains", Value: "/ns/a/"}, true},
		{facts.NameMatch{Kind: "regex", Value: "spiffe://td/ns/[a-z]/sa/b"}, true},
		{facts.NameMatch{Kind: "regex", Value: "spiffe://td/ns/[a-z]/sa"}, false},
		{facts.NameMatch{Kind: "custom"}, false},
	} {
		if got := nameFits([]facts.NameMatch{c.n}, cert); got != c.want {
			t.Errorf("%+v: %v", c.n, got)
		}
	}
}

// TestAbsentHosts: what the proxy has no cluster for is judged as absent, once, and what it has is not.
func TestAbsentHosts(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(in *Input)
		want []string
	}{
		"there":              {func(*Input) {}, nil},
		"another port":       {func(in *Input) { in.To = []To{{Host: host, Port: 1}} }, []string{"outbound|1||" + host}},
		"any port":           {func(in *Input) { in.To = []To{{Host: host}} }, nil},
		"another host":       {func(in *Input) { in.To = []To{{Host: "other"}} }, []string{"outbound|0||other"}},
		"its subset":         {func(in *Input) { in.To = []To{{Host: host, Port: 16222, Subset: "v1"}} }, []string{"outbound|16222|v1|" + host}},
		"a subset stands in": {func(in *Input) { up(in).Subset, in.To = "v1", []To{{Host: host, Port: 16222}} }, nil},
		"of an intent":       {func(in *Input) { in.Intents[0].Ports[0].Number = 2 }, []string{"outbound|2||" + host}},
		"objects not read":   {func(in *Input) { in.Config, in.To = nil, []To{{Host: "other"}} }, []string{"outbound|0||other"}},
	} {
		in := healthy(t)
		c.do(&in)
		var got []string
		for _, s := range Subjects(in)[1:] {
			got = append(got, s.Cluster)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	in := healthy(t)
	rule(&in).Host = "other.example"
	in.To = []To{{Host: "other.example", Port: 1}}
	if s := Subjects(in)[1]; !s.Decision.Found {
		t.Error("the rule of an absent host is told")
	}
}

// TestDemandsInbound: an intent or a policy says what the proxy is to take where it covers the proxy.
func TestDemandsInbound(t *testing.T) {
	strict := intent.Intent{Recipe: intent.RecipeStrict, Namespace: "redis"}
	gateway := intent.Intent{Recipe: intent.RecipeMutual, Role: intent.RoleGateway, Namespace: "redis"}
	elsewhere := gateway
	elsewhere.Namespace = "other"
	for name, c := range map[string]struct {
		intents []intent.Intent
		proxy   bool
		want    bool
	}{
		"none": {nil, true, false}, "strict": {[]intent.Intent{strict}, true, true}, "gateway": {[]intent.Intent{gateway}, true, true},
		"gateway elsewhere": {[]intent.Intent{elsewhere}, true, false}, "no proxy": {[]intent.Intent{strict, gateway}, false, false},
		"a client": {healthy(t).Intents, true, false}, "policy STRICT": {nil, true, true}, "policy PERMISSIVE": {nil, true, false},
	} {
		in := healthy(t)
		if mode, isPolicy := strings.CutPrefix(name, "policy "); isPolicy {
			in.Config.Policies = []facts.Policy{{Object: policyRef("redis", "theirs"), Mode: facts.Mode(mode)}}
		}
		if in.Intents = c.intents; !c.proxy {
			in.Proxy = nil
		}
		if got := in.DemandsInbound(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestStrictIntent: of several the narrowest counts.
func TestStrictIntent(t *testing.T) {
	mesh := intent.Intent{Recipe: intent.RecipeStrict, Name: "mesh", Namespace: "istio-system", Mesh: true}
	space := intent.Intent{Recipe: intent.RecipeStrict, Name: "space", Namespace: "redis"}
	pods := intent.Intent{Recipe: intent.RecipeStrict, Name: "pods", Namespace: "redis", Workload: map[string]string{"app": "redis-client"}}
	for want, list := range map[string][]intent.Intent{"mesh": {mesh}, "space": {space, mesh}, "pods": {mesh, pods, space}} {
		for range 2 {
			in := healthy(t)
			in.Intents = list
			if got := in.StrictIntent(); got == nil || got.Name != want {
				t.Errorf("%+v, want %s", got, want)
			}
			list = slices.Clone(list)
			slices.Reverse(list)
		}
	}
}

// TestOpensNo: which chains hand TLS of anybody to the application.
func TestOpensNo(t *testing.T) {
	plain := facts.Socket{Kind: facts.SocketPlaintext}
	for name, c := range map[string]struct {
		chain facts.Chain
		mode  facts.Mode
		want  bool
	}{
		"TLS":                           {facts.Chain{TransportProtocol: "tls", Socket: facts.Socket{Kind: facts.SocketTLS}}, facts.ModePermissive, false},
		"application's":                 {facts.Chain{TransportProtocol: "tls", Socket: plain}, facts.ModePermissive, true},
		"whatever":                      {facts.Chain{Socket: plain}, facts.ModePermissive, true},
		"plaintext":                     {facts.Chain{TransportProtocol: "raw_buffer", Socket: plain}, facts.ModePermissive, false},
		"the mesh's":                    {facts.Chain{TransportProtocol: "tls", ALPN: []string{"istio"}, Socket: plain}, facts.ModePermissive, false},
		"raw, nobody looks for TLS":     {facts.Chain{TransportProtocol: "raw_buffer", Socket: plain}, facts.ModeDisable, true},
		"raw HTTP":                      {facts.Chain{TransportProtocol: "raw_buffer", HTTP: true, Socket: plain}, facts.ModeDisable, false},
		"raw, what the inspector found": {facts.Chain{TransportProtocol: "raw_buffer", ALPN: []string{"http/1.1"}, Socket: plain}, facts.ModeDisable, false},
	} {
		if got := opensNo(c.chain, c.mode); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestMergedCAs: the CAs of the context, of the secret and of their trust domains are in force together.
func TestMergedCAs(t *testing.T) {
	cert := func(n string) []facts.Certificate { return []facts.Certificate{{Fingerprint: n}} }
	domain := func(n string) []facts.TrustDomainCA { return []facts.TrustDomainCA{{Name: n, CA: cert(n)}} }
	p := func(v facts.Validation) *facts.Proxy {
		return &facts.Proxy{Secrets: []facts.Secret{{Name: "s", State: facts.StateActive, Validation: &v}}}
	}
	sds := facts.Source{Kind: facts.SourceSDS, Name: "s"}
	for name, c := range map[string]struct {
		proxy *facts.Proxy
		v     facts.Validation
		want  []string
	}{
		"of the context":                      {p(facts.Validation{}), facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSPIFFE}, SPIFFE: domain("a")}, []string{"a"}},
		"of the secret":                       {p(facts.Validation{CA: facts.Source{Kind: facts.SourceSPIFFE}, SPIFFE: domain("b")}), facts.Validation{Present: true, CA: sds}, []string{"b"}},
		"of the context, the secret has none": {p(facts.Validation{CA: facts.Source{Kind: facts.SourceNone}}), facts.Validation{Present: true, CA: sds, Default: facts.Source{Kind: facts.SourceInline}, Inline: cert("c"), SPIFFE: domain("d")}, []string{"c", "d"}},
	} {
		if got := prints(TrustOf(c.proxy, facts.Socket{Validation: c.v}).CA); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	damaged := facts.Secret{Name: "s", State: facts.StateActive, Validation: &facts.Validation{Problem: "damaged"}}
	got := TrustOf(&facts.Proxy{Secrets: []facts.Secret{damaged}}, facts.Socket{Validation: facts.Validation{Present: true, CA: sds}})
	if got.Known || got.Why != "secret s: damaged" {
		t.Errorf("%+v", got)
	}
	if got := TrustOf(&facts.Proxy{}, facts.Socket{Validation: facts.Validation{Present: true, CA: sds}}); got.Known || got.Why != "secret s is not delivered" {
		t.Errorf("%+v", got)
	}
}
