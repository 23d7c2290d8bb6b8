package check

import (
	"crypto/x509"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const dbHost = "db.shop.svc.cluster.local"

// identity is a workload certificate of the mesh.
func (a authority) identity(t *testing.T, spiffe string, from, to time.Time) facts.Certificate {
	t.Helper()
	u, err := url.Parse(spiffe)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(3), URIs: []*url.URL{u}, NotBefore: from, NotAfter: to, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	return a.issue(t, tmpl, &a.key.PublicKey)
}

// identities gives a proxy its certificate and the mesh's root.
func (a authority) identities(t *testing.T, account string) []facts.Secret {
	t.Helper()
	leaf := a.identity(t, "spiffe://cluster.local/ns/shop/sa/"+account, now.Add(-time.Hour), now.Add(23*time.Hour))
	root := &facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceInline}, Inline: []facts.Certificate{a.fact(t)}}
	return []facts.Secret{{Name: "default", State: facts.StateActive, Chain: []facts.Certificate{leaf}}, {Name: "ROOTCA", State: facts.StateActive, Validation: root}}
}

// paired makes the healthy input one of web and db, both with sidecars in namespace
// shop, and --to svc/db.
func pairUp(t *testing.T, in *Input) {
	t.Helper()
	root := newAuthority(t, "mesh-root", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
	k := meshSocket()
	k.SNI, k.Validation.SANs = "outbound_.3306_._."+dbHost, []facts.NameMatch{{Kind: "exact", Value: "spiffe://cluster.local/ns/shop/sa/db"}}
	u := facts.Upstream{Cluster: "outbound|3306||" + dbHost, Direction: "outbound", Host: dbHost, Port: 3306, State: facts.StateActive, Type: "EDS", Protocol: facts.ProtocolTCP, Socket: k,
		EndpointsKnown: true, Endpoints: []facts.Endpoint{{Address: "10.0.0.9:3306", Hosts: &facts.HostCounters{Total: 2, Requests: 2}}}}
	in.Proxy.Target.Namespace, in.Proxy.Upstreams, in.Proxy.Handshakes = "shop", []facts.Upstream{u}, nil
	in.Proxy.Secrets = root.identities(t, "web")
	service := facts.Service{Object: facts.Ref{Kind: "Service", Namespace: "shop", Name: "db"}, Hosts: []string{dbHost}, Selector: map[string]string{"app": "db"}, Ports: []facts.Port{{Number: 3306, TargetName: "mysql"}}}
	rule := facts.Rule{Object: facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: "db"}, Host: dbHost, Policy: true, HasTLS: true, Mode: "ISTIO_MUTUAL", SNI: k.SNI, SANs: []string{"spiffe://cluster.local/ns/shop/sa/db"}}
	in.Config = &facts.Config{RootNamespace: "istio-system", Services: []facts.Service{service}, Rules: []facts.Rule{rule}}
	in.Intents, in.To = nil, []To{{Host: dbHost}}
	door := inboundPort(3306, facts.ModeStrict)
	door.Served = &facts.HostCounters{Total: 2, Requests: 2}
	door.Chains[0].Socket.Cert = facts.Source{Kind: facts.SourceSDS, Name: "default"}
	door.Chains[0].Socket.Validation.SANs = []facts.NameMatch{{Kind: "prefix", Value: "spiffe://cluster.local/"}}
	db := peer(inboundPort(0, facts.ModeStrict), door)
	db.Pod.Target.Labels, db.Pod.Ports = map[string]string{"app": "db"}, map[string]int{"mysql": 3306}
	db.Proxy.Secrets = root.identities(t, "db")
	in.Pairs = []Pair{{Service: service, Peers: []Peer{db}}}
}

func other(in *Input) *Peer         { return &in.Pairs[0].Peers[0] }
func door(in *Input) *facts.Inbound { return &other(in).Proxy.Inbound[1] }
func paired1(do func(t *testing.T, in *Input)) func(*testing.T, *Input) {
	return func(t *testing.T, in *Input) { pairUp(t, in); do(t, in) }
}

