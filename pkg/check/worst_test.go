package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// TestWorstOfSockets: where endpoints get several sockets, a warning about one does not hide a failure of another.
func TestWorstOfSockets(t *testing.T) {
	soon := func(in *Input, name string) facts.Certificate {
		c := newAuthority(t, name, now.AddDate(-1, 0, 0), now.AddDate(0, 0, 5)).fact(t)
		in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: name, State: facts.StateActive, Validation: &facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceInline}, Inline: []facts.Certificate{c}}})
		return c
	}
	for id, c := range map[string]func(in *Input, a, b *facts.Socket){
		"MT008": func(in *Input, a, b *facts.Socket) {
			soon(in, "soon")
			dead := newAuthority(t, "dead", now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0)).fact(t)
			a.Validation.CA.Name, b.Validation.CA = "soon", facts.Source{Kind: facts.SourceInline}
			b.Validation.Inline = []facts.Certificate{dead}
		},
		"MT009": func(in *Input, a, b *facts.Socket) {
			pair := newAuthority(t, "client", now.AddDate(-1, 0, 0), now.AddDate(0, 0, 5)).fact(t)
			in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: "file-cert:c~k", State: facts.StateActive, Chain: []facts.Certificate{pair}})
			a.Cert, b.Cert = facts.Source{Kind: facts.SourceSDS, Name: "file-cert:c~k"}, facts.Source{Kind: facts.SourceNone}
		},
		"MT024": func(in *Input, a, b *facts.Socket) {
			a.Validation.CA.Name, b.Validation.CA.Name = "kubernetes://a-cacert", "kubernetes://b-cacert"
			in.CAs = map[string]facts.CAObject{"kubernetes://a-cacert": {Gone: true}, "kubernetes://b-cacert": {Certificates: []facts.Certificate{{Fingerprint: "00"}}}}
		},
	} {
		want := map[string]Outcome{"MT008": Fail, "MT009": Fail, "MT024": Unknown}[id]
		in := healthy(t)
		noProbe(&in)
		u := up(&in)
		a, b := u.Socket, u.Socket
		a.Match = map[string]any{"n": "a"}
		c(&in, &a, &b)
		u.Matches, u.Endpoints = []facts.Socket{a, b}, []facts.Endpoint{{Address: "10.0.0.1:1", Match: a.Match}, {Address: "10.0.0.2:1"}}
		if got := byID(Run(All(), in), id); len(got) != 1 || got[0].Outcome != want {
			t.Errorf("%s: %+v, want %s", id, got, want)
		}
	}
}

// readFrom is what a proxy tells of a certificate that it read from a file, which began and ends as many days from now.
func readFrom(path string, began, ends int) [][]facts.Certificate {
	return [][]facts.Certificate{{{Subject: path, NotBefore: now.AddDate(0, 0, -began), NotAfter: now.AddDate(0, 0, ends)}}}
}

