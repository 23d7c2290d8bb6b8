package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

const (
	egressService = "gw.egress.svc.cluster.local"
	egressID      = "spiffe://cluster.local/ns/egress/sa/gw"
)

func onTheWay() intent.Intent {
	return intent.Intent{Recipe: intent.RecipeEgress, Name: "web", Namespace: "egress", Host: host, Ports: []intent.Port{{Number: 80, Protocol: intent.ProtocolHTTP}}, TLSPort: 443,
		Form: intent.FormVirtualService, Mode: intent.ModeSimple, SNI: host, SANs: []string{host}, ExportTo: []string{"redis"},
		Through: intent.Through{Service: egressService, Port: 443, Workload: map[string]string{"istio": "egress"}, Identities: []string{egressID}}}
}

// throughGateway is a client whose calls to the host take a gateway: the cluster with
// mutual TLS is the gateway's subset, and the host's own stand idle beside it.
func throughGateway(t *testing.T) Input {
	t.Helper()
	in := healthy(t)
	in.Intents = onTheWay().Hops()
	mesh := newAuthority(t, "mesh", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
	socket := facts.Socket{Kind: facts.SocketTLS, SNI: host, Cert: facts.Source{Kind: facts.SourceSDS, Name: "default"},
		Validation: facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSDS, Name: "ROOTCA"}, SANs: []facts.NameMatch{{Kind: "exact", Value: egressID}}}}
	idle := func(port int) facts.Upstream {
		return facts.Upstream{Cluster: "outbound|" + map[int]string{80: "80", 443: "443"}[port] + "||" + host, Direction: "outbound", Host: host, Port: port, State: facts.StateActive,
			Socket: facts.Socket{Kind: facts.SocketPlaintext}, EndpointsKnown: true, Endpoints: []facts.Endpoint{{Address: "10.9.9.9:80"}}}
	}
	in.Proxy.Upstreams = []facts.Upstream{{Cluster: "outbound|443|web|" + egressService, Direction: "outbound", Host: egressService, Port: 443, Subset: "web", State: facts.StateActive, Type: "EDS",
		Protocol: facts.ProtocolHTTP, Socket: socket, EndpointsKnown: true, Endpoints: []facts.Endpoint{{Address: "10.244.0.7:8443", Hosts: &facts.HostCounters{Total: 1, Requests: 1}}}}, idle(80), idle(443)}
	in.Proxy.Secrets = []facts.Secret{{Name: "ROOTCA", State: facts.StateActive, Validation: &facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceInline}, Inline: []facts.Certificate{mesh.fact(t)}}},
		{Name: "default", State: facts.StateActive, Chain: []facts.Certificate{mesh.leaf(t, "client", now.AddDate(0, -1, 0), now.AddDate(0, 6, 0))}}}
	in.Proxy.Handshakes = nil
	ref := facts.Ref{Kind: "DestinationRule", Namespace: "egress", Name: "web"}
	in.Config.Services = []facts.Service{{Object: facts.Ref{Kind: "ServiceEntry", Namespace: "egress", Name: "web"}, Hosts: []string{host}, ExportTo: []string{"redis", "."}}}
	in.Config.Rules = []facts.Rule{
		{Object: ref, Host: host, Port: 443, HasTLS: true, Policy: true, Mode: "SIMPLE", SNI: host, SANs: []string{host}, ExportTo: []string{"."}, Selector: map[string]string{"istio": "egress"}, Owner: "web"},
		{Object: facts.Ref{Kind: ref.Kind, Namespace: ref.Namespace, Name: "web-gateway"}, Host: egressService, Subset: "web", Port: 443, HasTLS: true, Policy: true, Mode: "ISTIO_MUTUAL", SNI: host, SANs: []string{egressID}, ExportTo: []string{"redis"}, Owner: "web"},
	}
	return in
}

