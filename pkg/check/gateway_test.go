package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

const entryName = "bank.example.internal"

// atGateway makes of the healthy input's pod a gateway under an intent, with its
// listener and secrets in order.
func atGateway(in *Input) {
	in.Intents = append(in.Intents, intent.Intent{
		Recipe: intent.RecipeMutual, Role: intent.RoleGateway, Name: "bank", Namespace: "redis", Host: entryName, TLSPort: 443,
		Workload: in.Proxy.Target.Labels, SANs: []string{"client.example.internal"},
	})
	in.Proxy.Inbound = []facts.Inbound{{Port: 8443, Gateway: true, Listener: "0.0.0.0_8443", Chains: []facts.Chain{{
		TransportProtocol: "tls", ServerNames: []string{entryName}, RequireClientCert: true,
		Socket: facts.Socket{Kind: facts.SocketTLS, Cert: facts.Source{Kind: facts.SourceSDS, Name: "kubernetes-gateway://redis/bank"},
			Validation: facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSDS, Name: "kubernetes-gateway://redis/bank-cacert"},
				SANs: []facts.NameMatch{{Kind: "exact", Value: "client.example.internal"}}}},
	}}}}
	in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: "kubernetes-gateway://redis/bank", State: facts.StateActive},
		facts.Secret{Name: "kubernetes-gateway://redis/bank-cacert", State: facts.StateActive,
			Validation: &facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceInline}, Inline: []facts.Certificate{{Fingerprint: "aa"}}}})
}

func gatewayCases() []sabotage {
	chain := func(in *Input) *facts.Chain { atGateway(in); return &in.Proxy.Inbound[0].Chains[0] }
	return []sabotage{
		{"host not served", func(_ *testing.T, in *Input) { chain(in).ServerNames = []string{"other.example.internal"} }, "MT019", Fail, "does not serve " + entryName},
		{"certificate demanded for its name only", func(_ *testing.T, in *Input) { chain(in).RequireClientCert = false }, "MT019", Fail, "only its list of names"},
		{"certificate not demanded", func(_ *testing.T, in *Input) {
			c := chain(in)
			c.RequireClientCert, c.Socket.Validation.SANs = false, nil
		}, "MT019", Fail, "lets clients of"},
		{"chain not read", func(_ *testing.T, in *Input) { chain(in).Socket.Kind = facts.SocketUnknown }, "MT019", Unknown, "what the gateway demands of clients of " + entryName + " is not known"},
		{"no CA", func(_ *testing.T, in *Input) {
			chain(in).Socket.Validation.CA = facts.Source{Kind: facts.SourceNone}
		}, "MT019", Fail, "without a certificate"},
		{"anybody of the CA", func(_ *testing.T, in *Input) { chain(in).Socket.Validation.SANs = nil }, "MT019", Fail, "any certificate of the CA"},
		{"another client too", func(_ *testing.T, in *Input) {
			v := &chain(in).Socket.Validation
			v.SANs = append(v.SANs, facts.NameMatch{Kind: "exact", Value: "evil.example.internal"})
		}, "MT019", Fail, "evil.example.internal"},
		{"certificate waits", func(_ *testing.T, in *Input) {
			chain(in)
			in.Proxy.Secrets[len(in.Proxy.Secrets)-2].State = facts.StateWarming
		}, "MT019", Fail, "has not received its secret"},
		{"CA never came", func(_ *testing.T, in *Input) {
			chain(in)
			in.Proxy.Secrets = in.Proxy.Secrets[:len(in.Proxy.Secrets)-1]
		}, "MT019", Fail, "bank-cacert"},
		{"another CA", func(_ *testing.T, in *Input) {
			chain(in)
			in.Intents[len(in.Intents)-1].CA.Fingerprints = []string{"bb"}
		}, "MT019", Fail, "the CA of the clients is not the one"},
		{"plaintext on another port", func(_ *testing.T, in *Input) {
			chain(in)
			in.Proxy.Plain = []facts.PlainHost{{Host: "other.example.internal", Port: 8080}, {Host: entryName, Port: 8081}}
		}, "MT019", Fail, "in plaintext, too, on port 8081"},
		{"gateway's listeners unread", func(_ *testing.T, in *Input) { chain(in); lacks(in, facts.FactListeners) }, "MT019", Unknown, "not known"},
	}
}

// A gateway in order is OK, and nobody else is judged: another namespace, other
// pods, or a question about upstreams.
func TestGatewayServes(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(*Input)
		want int
	}{
		"in order":     {func(*Input) {}, 1},
		"of its CA":    {func(in *Input) { in.Intents[len(in.Intents)-1].CA.Fingerprints = []string{"aa"} }, 1},
		"other pods":   {func(in *Input) { in.Intents[len(in.Intents)-1].Workload = map[string]string{"app": "other"} }, 0},
		"elsewhere":    {func(in *Input) { in.Intents[len(in.Intents)-1].Namespace = "elsewhere" }, 0},
		"of upstreams": {func(in *Input) { in.To = []To{{Host: host}} }, 0},
	} {
		in := healthy(t)
		atGateway(&in)
		tt.edit(&in)
		got := 0
		for _, f := range Run(All(), in) {
			if f.ID == "MT019" {
				got++
				if f.Outcome != OK || f.Got != "client.example.internal" {
					t.Errorf("%s: %+v", name, f)
				}
			}
		}
		if got != tt.want {
			t.Errorf("%s: %d findings, want %d", name, got, tt.want)
		}
	}
}

