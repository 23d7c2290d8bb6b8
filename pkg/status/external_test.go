package status

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// abroad is a client of a host outside the mesh, in TLS by a rule.
func abroad() Input {
	in := shop()
	service := facts.Service{Object: facts.Ref{Kind: "ServiceEntry", Namespace: "shop", Name: "redis"}, Hosts: []string{outHost}, External: true, Ports: []facts.Port{{Number: 6379, Target: 6379, Protocol: "TCP"}}}
	in.Config.Services, in.Services = []facts.Service{service}, []facts.Service{service}
	in.Config.Rules = []facts.Rule{{Object: facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: "redis"}, Host: outHost, Policy: true, HasTLS: true, Mode: "SIMPLE", CA: "/ca.pem", SNI: outHost, SANs: []string{outHost}}}
	k := facts.Socket{Kind: facts.SocketTLS, SNI: outHost, Cert: facts.Source{Kind: facts.SourceNone}, Validation: facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSDS, Name: "file-root:/ca.pem"}, SANs: []facts.NameMatch{{Kind: "exact", Value: outHost}}}}
	in.Seen[0].Proxy.Upstreams = []facts.Upstream{{Cluster: "outbound|6379||" + outHost, Direction: "outbound", Host: outHost, Port: 6379, State: facts.StateActive, Type: "STRICT_DNS", Protocol: facts.ProtocolTCP, Listeners: leadTo("outbound|6379||"+outHost, 6379),
		Socket: k, EndpointsKnown: true, Endpoints: []facts.Endpoint{{Address: "192.0.2.1:6379", Hosts: &facts.HostCounters{Total: 2, Requests: 2}}}, External: true}}
	in.Seen[0].Proxy.Secrets = append(in.Seen[0].Proxy.Secrets, facts.Secret{Name: "file-root:/ca.pem", State: facts.StateActive,
		Validation: &facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceInline}, Inline: []facts.Certificate{{Subject: "CN=ca", NotBefore: clock().AddDate(-1, 0, 0), NotAfter: clock().AddDate(1, 0, 0)}}}})
	return in
}