// The gateway's subset is judged in place of the host's own clusters, however it is asked
// for; that the client does not see the gateway's rule for the host is no mistake.
func TestThroughJudgesTheGatewaysCluster(t *testing.T) {
	for name, to := range map[string][]To{"nothing named": nil, "host": {{Host: host}}, "plain port": {{Host: host, Port: 80}}, "the gateway": {{Host: egressService}}} {
		in := throughGateway(t)
		in.To = to
		in.To = in.Via()
		for _, s := range Subjects(in) {
			if s.Meant != (s.Host == egressService) {
				t.Errorf("%s: %s is meant to be TLS: %t, %s", name, s.Cluster, s.Meant, s.Why)
			}
		}
		fs := pick(Run(All(), in), func(f Finding) bool { return f.Outcome != OK && f.ID != "MT023" }) // the fixture has no SPIFFE ID
		if len(fs) > 0 {
			t.Errorf("%s: %+v", name, fs)
		}
	}
	in := throughGateway(t)
	in.To = []To{{Host: host, Port: 443}}
	if diff := cmp.Diff(in.To, in.Via()); diff != "" {
		t.Errorf("the application's own HTTPS is not led to the gateway: %s", diff)
	}
}

// A perfect way to the gateway proves nothing where calls go past it, or where somebody
// else could stand in for it.
func TestThroughSabotaged(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(in *Input)
		id   string
		want Outcome
		word string
	}{
		"no route":                     {func(in *Input) { up(in).Protocol = facts.ProtocolUnknown }, "MT010", Fail, "do not take the way through gateway"},
		"another CA":                   {func(in *Input) { sock(in).Validation.CA.Name = "file-root:/ca.pem" }, "MT010", Warn, "place that the CA comes from"},
		"another route":                {func(in *Input) { in.Proxy.Upstreams[1].Protocol = facts.ProtocolHTTP }, "MT010", Fail, "or some of them do: they leave the sidecar in plaintext"},
		"another route, 443":           {func(in *Input) { in.Proxy.Upstreams[2].Protocol = facts.ProtocolMixed }, "MT010", Fail, "go past the gateway"},
		"routes unread":                {func(in *Input) { lacks(in, facts.FactRoutes) }, "MT010", Unknown, "not known"},
		"any identity":                 {func(in *Input) { sock(in).Validation.SANs = nil }, "MT010", Fail, "names that are accepted"},
		"another identity":             {func(in *Input) { sock(in).Validation.SANs[0].Value = "spiffe://cluster.local/ns/x/sa/y" }, "MT010", Fail, "names that are accepted"},
		"gateway's rule for all hosts": {func(in *Input) { in.Config.Rules[0].Host = "*" + host[3:] }, "MT010", OK, ""},
		"gateway's rule gone":          {func(in *Input) { in.Config.Rules = slices.DeleteFunc(in.Config.Rules, ofHost) }, "MT010", Fail, "beyond the gateway"},
		"gateway's rule off": {func(in *Input) {
			for i := range in.Config.Rules {
				if ofHost(in.Config.Rules[i]) {
					in.Config.Rules[i].Mode = "DISABLE"
				}
			}
		}, "MT010", Fail, "beyond the gateway"},
		"another SNI":            {func(in *Input) { sock(in).SNI = "x.example.com" }, "MT010", Fail, "the SNI"},
		"no TLS":                 {func(in *Input) { plain(in) }, "MT002", Fail, "plaintext"},
		"cluster gone":           {func(in *Input) { in.Proxy.Upstreams = in.Proxy.Upstreams[1:] }, "MT001", Fail, "does not know"},
		"port around sidecar":    {func(in *Input) { note(in, excludePorts, "80") }, "MT018", Fail, "goes around its sidecar"},
		"other addresses only":   {func(in *Input) { note(in, includeRanges, "10.244.0.0/16") }, "MT018", Fail, "captures other addresses only"},
		"address around sidecar": {func(in *Input) { note(in, excludeRanges, "10.9.9.0/24") }, "MT018", Fail, "goes around its sidecar"},
	} {
		in := throughGateway(t)
		c.do(&in)
		got := pick(byID(Run(All(), in), c.id), func(f Finding) bool { return f.Outcome == c.want && strings.Contains(f.Summary, c.word) })
		if len(got) == 0 {
			t.Errorf("%s: got %+v", name, byID(Run(All(), in), c.id))
		}
	}
}