// TestPairHealthy: two ends in order, and nobody complains; each check of a pair speaks.
func TestPairHealthy(t *testing.T) {
	in := healthy(t)
	pairUp(t, &in)
	fs := Run(All(), in)
	for _, f := range fs {
		if f.Outcome != OK {
			t.Errorf("false alarm: %+v", f)
		}
	}
	for _, id := range []string{"MT020", "MT021", "MT022", "MT023"} {
		if len(byID(fs, id)) != 1 {
			t.Errorf("%s said %+v", id, byID(fs, id))
		}
	}
	ends, _ := EndsOf(up(&in), in.Pairs[0])
	if o, why := in.Trust(Subjects(in)[0], ends[0]); o != OK || why != "both ends accept each other's certificate" {
		t.Errorf("trust is %s: %q", o, why)
	}
	in.Pairs = nil
	for _, f := range Run(All(), in) {
		if f.ID >= "MT020" && f.ID <= "MT022" {
			t.Errorf("nobody named a service: %+v", f)
		}
	}
}

// TestPairLateApplication: a call came through both sidecars, and the application was not listening yet. That is no lost call.
func TestPairLateApplication(t *testing.T) {
	in := healthy(t)
	pairUp(t, &in)
	door(&in).Served.Requests, door(&in).Served.Failed = 1, 1
	if fs := byID(Run(All(), in), "MT022"); len(fs) != 1 || fs[0].Outcome != OK || !strings.Contains(fs[0].Summary, "2 calls to shop/db-1, the server 1 and 1 connection that its application did not take") {
		t.Errorf("%+v", fs)
	}
}

