package check

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// inline lets the socket present a certificate that stands in the cluster itself.
func inline(t *testing.T, days int, use x509.ExtKeyUsage) func(*Input) {
	ca := newAuthority(t, "client-ca", now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
	return func(in *Input) {
		sock(in).Cert = facts.Source{Kind: facts.SourceInline}
		sock(in).Own = [][]facts.Certificate{{ca.sign(t, "client", now.AddDate(0, -6, 0), now.AddDate(0, 0, days), use)}}
	}
}

// demands is a server that wants a client certificate and says no more, and connections that have ended.
func demands(t *testing.T) func(*Input) {
	cert := inline(t, 90, x509.ExtKeyUsageClientAuth)
	return func(in *Input) {
		cert(in)
		hello(in).AsksCert, hello(in).Failure, hello(in).ErrorText = true, facts.FailureAlert, "remote error: tls: certificate required"
	}
}

// TestSocketsThatLookGood: TLS, validated and named, and still less than it seems.
func TestSocketsThatLookGood(t *testing.T) {
	and := func(first, then func(*Input)) func(*Input) { return func(in *Input) { first(in); then(in) } }
	ciphers := func(list ...string) func(*Input) { return func(in *Input) { sock(in).Ciphers = list } }
	hosts := func(in *Input) *facts.HostCounters { return up(in).Endpoints[0].Hosts }
	watched := func(exercise string) func(*Input) {
		return func(in *Input) {
			in.Traffic = &facts.Traffic{Upstreams: []facts.Delta{{Cluster: up(in).Cluster, Known: true, Connections: 1, Exercise: exercise}}}
		}
	}
	for name, c := range map[string]struct {
		odd  func(*Input)
		id   string
		want Outcome
		text string
	}{
		"inline, valid":                       {inline(t, 90, x509.ExtKeyUsageClientAuth), "MT009", OK, "presented"},
		"inline, expired":                     {inline(t, -1, x509.ExtKeyUsageClientAuth), "MT009", Fail, "outside its validity"},
		"inline, ends soon":                   {inline(t, 5, x509.ExtKeyUsageClientAuth), "MT009", Warn, "ends in 5 days"},
		"inline, for servers":                 {inline(t, 90, x509.ExtKeyUsageServerAuth), "MT009", Warn, "not for clients"},
		"inline, broken":                      {and(inline(t, 90, x509.ExtKeyUsageClientAuth), func(in *Input) { sock(in).OwnProblem = "PEM block 1: x" }), "MT009", Unknown, "does not parse"},
		"inline, of a CA that nobody asks of": {and(demands(t), func(in *Input) { hello(in).AsksFor = []string{"CN=other"} }), "MT009", Fail, "not of a CA that the server takes"},
		"nothing tells that it was taken":     {demands(t), "MT009", Warn, "was not seen: it demands one, names no CA"},
		"a connection stands":                 {and(demands(t), func(in *Input) { hosts(in).Active = 1 }), "MT009", OK, "presented"},
		"no connection yet":                   {and(demands(t), func(in *Input) { hosts(in).Total, hosts(in).Requests = 0, 0 }), "MT009", OK, "presented"},
		"TLS 1.2 tells by itself":             {and(demands(t), func(in *Input) { hello(in).Version = "TLS 1.2" }), "MT009", OK, "presented"},
		"a server that only asks":             {and(demands(t), func(in *Input) { hello(in).Failure = facts.FailureNone }), "MT009", OK, "presented"},
		"a connection made on purpose stood":  {and(demands(t), watched("from container app stood for 2s")), "MT009", OK, "presented"},
		"one made on purpose was closed":      {and(demands(t), watched("from container app was closed at once")), "MT009", Fail, "as soon as the handshake is complete"},
		"one made on purpose was not made":    {and(demands(t), watched("was not made")), "MT009", Warn, "was not seen"},
		"one made on purpose did not connect": {and(demands(t), and(watched("from container app was closed at once"), func(in *Input) { in.Traffic.Upstreams[0].Failed = 1 })), "MT009", Warn, "was not seen"},
		"at most TLS 1.1":                     {func(in *Input) { sock(in).MaxTLS = "TLSv1_1" }, "MT026", Warn, "connections to the upstream can be of a TLS version or cipher that is broken"},
		"from TLS 1.0":                        {func(in *Input) { sock(in).MinTLS = "TLSv1_0" }, "MT026", Warn, "broken"},
		"no encryption":                       {ciphers("ECDHE-RSA-AES128-GCM-SHA256", "NULL-SHA256"), "MT026", Fail, "without encryption"},
		"with anybody":                        {ciphers("[ADH-AES128-SHA|AES128-SHA]"), "MT026", Fail, "with anybody"},
		"of export, with a policy":            {and(ciphers("EXP-RC4-MD5"), func(in *Input) { in.Policy.MinTLS = "TLSv1_2" }), "MT026", Fail, "without encryption"},
		"RC4":                                 {ciphers("RC4-SHA"), "MT026", Warn, "broken"},
		"ciphers that are taken out":          {and(ciphers("!NULL", "AES128-SHA"), func(in *Input) { in.Policy.MinTLS, sock(in).MinTLS, sock(in).MaxTLS = "TLSv1_2", "TLSv1_2", "TLSv1_3" }), "MT026", OK, "keep to"},
		"keys in a file":                      {func(in *Input) { sock(in).KeyLog = "/var/keys" }, "MT002", Warn, "/var/keys"},
		"keys in a file, by endpoint":         {func(in *Input) { k := *sock(in); k.KeyLog = "/var/keys"; up(in).Matches = []facts.Socket{k} }, "MT002", Warn, "/var/keys"},
		"a tap": {func(in *Input) {
			sock(in).Wrappers = []string{"type.googleapis.com/envoy.extensions.transport_sockets.tap.v3.Tap"}
		}, "MT002", Warn, "records the plain bytes"},
	} {
		in := healthy(t)
		c.odd(&in)
		f := byID(Run(All(), in), c.id)
		if len(f) != 1 || f[0].Outcome != c.want || !strings.Contains(f[0].Summary, c.text) {
			t.Errorf("%s: %+v, want %s with %q", name, f, c.want, c.text)
		}
	}
	in := healthy(t)
	if f := byID(Run(All(), in), "MT026"); len(f) > 0 {
		t.Errorf("a healthy upstream is told of a policy that nobody asked for: %+v", f)
	}
}

// TestWeakPorts: a port that takes old TLS is told without a policy, and others are not.
func TestWeakPorts(t *testing.T) {
	port := func(k facts.Socket) []Finding {
		k.Kind = facts.SocketTLS
		in := healthy(t)
		in.Proxy.Inbound = []facts.Inbound{{Port: 8443, Gateway: true, Chains: []facts.Chain{{Socket: k}, {Socket: facts.Socket{Kind: facts.SocketPlaintext}}}}}
		return byID(Run(All(), in), "MT027")
	}
	if f := port(facts.Socket{MinTLS: "TLSv1_0"}); len(f) != 1 || f[0].Outcome != Warn || f[0].Endpoint != "port 8443" || !strings.HasPrefix(f[0].Summary, "connections to the gateway's port 8443 can be") {
		t.Errorf("%+v", f)
	}
	for _, k := range []facts.Socket{{MinTLS: "TLSv1_2"}, {}, {MinTLS: "TLSv1_0", Compliance: []string{"FIPS_202205"}}} {
		if f := port(k); len(f) > 0 {
			t.Errorf("%+v: %+v", k, f)
		}
	}
}