// A gateway's own rule, which its clients need not see, excuses no other one that is hidden from them.
func TestThroughHidesOnlyItsOwn(t *testing.T) {
	in := throughGateway(t)
	in.Config.Rules = append(in.Config.Rules, facts.Rule{Object: facts.Ref{Kind: "DestinationRule", Namespace: "zoo", Name: "theirs"}, Host: host, HasTLS: true, Policy: true, Mode: "SIMPLE", ExportTo: []string{"."}})
	s := Subjects(in)[2]
	if s.Cluster != "outbound|80||"+host || !s.Meant || !strings.Contains(s.Why, "theirs") {
		t.Errorf("%s: meant %t because %q", s.Cluster, s.Meant, s.Why)
	}
}

// atEgress makes of the healthy input's pod the gateway itself.
func atEgress(t *testing.T) Input {
	t.Helper()
	in := throughGateway(t)
	in.Proxy.Target.Namespace, in.Proxy.Target.Labels, in.Proxy.Node.Kind = "egress", map[string]string{"istio": "egress"}, facts.NodeRouter
	in.Proxy.Upstreams = in.Proxy.Upstreams[2:]
	u := up(&in)
	u.Protocol, u.Socket = facts.ProtocolHTTP, facts.Socket{Kind: facts.SocketTLS, SNI: host, Cert: facts.Source{Kind: facts.SourceNone},
		Validation: facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSDS, Name: "ROOTCA"}, SANs: []facts.NameMatch{{Kind: "exact", Value: host}}}}
	in.Proxy.Inbound = []facts.Inbound{{Port: 8443, Gateway: true, Chains: []facts.Chain{{TransportProtocol: "tls", ServerNames: []string{host}, RequireClientCert: true,
		Socket: facts.Socket{Kind: facts.SocketTLS, Cert: facts.Source{Kind: facts.SourceSDS, Name: "default"}, Validation: facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSDS, Name: "ROOTCA"}}}}}}}
	return in
}

// The gateway takes the host from the mesh only, and leads it out by TLS.
func TestThroughAtTheGateway(t *testing.T) {
	chain := func(in *Input) *facts.Chain { return &in.Proxy.Inbound[0].Chains[0] }
	for name, c := range map[string]struct {
		do   func(in *Input)
		id   string
		want Outcome
		word string
	}{
		"in order":         {func(*Input) {}, "MT019", OK, "as asked for"},
		"in order, way":    {func(*Input) {}, "MT010", OK, "what the intent asked for"},
		"host not served":  {func(in *Input) { chain(in).ServerNames = []string{"other"} }, "MT019", Fail, "does not serve"},
		"anybody":          {func(in *Input) { chain(in).RequireClientCert = false }, "MT019", Fail, "without a certificate"},
		"not of the mesh":  {func(in *Input) { chain(in).Socket.Validation.CA.Name = "kubernetes://x-cacert" }, "MT019", Fail, "not of the mesh"},
		"nothing leads on": {func(in *Input) { up(in).Protocol = facts.ProtocolUnknown }, "MT010", Fail, "do not take the way"},
		"plain on the way": {plain, "MT002", Fail, "plaintext"},
	} {
		in := atEgress(t)
		c.do(&in)
		got := pick(byID(Run(All(), in), c.id), func(f Finding) bool { return f.Outcome == c.want && strings.Contains(f.Summary, c.word) })
		if len(got) == 0 {
			t.Errorf("%s: got %+v", name, byID(Run(All(), in), c.id))
		}
	}
}

// TestGatewayIsNoClientOfItself: a gateway in the namespace of its clients has the way out only, and they the way to it.
func TestGatewayIsNoClientOfItself(t *testing.T) {
	it := onTheWay()
	it.ExportTo = []string{it.Namespace}
	hops := it.Hops()
	for _, c := range []struct {
		name         string
		labels       map[string]string
		to, fromHost bool
	}{
		{"a client beside the gateway", map[string]string{"app": "client"}, true, false},
		{"the gateway", map[string]string{"istio": "egress", "pod": "x"}, false, true},
	} {
		in := Input{Proxy: &facts.Proxy{Target: facts.Target{Namespace: it.Namespace, Pod: "x", Labels: c.labels}}, Intents: hops}
		if to, from := in.Covers(hops[0]), in.Covers(hops[1]); to != c.to || from != c.fromHost {
			t.Errorf("%s: to the gateway %t, from it %t; want %t, %t", c.name, to, from, c.to, c.fromHost)
		}
	}
}

func ofHost(r facts.Rule) bool { return r.Host == host }
