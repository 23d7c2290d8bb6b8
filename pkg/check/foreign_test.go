package check

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// foreign makes the healthy proxy one of another control plane: the same cluster, under a name of its own.
func foreign(t *testing.T, to ...To) Input {
	in := healthy(t)
	in.Config, in.Intents, in.All, in.To = nil, nil, true, to
	u := up(&in)
	u.Cluster, u.Direction, u.Host, u.Port = "cache", "", "", 0
	u.Endpoints[0].Hostname = host
	in.Proxy.Handshakes[0].Cluster = u.Cluster
	return in
}

// TestForeignTo: with --to, too, a cluster of another control plane is found by its name or its endpoints, and one that
// is not found may still be there under another name.
func TestForeignTo(t *testing.T) {
	for name, c := range map[string]struct {
		to   To
		odd  func(*Input)
		want map[string]Outcome // of the checks that say something else than OK
		of   string
	}{
		"by an endpoint":         {To{Host: host, Port: 16222}, func(*Input) {}, nil, "cache"},
		"by the cluster's name":  {To{Host: "cache"}, func(*Input) {}, nil, "cache"},
		"by an address":          {To{Host: "10.244.0.1", Port: 16222}, func(*Input) {}, nil, "cache"},
		"in plaintext":           {To{Host: host}, func(in *Input) { *sock(in) = facts.Socket{Kind: facts.SocketPlaintext} }, map[string]Outcome{"MT002": Fail}, "cache"},
		"of another port":        {To{Host: host, Port: 6379}, func(*Input) {}, map[string]Outcome{"MT001": Unknown}, "outbound|6379||" + host},
		"of another name":        {To{Host: "db.example"}, func(*Input) {}, map[string]Outcome{"MT001": Unknown}, "outbound|0||db.example"},
		"of Istio, all the same": {To{Host: "db.example"}, func(in *Input) { in.Proxy.Istio = "1.20.8" }, map[string]Outcome{"MT001": Fail}, "outbound|0||db.example"},
	} {
		in := foreign(t, c.to)
		c.odd(&in)
		got := map[string]Outcome{}
		for _, f := range Run(All(), in) {
			if f.Outcome != OK {
				got[f.ID] = f.Outcome
			}
		}
		for id, outcome := range c.want {
			if got[id] != outcome {
				t.Errorf("%s: %s is %v, want %v", name, id, got[id], outcome)
			}
		}
		if len(c.want) == 0 && len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
		var meant []string
		for _, s := range Subjects(in) {
			if s.Meant {
				meant = append(meant, s.Cluster)
			}
		}
		if len(meant) != 1 || meant[0] != c.of {
			t.Errorf("%s: judged %q", name, meant)
		}
	}
}

// TestOwnEndpoints: what stands in the cluster itself needs no section of endpoints.
func TestOwnEndpoints(t *testing.T) {
	in := foreign(t)
	u := up(&in)
	tls := u.Socket
	tls.Match = map[string]any{"tls": "on"}
	u.Matches, u.Socket = []facts.Socket{tls}, facts.Socket{Kind: facts.SocketPlaintext}
	u.Endpoints[0].Match = tls.Match
	lacks(&in, facts.FactEndpoints)
	outcome := func() Outcome { return transportTLS().Upstream(in, Subjects(in)[0])[0].Outcome }
	if got := outcome(); got != OK {
		t.Errorf("TLS to all: %v", got)
	}
	u.Endpoints[0].Match = nil
	in.To = []To{{Host: "cache"}}
	if got := outcome(); got != Fail {
		t.Errorf("plaintext to one: %v", got)
	}
	if u.EndpointsKnown = false; outcome() != Unknown {
		t.Errorf("not known: %v", outcome())
	}
}