// inSubset moves the healthy upstream's TLS into a subset that an intent asked for with
// a client certificate; the host's plain cluster stays beside it.
func inSubset(t *testing.T) Input {
	t.Helper()
	in := healthy(t)
	u := up(&in)
	bare := *u
	bare.Socket, bare.Protocol = facts.Socket{Kind: facts.SocketPlaintext}, facts.ProtocolTCP
	u.Subset, u.Cluster = "tls", "outbound|16222|tls|"+host
	u.StatName, u.Protocol = u.Cluster, facts.ProtocolHTTP
	sock(&in).Cert = facts.Source{Kind: facts.SourceSDS, Name: "file-cert:/c~/k"}
	rule(&in).Subset, rule(&in).Mode = "tls", "MUTUAL"
	in.Proxy.Upstreams = append(in.Proxy.Upstreams, bare)
	in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: "file-cert:/c~/k", State: facts.StateActive, Chain: []facts.Certificate{{Fingerprint: "aa", NotAfter: now.AddDate(1, 0, 0)}}})
	in.Intents = []intent.Intent{{
		Recipe: intent.RecipeMutual, Role: intent.RoleClient, Name: "redis", Namespace: "redis", Host: host, Ports: []intent.Port{{Number: 80, Protocol: intent.ProtocolHTTP}},
		Mode: intent.ModeMutual, SNI: host, SANs: []string{host}, Form: intent.FormVirtualService, TLSPort: 16222, Subset: "tls", ExportTo: []string{"."},
		Certificate: intent.KeyPair{Kind: intent.PairPath, Name: "/c", Key: "/k", Fingerprint: "aa"},
	}}
	return in
}

// TLS in a subset is judged there, whatever port was typed, and the host's other
// cluster, which is for the application's own TLS, is not blamed for having none.
func TestSubset(t *testing.T) {
	in := inSubset(t)
	in.Proxy.Handshakes = nil
	for _, to := range [][]To{nil, {{Host: host}}, {{Host: host, Port: 80}}, {{Host: host, Port: 16222}}} {
		in.To = to
		said := map[string]bool{}
		for _, f := range Run(All(), in) {
			said[f.ID] = said[f.ID] || f.Cluster == "outbound|16222|tls|"+host
			if f.Outcome == Fail || f.Cluster != "" && f.Cluster != "outbound|16222|tls|"+host {
				t.Errorf("--to %v: %+v", to, f)
			}
		}
		for _, id := range []string{"MT001", "MT002", "MT009", "MT010"} {
			if !said[id] {
				t.Errorf("--to %v: %s said nothing of the subset", to, id)
			}
		}
	}
}

// What is wrong in the subset is found there, and a subset that is not there is not
// made up for by the host's other cluster.
func TestSubsetBroken(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(*Input)
		id   string
		want string
	}{
		"no certificate":      {func(in *Input) { sock(in).Cert = facts.Source{Kind: facts.SourceNone} }, "MT009", "no client certificate"},
		"another certificate": {func(in *Input) { in.Proxy.Secrets[len(in.Proxy.Secrets)-1].Chain[0].Fingerprint = "bb" }, "MT010", "client certificate in the proxy"},
		"expired":             {func(in *Input) { in.Proxy.Secrets[len(in.Proxy.Secrets)-1].Chain[0].NotAfter = now.AddDate(0, 0, -1) }, "MT009", "outside its validity"},
		"gone":                {func(in *Input) { in.Proxy.Upstreams = in.Proxy.Upstreams[1:] }, "MT001", "does not know"},
		"plain":               {func(in *Input) { *sock(in) = facts.Socket{Kind: facts.SocketPlaintext} }, "MT002", "plaintext"},
	} {
		for _, to := range [][]To{nil, {{Host: host}}, {{Host: host, Port: 80}}} {
			in := inSubset(t)
			tt.edit(&in)
			in.To = to
			found := false
			for _, f := range Run(All(), in) {
				found = found || f.ID == tt.id && f.Outcome == Fail && strings.Contains(f.Summary, tt.want)
			}
			if !found {
				t.Errorf("%s, --to %v: %s does not fail with %q", name, to, tt.id, tt.want)
			}
		}
	}
}

// With TLS 1.3 a server refuses a client certificate after the handshake: the
// connections look good, and no request succeeds. That is never OK.
func TestTurnedAway(t *testing.T) {
	for name, tt := range map[string]struct {
		hosts facts.HostCounters
		want  Outcome
	}{
		"every request failed":     {facts.HostCounters{Total: 3, Requests: 3, Errors: 3}, Unknown},
		"one only":                 {facts.HostCounters{Total: 1, Requests: 1, Errors: 1}, Unknown},
		"one was answered":         {facts.HostCounters{Total: 3, Requests: 3, Errors: 2}, OK},
		"5xx on one connection":    {facts.HostCounters{Total: 1, Active: 1, Requests: 3, Errors: 3}, OK},
		"none was made":            {facts.HostCounters{}, OK},
		"not connected, no answer": {facts.HostCounters{Total: 3, Failed: 3, Requests: 3, Errors: 3}, OK}, // MT012 tells
	} {
		in := inSubset(t)
		hosts := tt.hosts
		up(&in).Endpoints = []facts.Endpoint{{Address: "10.0.0.1:1", Hosts: &hosts}}
		for _, f := range Run(All(), in) {
			if f.ID == "MT009" && f.Outcome != tt.want {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}