// TestExternal: a host outside the mesh is judged by what verify says of the cluster.
func TestExternal(t *testing.T) {
	plain := func(in *Input) { cluster(in).Socket = plainSocket() }
	led := func(in *Input) {
		cluster(in).Protocol, cluster(in).Instead = facts.ProtocolUnknown, []facts.Shared{{Cluster: "outbound|443||" + outHost, Kind: facts.SocketTLS}}
	}
	for _, c := range []struct {
		name    string
		do      func(in *Input)
		verdict check.Verdict
		outcome check.Outcome
		why     string
	}{
		{"validated", func(*Input) {}, check.VerdictOK, check.OK, ""},
		{"name not checked", func(in *Input) { cluster(in).Socket.Validation.SANs, in.Config.Rules[0].SANs = nil, nil }, check.VerdictPartial, check.Fail, "MT006"},
		{"CA not delivered", func(in *Input) { in.Seen[0].Proxy.Secrets[2].State = facts.StateWarming }, check.VerdictConflict, check.Fail, "MT004"},
		{"no connection completes", func(in *Input) { *cluster(in).Endpoints[0].Hosts = facts.HostCounters{Total: 2, Failed: 2} }, check.VerdictConflict, check.Fail, "MT012"},
		{"plaintext against a rule", plain, check.VerdictPlaintext, check.Fail, "MT002"},
		{"plaintext, nobody asked", func(in *Input) { plain(in); in.Config.Rules = nil }, check.VerdictPlaintext, check.Warn, "as the application sent it"},
		{"TLS of the application", func(in *Input) {
			plain(in)
			in.Config.Rules = nil
			in.Services[0].Ports[0].Protocol = "TLS"
		}, check.VerdictNotJudged, check.NotJudged, "application speaks TLS itself"},
		{"a port for TLS, and routes lead plain calls there", func(in *Input) {
			plain(in)
			in.Config.Rules, in.Config.Services[0].Ports[0].Protocol, cluster(in).Protocol = nil, "HTTPS", facts.ProtocolHTTP
		}, check.VerdictPlaintext, check.Warn, "as the application sent it"},
		{"a port for TLS, routes, and a rule that the client does not see", func(in *Input) {
			plain(in)
			in.Config.Rules[0].Object.Namespace, in.Config.Rules[0].ExportTo = "till", []string{"."}
			in.Config.Services[0].Ports[0].Protocol, cluster(in).Protocol = "HTTPS", facts.ProtocolHTTP
		}, check.VerdictPlaintext, check.Fail, "MT002 traffic leaves the sidecar in plaintext"},
		{"led to another port", func(in *Input) {
			plain(in)
			in.Config.Rules = nil
			in.Intents = []intent.Intent{{Name: "x", Namespace: "shop", Recipe: intent.RecipeEgress, Form: intent.FormVirtualService, Host: outHost, Ports: []intent.Port{{Number: 6379}}, TLSPort: 443}}
		}, check.VerdictNotJudged, check.NotJudged, "another port"},
		{"led to another port, by anybody's routes", func(in *Input) {
			plain(in)
			in.Config.Rules, cluster(in).Protocol, cluster(in).Instead = nil, facts.ProtocolUnknown, []facts.Shared{{Cluster: "outbound|443||" + outHost, Kind: facts.SocketTLS}}
		}, check.VerdictNotJudged, check.NotJudged, "no call takes it"},
		{"led to a cluster that was not read, and a rule wants TLS", func(in *Input) { plain(in); led(in) }, check.VerdictUnknown, check.Unknown, "no call takes it"},
		{"led to TLS of any server, and a rule wants TLS", func(in *Input) {
			other := *cluster(in)
			plain(in)
			led(in)
			other.Cluster, other.Port, other.Socket.Validation = "outbound|443||"+outHost, 443, facts.Validation{}
			in.Seen[0].Proxy.Upstreams = append(in.Seen[0].Proxy.Upstreams, other)
		}, check.VerdictPartial, check.Fail, "not validated"},
		{"led to another port, for others", func(in *Input) {
			plain(in)
			in.Config.Rules = nil
			in.Intents = []intent.Intent{{Name: "x", Namespace: "till", ExportTo: []string{"."}, Recipe: intent.RecipeEgress, Form: intent.FormVirtualService, Host: outHost, Ports: []intent.Port{{Number: 6379}}, TLSPort: 443}}
		}, check.VerdictPlaintext, check.Warn, "as the application sent it"},
		{"some connections fail", func(in *Input) {
			*cluster(in).Endpoints[0].Hosts = facts.HostCounters{Total: 8, Failed: 4, Requests: 4}
		}, check.VerdictOK, check.Warn, "MT012 some connections failed"},
		{"secrets not seen", func(in *Input) { in.Seen[0].Proxy.Missing[facts.FactSecrets] = "not in the dump" }, check.VerdictUnknown, check.Unknown, "MT004"},
		{"TLS that no rule asks for", func(in *Input) { in.Config.Rules = nil }, check.VerdictOK, check.OK, ""},
		{"no client", func(in *Input) { in.Seen[0].Proxy.Upstreams = nil }, check.VerdictNotJudged, check.NotJudged, "none of the clients"},
		{"endpoints decide and are not known", func(in *Input) {
			cluster(in).Matches, cluster(in).EndpointsKnown = []facts.Socket{cluster(in).Socket}, false
		}, check.VerdictUnknown, check.Unknown, "could not be told"},
	} {
		in := abroad()
		c.do(&in)
		rows := Of(in)
		if len(rows) != 1 || !rows[0].External {
			t.Fatalf("%s: %+v", c.name, rows)
		}
		r := rows[0]
		if r.Verdict != c.verdict || r.Outcome != c.outcome || !strings.Contains(strings.Join(r.Why, "\n"), c.why) || c.why == "" && len(r.Why) > 0 {
			t.Errorf("%s: %s, %s, %q; want %s, %s, %q", c.name, r.Verdict, r.Outcome, r.Why, c.verdict, c.outcome, c.why)
		}
	}
}

// TestForSomeOnly: a rule for some workloads leaves the others as they were; the row names one of those to look at.
func TestForSomeOnly(t *testing.T) {
	in := abroad()
	in.Config.Rules[0].Selector = map[string]string{"app": "web"}
	other := pod("cron-1", "cron", "10.0.0.7")
	other.Proxy.Upstreams = []facts.Upstream{in.Seen[0].Proxy.Upstreams[0]}
	other.Proxy.Upstreams[0].Socket = plainSocket()
	in.Seen = append(in.Seen, other)
	r := Of(in)[0]
	if want := "kubectl mesh-tls verify pod/cron-1 -n shop --to " + outHost + ":6379"; r.Verdict != check.VerdictPartial || r.Outcome != check.Warn || r.Fix() != want {
		t.Errorf("%s, %s, fix %q, want %q", r.Verdict, r.Outcome, r.Fix(), want)
	}
}