func pairCases() []sabotage {
	strange := func(t *testing.T) authority {
		return newAuthority(t, "strange-root", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
	}
	shut := func(_ *testing.T, in *Input) { *door(in) = inboundPort(3306, facts.ModeDisable) }
	unruled := func(do func(in *Input)) func(*testing.T, *Input) {
		return paired1(func(t *testing.T, in *Input) { shut(t, in); in.Config.Rules = nil; do(in) })
	}
	return []sabotage{
		{"server takes no TLS", paired1(shut), "MT020", Fail, "does not open it"},
		{"server without sidecar", paired1(func(_ *testing.T, in *Input) { other(in).Pod.Target.Container, other(in).Proxy = "", nil }), "MT020", Fail, "no sidecar is there"},
		{"port kept from the server's sidecar", paired1(func(_ *testing.T, in *Input) { other(in).Pod.Target.Annotations[excludeInbound] = "3306" }), "MT020", Fail, "no sidecar is there"},
		{"client in plaintext", paired1(func(_ *testing.T, in *Input) { plain(in); rule(in).Mode = "DISABLE" }), "MT020", Fail, "the connection is reset"},
		{"server not read", paired1(func(_ *testing.T, in *Input) { other(in).Proxy, other(in).Err = nil, "timed out" }), "MT020", Unknown, "timed out"},
		{"client's socket not read", paired1(func(_ *testing.T, in *Input) { *sock(in) = facts.Socket{Problem: "typed_config is a list"} }), "MT020", Unknown, "not known: the transport socket could not be read: typed_config is a list (1 of 1 endpoint)the client sends what is not known, "},
		{"who decides: the client's rule", paired1(shut), "MT020", Fail, "\nDestinationRule shop/db\nkubectl edit destinationrule db -n shop\n"},
		{"who decides: the server's policy", unruled(func(in *Input) {
			in.Config.Policies = []facts.Policy{{Object: policyRef("shop", "open"), Mode: facts.ModeDisable}}
		}), "MT020", Fail, "\nPeerAuthentication shop/open\nkubectl edit peerauthentication open -n shop\n"},
		{"who decides: no rule, no policy", unruled(func(*Input) {}), "MT020", Fail, "\nPod shop/db-1\nkubectl mesh-tls verify pod/db-1 -n shop\n"},
		{"who decides: objects not read", unruled(func(in *Input) { in.Config = nil }), "MT020", Fail, "\nPod shop/db-1\nkubectl mesh-tls verify pod/db-1 -n shop\n"},
		{"who decides: no sidecar, whatever the policy", unruled(func(in *Input) {
			other(in).Pod.Target.Annotations[excludeInbound] = "3306"
			in.Config.Policies = []facts.Policy{{Object: policyRef("shop", "open"), Mode: facts.ModeStrict}}
		}), "MT020", Fail, "\nPod shop/db-1\n"},
		{"who decides: no pod", unruled(func(in *Input) { up(in).Endpoints[0].Address = "10.9.9.9:3306" }), "MT020", Unknown, "\n\nkubectl get endpointslices -A\n"},
		{"no endpoint at all", paired1(func(_ *testing.T, in *Input) { up(in).Endpoints = nil }), "MT020", Unknown, "no ready pod"},
		{"endpoint of nobody", paired1(func(_ *testing.T, in *Input) { up(in).Endpoints[0].Address = "10.9.9.9:3306" }), "MT020", Unknown, "10.9.9.9"},
		{"own pair", paired1(func(_ *testing.T, in *Input) { sock(in).Cert.Name = "file-cert:a~b" }), "MT020", Warn, "mesh's root"},
		{"headless, port name unknown", paired1(func(_ *testing.T, in *Input) {
			up(in).Type, up(in).Endpoints, other(in).Pod.Ports = "ORIGINAL_DST", nil, nil
		}), "MT020", Unknown, "does not declare"},
		{"another root at the server", paired1(func(t *testing.T, in *Input) { other(in).Proxy.Secrets[0] = strange(t).identities(t, "db")[0] }), "MT021", Fail, "the client refuses: the server's certificate does not chain"},
		{"another root at the client", paired1(func(t *testing.T, in *Input) { in.Proxy.Secrets[0] = strange(t).identities(t, "web")[0] }), "MT021", Fail, "the server refuses: the client's certificate does not chain"},
		{"another service account", paired1(func(_ *testing.T, in *Input) {
			sock(in).Validation.SANs[0].Value = "spiffe://cluster.local/ns/shop/sa/x"
			rule(in).SANs = []string{"spiffe://cluster.local/ns/shop/sa/x"}
		}), "MT021", Fail, "for another host"},
		{"another root behind a second door", paired1(func(t *testing.T, in *Input) {
			second := door(in).Chains[0]
			second.Socket.Cert.Name = "other"
			door(in).Chains = append(door(in).Chains, second)
			held := strange(t).identities(t, "db")[0]
			held.Name = "other"
			other(in).Proxy.Secrets = append(other(in).Proxy.Secrets, held)
		}), "MT021", Fail, "the client refuses: the server's certificate does not chain"},
		{"another CA at a second door", paired1(func(t *testing.T, in *Input) {
			second := door(in).Chains[0]
			second.Socket.Validation.CA.Name = "other"
			door(in).Chains = append(door(in).Chains, second)
			held := strange(t).identities(t, "db")[1]
			held.Name = "other"
			other(in).Proxy.Secrets = append(other(in).Proxy.Secrets, held)
		}), "MT021", Fail, "the server refuses: the client's certificate does not chain"},
		{"another name at a second door", paired1(func(_ *testing.T, in *Input) {
			second := door(in).Chains[0]
			second.Socket.Validation.SANs = []facts.NameMatch{{Kind: "prefix", Value: "spiffe://other/"}}
			door(in).Chains = append(door(in).Chains, second)
		}), "MT021", Fail, "another trust domain"},
		{"own pair, unseen", paired1(func(_ *testing.T, in *Input) { sock(in).Cert.Name = "file-cert:a~b" }), "MT021", Unknown, "the client's certificate was not seen"},
		{"another trust domain", paired1(func(_ *testing.T, in *Input) { door(in).Chains[0].Socket.Validation.SANs[0].Value = "spiffe://other/" }), "MT021", Fail, "another trust domain"},
		{"another trust domain, what helps", paired1(func(_ *testing.T, in *Input) { door(in).Chains[0].Socket.Validation.SANs[0].Value = "spiffe://other/" }), "MT021", Fail, "kubectl edit configmap istio -n istio-system   # (of a revision: istio-REVISION) trustDomainAliases: add cluster.local"},
		{"another name of the trust domain", paired1(func(_ *testing.T, in *Input) {
			door(in).Chains[0].Socket.Validation.SANs[0].Value = "spiffe://cluster.local/ns/far/"
		}), "MT021", Fail, "or has another name"},
		{"a server of another trust domain", paired1(func(_ *testing.T, in *Input) {
			sock(in).Validation.SANs[0].Value = "spiffe://other/ns/shop/sa/db"
			rule(in).SANs = []string{"spiffe://other/ns/shop/sa/db"}
		}), "MT021", Fail, "trustDomainAliases: add cluster.local"},
		{"client's certificate is over", paired1(func(_ *testing.T, in *Input) { in.Proxy.Secrets[0].Chain[0].NotAfter = now.Add(-time.Minute) }), "MT021", Fail, "outside its validity"},
		{"server's certificate unseen", paired1(func(_ *testing.T, in *Input) { other(in).Proxy.Secrets = other(in).Proxy.Secrets[1:] }), "MT021", Unknown, "the server's certificate was not seen"},
		{"client's certificate unseen", paired1(func(_ *testing.T, in *Input) { in.Proxy.Secrets = in.Proxy.Secrets[1:] }), "MT021", Unknown, "the client's certificate was not seen"},
		{"server's trust unseen", paired1(func(_ *testing.T, in *Input) { other(in).Proxy.Missing[facts.FactSecrets] = "forbidden" }), "MT021", Unknown, "forbidden"},
		{"calls that did not arrive", paired1(func(_ *testing.T, in *Input) { door(in).Served.Requests = 1 }), "MT022", Warn, "2 calls to shop/db-1, the server 1"},
		{"calls that neither took", paired1(func(_ *testing.T, in *Input) { door(in).Served.Requests, door(in).Served.Failed = 0, 1 }), "MT022", Warn, "the server 0 and 1 connection that its application did not take"},
	}
}

// TestPairSilent: what was not counted, or is no mutual TLS, is not judged by the checks of it.
func TestPairSilent(t *testing.T) {
	for name, c := range map[string]struct {
		do func(in *Input)
		id string
	}{
		"counters of the server absent": {func(in *Input) { door(in).Served = nil }, "MT022"},
		"counters of the client absent": {func(in *Input) { up(in).Endpoints[0].Hosts = nil }, "MT022"},
		"no mutual TLS":                 {func(in *Input) { *door(in) = inboundPort(3306, facts.ModeDisable) }, "MT021"},
	} {
		in := healthy(t)
		pairUp(t, &in)
		c.do(&in)
		if got := byID(Run(All(), in), c.id); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestPairPolicy: where the pods behind a service were read, plaintext is blamed on the policy that counts for one of them.
func TestPairPolicy(t *testing.T) {
	off := func(labels map[string]string) []facts.Policy {
		return []facts.Policy{{Object: policyRef("shop", "off"), Mode: facts.ModeDisable, Selector: labels}}
	}
	for name, c := range map[string]struct {
		do   func(in *Input)
		want string
	}{
		"its policy":        {func(in *Input) { in.Config.Policies = off(map[string]string{"app": "db"}) }, "PeerAuthentication shop/off says DISABLE for shop/db-1"},
		"policy of another": {func(in *Input) { in.Config.Policies = off(map[string]string{"app": "other"}) }, ""},
		"without sidecar": {func(in *Input) {
			in.Config.Policies = off(map[string]string{"app": "db"})
			other(in).Pod.Target.Container, other(in).Proxy = "", nil
		}, ""},
		"no pod of ours": {func(in *Input) {
			in.Config.Policies = off(map[string]string{"app": "db"})
			other(in).Pod.IPs = nil
		}, ""},
	} {
		in := healthy(t)
		pairUp(t, &in)
		u := up(&in)
		u.Matches = []facts.Socket{{Name: "tlsMode-istio", Match: map[string]any{"tlsMode": "istio"}, Kind: facts.SocketTLS}, {Kind: facts.SocketPlaintext}}
		c.do(&in)
		if why, object, _ := endpointReason(in, Subjects(in)[0]); why != c.want || (object == "") != (c.want == "") {
			t.Errorf("%s: %q %q, want %q", name, why, object, c.want)
		}
	}
}

// TestPairMixed: ends that stand alike are told once, with their names.
func TestPairMixed(t *testing.T) {
	in := healthy(t)
	pairUp(t, &in)
	bare := Peer{Pod: facts.Pod{Target: facts.Target{Namespace: "shop", Pod: "db-2", Labels: map[string]string{"app": "db"}}, IPs: []string{"10.0.0.10"}}}
	in.Pairs[0].Peers = append(in.Pairs[0].Peers, bare)
	up(&in).Endpoints = append(up(&in).Endpoints, facts.Endpoint{Address: "10.0.0.10:3306"}, facts.Endpoint{Address: "10.0.0.9:3306"})
	got := byID(Run(All(), in), "MT020")
	slices.SortFunc(got, func(a, b Finding) int { return int(a.Outcome) - int(b.Outcome) })
	if len(got) != 2 || got[0].Endpoint != "shop/db-1, shop/db-1" || got[1].Outcome != Fail || got[1].Object != "DestinationRule shop/db" || !strings.Contains(got[1].Summary, "1 of 3 endpoints") {
		t.Errorf("%+v", got)
	}
}

// TestApplicationTLS: on a Service's port for TLS, before which no sidecar stands, the application speaks it, as status has
// it; where a sidecar stands, or a rule or a route says otherwise, it is plaintext.
func TestApplicationTLS(t *testing.T) {
	bare := func(in *Input) { other(in).Pod.Target.Container, other(in).Proxy = "", nil }
	ruled := func(mode string) func(*Input) {
		return func(in *Input) {
			bare(in)
			in.Config.Rules = []facts.Rule{{Object: facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: "db"}, Host: dbHost, Policy: true, HasTLS: true, Mode: mode}}
		}
	}
	for name, c := range map[string]struct {
		odd          func(*Input)
		mt002, mt020 Outcome
	}{
		"a pod without sidecar":  {bare, Unknown, Unknown},
		"by the endpoint":        {func(in *Input) { bare(in); up(in).Matches = []facts.Socket{*sock(in)} }, Unknown, Unknown},
		"by hand":                {func(in *Input) { in.Pairs[0].Peers, in.Pairs[0].Service.Selector = nil, nil }, Unknown, Unknown},
		"switched off by a rule": {ruled("DISABLE"), Unknown, Unknown},
		"a pod that nobody read": {func(in *Input) { in.Pairs[0].Peers = nil }, Fail, Unknown},
		"a server with sidecar":  {func(*Input) {}, Fail, Fail},
		"routes lead there":      {func(in *Input) { bare(in); up(in).Protocol = facts.ProtocolHTTP }, Fail, Fail},
		"a rule wants TLS":       {ruled("ISTIO_MUTUAL"), Fail, Fail},
		"declared TCP":           {func(in *Input) { bare(in); in.Config.Services[0].Ports[0].Protocol = "TCP" }, Fail, Fail},
	} {
		in := healthy(t)
		pairUp(t, &in)
		plain(&in)
		in.Config.Rules, in.Config.Services[0].Ports[0].Protocol = nil, "HTTPS"
		c.odd(&in)
		fs := Run(All(), in)
		for id, want := range map[string]Outcome{"MT002": c.mt002, "MT020": c.mt020} {
			if f := byID(fs, id); len(f) != 1 || f[0].Outcome != want {
				t.Errorf("%s: %s is %+v, want %s", name, id, f, want)
			}
		}
	}
}