// TestClientCertificateFile: of one that the proxy reads from a file, what it tells counts; untold it is not known.
func TestClientCertificateFile(t *testing.T) {
	for name, c := range map[string]struct {
		own  [][]facts.Certificate
		want Outcome
	}{
		"not told":                 {nil, Unknown},
		"of another file":          {readFrom("/d", 300, 60), Unknown},
		"the file, long":           {readFrom("/c", 300, 60), OK},
		"the file, soon":           {readFrom("/c", 300, 5), Warn},
		"the file, over":           {readFrom("/c", 300, -1), Fail},
		"the file, and of others":  {append(readFrom("/d", 300, -1), readFrom("/c", 300, 60)...), Fail},
		"an older version is over": {append(readFrom("/c", 300, -1), readFrom("/c", 3, 60)...), Unknown},
		"every version is over":    {append(readFrom("/c", 300, -9), readFrom("/c", 30, -1)...), Fail},
		"two versions, both last":  {append(readFrom("/c", 300, 60), readFrom("/c", 3, 90)...), OK},
	} {
		in := healthy(t)
		noProbe(&in)
		in.Intents = nil
		sock(&in).Cert, sock(&in).Own = facts.Source{Kind: facts.SourceFile, Name: "/c"}, c.own
		if got := byID(Run(All(), in), "MT009"); len(got) != 1 || got[0].Outcome != c.want {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
	for _, c := range []struct {
		name, saved string
		lacks       bool
		want        Outcome
	}{
		{"a live proxy that does not answer", "", true, Unknown},
		{"a saved dump without its certs.json", "dump.json", true, NotJudged},
		{"a saved dump whose certs.json has others", "dump.json", false, Unknown},
	} {
		in := healthy(t)
		noProbe(&in)
		in.Intents, in.Proxy.Target.Source = nil, c.saved
		if c.lacks {
			lacks(&in, facts.FactFiles)
		}
		sock(&in).Cert = facts.Source{Kind: facts.SourceFile, Name: "/c"}
		if got := byID(Run(All(), in), "MT009"); len(got) != 1 || got[0].Outcome != c.want {
			t.Errorf("%s: %+v, want %s", c.name, got, c.want)
		}
	}
}

// TestClientCertificateEnds: what users give is told of in time; what a control plane renews, when it did not.
func TestClientCertificateEnds(t *testing.T) {
	for _, c := range []struct {
		name, secret string
		began, ends  int // days
		want         Outcome
	}{
		{"a file, long", "file-cert:c~k", 300, 60, OK},
		{"a file, soon", "file-cert:c~k", 300, 5, Warn},
		{"a Secret, soon", "kubernetes://pair", 1, 5, Warn},
		{"over", "kubernetes://pair", 300, -1, Fail},
		{"not yet", "kubernetes://pair", -2, 60, Fail},
		{"a control plane's, of some days", "service-cert:curl/curl", 2, 5, OK},
		{"a control plane's, not renewed", "service-cert:curl/curl", 90, 5, Warn},
		{"the mesh's own", "default", 90, 5, OK},
	} {
		in := healthy(t)
		noProbe(&in)
		in.Intents = nil
		pair := newAuthority(t, "client", now.AddDate(0, 0, -c.began), now.AddDate(0, 0, c.ends)).fact(t)
		in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: c.secret, State: facts.StateActive, Chain: []facts.Certificate{pair}})
		sock(&in).Cert = facts.Source{Kind: facts.SourceSDS, Name: c.secret}
		if got := byID(Run(All(), in), "MT009"); len(got) != 1 || got[0].Outcome != c.want {
			t.Errorf("%s: %+v, want %s", c.name, got, c.want)
		}
		sock(&in).Cert, sock(&in).MoreCerts = facts.Source{Kind: facts.SourceFile, Name: "/c"}, []facts.Source{sock(&in).Cert}
		sock(&in).Own = readFrom("/c", 300, 300)
		if got := byID(Run(All(), in), "MT009"); len(got) != 1 || got[0].Outcome != c.want {
			t.Errorf("%s, as a second certificate: %+v, want %s", c.name, got, c.want)
		}
	}
	in := healthy(t)
	sock(&in).Cert = facts.Source{Kind: facts.SourceSDS, Name: in.Proxy.Secrets[0].Name}
	if got := byID(Run(All(), in), "MT009"); len(got) != 1 || got[0].Outcome != Unknown {
		t.Errorf("a CA is no client certificate: %+v", got)
	}
}