// TestShortLived: a certificate that a control plane writes into the cluster lives for days and is renewed in time.
func TestShortLived(t *testing.T) {
	ca := newAuthority(t, "consul", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
	for hours, want := range map[int]Outcome{60: OK, 5: Warn, -1: Fail} {
		in := foreign(t)
		noProbe(&in)
		end := now.Add(time.Duration(hours) * time.Hour)
		sock(&in).Cert = facts.Source{Kind: facts.SourceInline}
		sock(&in).Own = [][]facts.Certificate{{ca.sign(t, "client", end.Add(-72*time.Hour), end, x509.ExtKeyUsageClientAuth)}}
		if got := clientCertificate().Upstream(in, Subjects(in)[0])[0]; got.Outcome != want {
			t.Errorf("%d hours: %v, want %v: %s", hours, got.Outcome, want, got.Summary)
		}
	}
}

// TestFilesOfTheMesh: before 1.5 the workload's identity came in files: a server without a known account is any workload.
func TestFilesOfTheMesh(t *testing.T) {
	in := healthy(t)
	in.Config, in.Intents, in.All = nil, nil, true
	k := sock(&in)
	k.Validation = facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceFile, Name: "/etc/certs/root-cert.pem"}}
	outcome := func() Outcome { return nameChecked().Upstream(in, Subjects(in)[0])[0].Outcome }
	if got := outcome(); got != Fail {
		t.Errorf("a CA of that name: %v", got)
	}
	k.ALPN = []string{"istio"}
	if got := outcome(); got != Warn {
		t.Errorf("Istio's own: %v", got)
	}
}

// TestSystemRoots: Envoy has no system_root_certs, wherever they stand, and verifies nothing with them alone.
func TestSystemRoots(t *testing.T) {
	system := facts.Source{Kind: facts.SourceSystem}
	own := func(in *Input) { sock(in).Validation.CA = system }
	secret := func(in *Input) { in.Proxy.Secrets[0].Validation = &facts.Validation{Present: true, CA: system} }
	beside := func(in *Input) {
		in.Proxy.Secrets[0].Validation = &facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceNone}}
		sock(in).Validation.Default = system
	}
	for name, c := range map[string]struct {
		odd   func(*Input)
		envoy string
		want  Outcome
		ca    string
	}{
		"in the cluster":           {own, "1.39.3", Fail, "none"},
		"of a release to come":     {own, "1.41.0", Unknown, "other:system_root_certs"},
		"of a release unknown":     {own, "", Unknown, "other:system_root_certs"},
		"in the secret":            {secret, "1.30.1", Fail, "none"},
		"in a secret to come":      {secret, "1.41.0", Unknown, "other:system_root_certs"},
		"beside an empty secret":   {beside, "1.39.3", Fail, "none"},
		"beside one, and to come":  {beside, "1.41.0", Unknown, "other:system_root_certs"},
		"beside a secret's own CA": {func(in *Input) { sock(in).Validation.Default = system }, "1.39.3", OK, "sds:file-root:/etc/redis-ca/ca.pem"},
	} {
		in := foreign(t)
		c.odd(&in)
		in.Proxy.Envoy = c.envoy
		s := Subjects(in)[0]
		if got := caValidated().Upstream(in, s)[0]; got.Outcome != c.want {
			t.Errorf("%s: %v, want %v: %s", name, got.Outcome, c.want, got.Summary)
		}
		if ca := TrustOf(in.Proxy, s.Active.Socket).Source.String(); ca != c.ca {
			t.Errorf("%s: ca %s, want %s", name, ca, c.ca)
		}
	}
}

// TestCertificateOfAProvider: Envoy has no certificate providers, so that one is named proves nothing.
func TestCertificateOfAProvider(t *testing.T) {
	in := foreign(t)
	noProbe(&in)
	sock(&in).Cert = facts.Source{Kind: facts.SourceOther, Name: "provider"}
	if got := clientCertificate().Upstream(in, Subjects(in)[0])[0]; got.Outcome != Unknown {
		t.Errorf("%v: %s", got.Outcome, got.Summary)
	}
}