// TestLostEndpoint: an endpoint that never completes is told of, however well the others do.
func TestLostEndpoint(t *testing.T) {
	for name, c := range map[string]struct {
		second facts.HostCounters
		want   Outcome
	}{
		"never": {facts.HostCounters{Total: 5, Failed: 5}, Warn}, "once each": {facts.HostCounters{Total: 2, Failed: 2}, OK},
		"some failed": {facts.HostCounters{Total: 9, Failed: 4, Requests: 5}, OK},
	} {
		in := healthy(t)
		up(&in).Endpoints = []facts.Endpoint{{Address: "10.244.0.1:16222", Hosts: &facts.HostCounters{Total: 900, Requests: 900}}, {Address: "10.244.0.2:16222", Hosts: &c.second}}
		got := byID(Run(All(), in), "MT012")
		if len(got) != 1 || got[0].Outcome != c.want || (c.want == Warn) != (got[0].Endpoint == "10.244.0.2:16222") {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}

// TestUpdatesUnseen: a counter that is absent is not zero.
func TestUpdatesUnseen(t *testing.T) {
	for _, forget := range []func(u *facts.Updates){func(u *facts.Updates) { u.ClustersRejected = nil }, func(u *facts.Updates) { u.ListenersRejected = nil }} {
		in := healthy(t)
		forget(&in.Proxy.Updates)
		if got := byID(Run(All(), in), "MT014"); len(got) != 1 || got[0].Outcome != Unknown {
			t.Errorf("%+v", got)
		}
		one := uint64(1)
		if in.Proxy.Updates.ClustersRejected == nil {
			in.Proxy.Updates.ListenersRejected = &one
		} else {
			in.Proxy.Updates.ClustersRejected = &one
		}
		if got := byID(Run(All(), in), "MT014"); len(got) != 1 || got[0].Outcome != Warn {
			t.Errorf("one was seen: %+v", got)
		}
	}
}

// TestIntendedSources: where the CA and the client certificate come from is what the intent said, whether rules were read or not.
func TestIntendedSources(t *testing.T) {
	sds := func(name string) facts.Source { return facts.Source{Kind: facts.SourceSDS, Name: name} }
	for name, c := range map[string]struct {
		do   func(it *intent.Intent, k *facts.Socket)
		want string // "" is OK
	}{
		"as asked":     {func(*intent.Intent, *facts.Socket) {}, ""},
		"public CAs":   {func(_ *intent.Intent, k *facts.Socket) { k.Validation.CA = sds("file-root:system") }, "FAIL the place that the CA"},
		"another file": {func(_ *intent.Intent, k *facts.Socket) { k.Validation.CA = sds("file-root:/other") }, "WARN the place that the CA"},
		"public CAs, as asked": {func(it *intent.Intent, k *facts.Socket) {
			it.CA, k.Validation.CA = intent.CA{Kind: intent.CASystem}, sds("file-root:system")
		}, ""},
		"a Secret": {func(it *intent.Intent, k *facts.Socket) {
			it.CA, k.Validation.CA = intent.CA{Kind: intent.CASecret, Name: "a"}, sds("kubernetes://a-cacert")
		}, ""},
		"another Secret": {func(it *intent.Intent, k *facts.Socket) {
			it.CA, k.Validation.CA = intent.CA{Kind: intent.CASecret, Name: "a"}, sds("kubernetes://b-cacert")
		}, "WARN the place that the CA"},
		"a Secret, with namespace": {func(it *intent.Intent, k *facts.Socket) {
			it.CA, k.Validation.CA = intent.CA{Kind: intent.CASecret, Name: "a"}, sds("kubernetes-gateway://ns/a-cacert")
		}, ""},
		"a ConfigMap": {func(it *intent.Intent, k *facts.Socket) {
			it.CA, k.Validation.CA = intent.CA{Kind: intent.CAConfigMap, Name: "a"}, sds("configmap://redis/a-cacert")
		}, ""},
		"another ConfigMap": {func(it *intent.Intent, k *facts.Socket) {
			it.CA, k.Validation.CA = intent.CA{Kind: intent.CAConfigMap, Name: "a"}, sds("configmap://redis/aa-cacert")
		}, "WARN the place that the CA"},
		"an unasked certificate": {func(_ *intent.Intent, k *facts.Socket) { k.Cert = sds("file-cert:c~k") }, "WARN the client certificate"},
		"a pair of files": {func(it *intent.Intent, k *facts.Socket) {
			it.Mode, it.Certificate, k.Cert = intent.ModeMutual, intent.KeyPair{Kind: intent.PairPath, Name: "c", Key: "k"}, sds("file-cert:c~k")
		}, ""},
		"another pair of files": {func(it *intent.Intent, k *facts.Socket) {
			it.Mode, it.Certificate, k.Cert = intent.ModeMutual, intent.KeyPair{Kind: intent.PairPath, Name: "c", Key: "k"}, sds("file-cert:x~k")
		}, "FAIL the client certificate"},
		"the workload's own": {func(it *intent.Intent, k *facts.Socket) {
			it.Mode, it.Certificate, k.Cert = intent.ModeMutual, intent.KeyPair{Kind: intent.PairSecret, Name: "p"}, sds("default")
		}, "FAIL the client certificate"},
		"a pair of a Secret": {func(it *intent.Intent, k *facts.Socket) {
			it.Mode, it.Certificate, k.Cert = intent.ModeMutual, intent.KeyPair{Kind: intent.PairSecret, Name: "p"}, sds("kubernetes://p")
		}, ""},
		"files of an Istio of old": {func(it *intent.Intent, k *facts.Socket) {
			it.Mode, it.Certificate = intent.ModeMutual, intent.KeyPair{Kind: intent.PairPath, Name: "c", Key: "k"}
			k.Cert, k.Validation.CA = facts.Source{Kind: facts.SourceFile, Name: "c"}, facts.Source{Kind: facts.SourceFile, Name: "/ca"}
		}, ""},
	} {
		in := healthy(t)
		noProbe(&in)
		in.Config = nil
		c.do(&in.Intents[0], sock(&in))
		got := byID(Run(All(), in), "MT010")
		if c.want == "" && Worst(got) != OK || c.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0].Outcome.String()+" "+got[0].Summary, c.want)) {
			t.Errorf("%s: %+v, want %q", name, got, c.want)
		}
	}
}

// TestSomeCallsUnled: a route for some paths leads to the cluster with TLS, and one for the rest to the plain port's own.
func TestSomeCallsUnled(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(plainPort *facts.Upstream)
		want Outcome
	}{
		"idle":             {func(*facts.Upstream) {}, OK},
		"used":             {func(u *facts.Upstream) { u.Protocol = facts.ProtocolHTTP }, Fail},
		"used by TCP, too": {func(u *facts.Upstream) { u.Protocol = facts.ProtocolMixed }, Fail},
		"used, with TLS":   {func(u *facts.Upstream) { u.Protocol, u.Socket.Kind = facts.ProtocolHTTP, facts.SocketTLS }, OK},
		"another host's":   {func(u *facts.Upstream) { u.Protocol, u.Host = facts.ProtocolHTTP, "other.example" }, OK},
		"another port's":   {func(u *facts.Upstream) { u.Protocol, u.Port = facts.ProtocolHTTP, 81 }, OK},
		"on the way in":    {func(u *facts.Upstream) { u.Protocol, u.Direction = facts.ProtocolHTTP, "inbound" }, OK},
	} {
		in := healthy(t)
		it := &in.Intents[0]
		it.Recipe, it.Form, it.Ports, it.TLSPort = intent.RecipeEgress, intent.FormVirtualService, []intent.Port{{Number: 80, Protocol: "HTTP"}}, 16222
		up(&in).Protocol = facts.ProtocolHTTP
		p := facts.Upstream{Cluster: "outbound|80||" + host, Direction: "outbound", Host: host, Port: 80, State: facts.StateActive, Socket: facts.Socket{Kind: facts.SocketPlaintext}}
		c.do(&p)
		in.Proxy.Upstreams = append(in.Proxy.Upstreams, p)
		if got := byID(Run(All(), in), "MT010"); len(got) != 1 || got[0].Outcome != c.want {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}
