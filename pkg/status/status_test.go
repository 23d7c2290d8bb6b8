package status

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestInside: each case is one way that two ends of a service can stand to each other.
func TestInside(t *testing.T) {
	simple, own := meshSocket(), meshSocket()
	simple.Cert, own.Cert.Name = facts.Source{Kind: facts.SourceNone}, "file-cert:a~b"
	for _, c := range []struct {
		name    string
		do      func(in *Input)
		verdict check.Verdict
		outcome check.Outcome
		why     string
	}{
		{"auto, permissive", func(*Input) {}, check.VerdictOK, check.OK, "plaintext of others"},
		{"auto, strict", func(in *Input) { serverIs(in, facts.ModeStrict); policy(in, facts.ModeStrict) }, check.VerdictOK, check.OK, ""},
		{"strict, policy not received", func(in *Input) { policy(in, facts.ModeStrict) }, check.VerdictOK, check.Warn, "policies say STRICT and the sidecar of shop/db-1 has PERMISSIVE"},
		{"DISABLE to strict", func(in *Input) {
			serverIs(in, facts.ModeStrict)
			policy(in, facts.ModeStrict)
			sends(in, plainSocket())
			rule(in, "DISABLE")
		}, check.VerdictConflict, check.Fail, "reset"},
		{"DISABLE to permissive", func(in *Input) { sends(in, plainSocket()); rule(in, "DISABLE") }, check.VerdictPlaintext, check.Warn, "lets it in"},
		{"a rule wants TLS and there is none", func(in *Input) { sends(in, plainSocket()); rule(in, "ISTIO_MUTUAL") }, check.VerdictPlaintext, check.Fail, "lets it in"},
		{"mTLS to DISABLE", func(in *Input) { serverIs(in, facts.ModeDisable); policy(in, facts.ModeDisable) }, check.VerdictConflict, check.Fail, "does not open"},
		{"SIMPLE to permissive", func(in *Input) { sends(in, simple) }, check.VerdictConflict, check.Fail, "neither"},
		{"own pair to strict", func(in *Input) { sends(in, own); serverIs(in, facts.ModeStrict); policy(in, facts.ModeStrict) }, check.VerdictMayConflict, check.Warn, "mesh's root"},
		{"no sidecar, auto", func(in *Input) { plainPod(in); cluster(in).Endpoints[0].Match = nil }, check.VerdictPlaintext, check.Warn, "no sidecar"},
		{"no sidecar, ISTIO_MUTUAL", func(in *Input) { plainPod(in); sends(in, meshSocket()); rule(in, "ISTIO_MUTUAL") }, check.VerdictConflict, check.Fail, "no sidecar is there"},
		{"no sidecar, SIMPLE, unused", func(in *Input) { plainPod(in); sends(in, simple); cluster(in).Endpoints[0].Hosts = nil }, check.VerdictMayConflict, check.Warn, "speak TLS itself"},
		{"no sidecar, SIMPLE, works", func(in *Input) { plainPod(in); sends(in, simple) }, check.VerdictOK, check.OK, "complete the handshake"},
		{"no sidecar, SIMPLE, works, anybody may answer", func(in *Input) {
			plainPod(in)
			sends(in, simple)
			cluster(in).Socket.Validation = facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceNone}}
		}, check.VerdictPartial, check.Warn, "MT003"},
		{"one of two endpoints", func(in *Input) {
			in.Seen = append(in.Seen, Seen{Peer: check.Peer{Pod: facts.Pod{Target: facts.Target{Namespace: "shop", Pod: "db-2", Labels: map[string]string{"app": "db"}}, IPs: []string{"10.0.0.10"}}}})
			cluster(in).Endpoints = append(cluster(in).Endpoints, facts.Endpoint{Address: "10.0.0.10:3306"})
		}, check.VerdictPartial, check.Warn, "no sidecar"},
		{"one of two endpoints, the other way round", func(in *Input) {
			in.Seen = append(in.Seen, Seen{Peer: check.Peer{Pod: facts.Pod{Target: facts.Target{Namespace: "shop", Pod: "db-2", Labels: map[string]string{"app": "db"}}, IPs: []string{"10.0.0.10"}}}})
			cluster(in).Endpoints = append([]facts.Endpoint{{Address: "10.0.0.10:3306"}}, cluster(in).Endpoints...)
		}, check.VerdictPartial, check.Warn, "no sidecar"},
		{"TLS of the application, to a pod without sidecar", func(in *Input) {
			plainPod(in)
			cluster(in).Endpoints[0].Match, in.Services[0].Ports[0].Protocol = nil, "HTTPS"
		}, check.VerdictNotJudged, check.NotJudged, "application speaks TLS itself"},
		{"a port for TLS of a pod without sidecar, and routes lead plain calls there", func(in *Input) {
			plainPod(in)
			cluster(in).Endpoints[0].Match, in.Services[0].Ports[0].Protocol, cluster(in).Protocol = nil, "HTTPS", facts.ProtocolHTTP
		}, check.VerdictPlaintext, check.Warn, "no sidecar"},
		{"TLS of the application, and a rule wants that of the mesh", func(in *Input) {
			sends(in, plainSocket())
			rule(in, "ISTIO_MUTUAL")
			in.Services[0].Ports[0].Protocol = "TLS"
		}, check.VerdictPlaintext, check.Fail, "lets it in"},
		{"TLS of the application, to a server that demands the mesh's", func(in *Input) {
			serverIs(in, facts.ModeStrict)
			sends(in, plainSocket())
			in.Services[0].Ports[0].Protocol = "TLS"
		}, check.VerdictConflict, check.Fail, "reset"},
		{"headless", func(in *Input) {
			sends(in, meshSocket())
			cluster(in).Type, cluster(in).Endpoints, cluster(in).EndpointsKnown = "ORIGINAL_DST", nil, false
			serverIs(in, facts.ModeStrict)
			policy(in, facts.ModeStrict)
		}, check.VerdictOK, check.OK, ""},
		{"headless, a pod without sidecar", func(in *Input) {
			plainPod(in)
			sends(in, meshSocket())
			cluster(in).Type, cluster(in).Endpoints = "ORIGINAL_DST", nil
		}, check.VerdictConflict, check.Fail, "no sidecar is there"},
		{"all connections fail", func(in *Input) { *cluster(in).Endpoints[0].Hosts = facts.HostCounters{Total: 3, Failed: 3} }, check.VerdictMayConflict, check.Warn, "none of 3 connections"},
		{"server not read", func(in *Input) { in.Seen[1].Proxy, in.Seen[1].Err = nil, "timed out" }, check.VerdictUnknown, check.Unknown, "timed out"},
		{"endpoint of nobody", func(in *Input) { cluster(in).Endpoints[0].Address = "10.9.9.9:3306" }, check.VerdictUnknown, check.Unknown, "10.9.9.9"},
		{"endpoints unknown", func(in *Input) { cluster(in).EndpointsKnown = false }, check.VerdictUnknown, check.Unknown, "endpoints"},
		{"tunnel", func(in *Input) { sends(in, facts.Socket{Kind: facts.SocketOther, TypeURL: "x.Tunnel"}) }, check.VerdictUnknown, check.Unknown, "x.Tunnel"},
		{"broken cluster", func(in *Input) { cluster(in).Problem = "cut off" }, check.VerdictUnknown, check.Unknown, "cut off"},
		{"no endpoint", func(in *Input) { cluster(in).Endpoints = nil }, check.VerdictNotJudged, check.NotJudged, "no client has an endpoint"},
		{"a gateway of the mesh", func(in *Input) {
			sends(in, plainSocket())
			in.Seen[1].Pod.Target.Gateway, in.Seen[1].Proxy.Inbound = true, nil
		}, check.VerdictNotJudged, check.NotJudged, "whose callers come from outside"},
		{"mutual TLS to a gateway without", func(in *Input) {
			in.Seen[1].Pod.Target.Gateway = true
			serverIs(in, facts.ModeDisable)
		}, check.VerdictConflict, check.Fail, "does not open it"},
		{"no client", func(in *Input) { in.Seen[0].Proxy.Upstreams = nil }, check.VerdictNotJudged, check.NotJudged, "none of the clients"},
		{"no pod", func(in *Input) { in.Seen = in.Seen[:1]; cluster(in).Endpoints = nil }, check.VerdictNotJudged, check.NotJudged, "no running pod"},
	} {
		in := shop()
		c.do(&in)
		rows := Of(in)
		if len(rows) != 1 {
			t.Fatalf("%s: %d rows", c.name, len(rows))
		}
		r := rows[0]
		if r.Verdict != c.verdict || r.Outcome != c.outcome || !strings.Contains(strings.Join(r.Why, "\n"), c.why) {
			t.Errorf("%s: %s, %s, %q; want %s, %s, %q", c.name, r.Verdict, r.Outcome, r.Why, c.verdict, c.outcome, c.why)
		}
		if fix := r.Fix(); (fix == "") != (r.Outcome == check.OK || r.Outcome == check.NotJudged) {
			t.Errorf("%s: fix %q for %s", c.name, fix, r.Outcome)
		}
	}
}

// TestEnds: what a row tells of its two sides.
// The API server is a Service without selector, whose port is HTTPS.
func TestEndpointsByHand(t *testing.T) {
	for protocol, want := range map[string]check.Verdict{"HTTPS": check.VerdictNotJudged, "TLS": check.VerdictNotJudged, "HTTP": check.VerdictUnknown, "": check.VerdictUnknown} {
		in := shop()
		sends(&in, plainSocket())
		cluster(&in).Endpoints[0].Address = "192.0.2.1:6443"
		in.Services[0].Selector, in.Services[0].Ports[0].Protocol = nil, protocol
		if got := Of(in)[0]; got.Verdict != want || want == check.VerdictNotJudged && (got.Clients[0].Sends[0].What != check.SendsAsIs || !strings.Contains(got.Clients[0].Why, "application speaks TLS itself")) {
			t.Errorf("%q: %s, want %s (%+v)", protocol, got.Verdict, want, got.Clients)
		}
		in.Services[0].Selector = map[string]string{"app": "db"} // a pod that was not looked at may be there
		if got := Of(in)[0]; got.Verdict != check.VerdictUnknown {
			t.Errorf("%q with a selector: %s", protocol, got.Verdict)
		}
	}
}

func TestEnds(t *testing.T) {
	in := shop()
	rule(&in, "DISABLE")
	policy(&in, facts.ModeStrict)
	r := Of(in)[0]
	if len(r.Servers) != 1 || r.Servers[0].Port != 3306 || r.Servers[0].Accepts.Mode != facts.ModePermissive || r.Servers[0].Policy.Object.Name != "default" {
		t.Errorf("servers: %+v", r.Servers)
	}
	if len(r.Clients) != 1 || r.Clients[0].Asked != "DISABLE" || r.Clients[0].Rule.Name != "db" || len(r.Clients[0].Sends) != 1 || r.Clients[0].Sends[0] != (Sent{check.SendsMesh, 1}) {
		t.Errorf("clients: %+v", r.Clients)
	}
	if r.Evidence != facts.EvidenceExercised {
		t.Errorf("evidence %s", r.Evidence)
	}
	in.Config.Rules = nil
	if got := Of(in)[0].Clients[0].Asked; got != "AUTO" {
		t.Errorf("without a rule %q is asked, want AUTO", got)
	}
	in.Config.Missing = map[facts.Fact]string{facts.FactRules: "forbidden"}
	if got := Of(in)[0].Clients[0].Asked; got != "" {
		t.Errorf("with rules unread %q is asked, want nothing", got)
	}
}

// TestFix: the command leads to the cause.
func TestFix(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(in *Input)
		want string
	}{
		"rule":       {func(in *Input) { sends(in, plainSocket()); rule(in, "DISABLE") }, "kubectl edit destinationrule db -n shop"},
		"no sidecar": {func(in *Input) { plainPod(in); cluster(in).Endpoints[0].Match = nil }, "kubectl get pod db-1 -n shop --show-labels   # sidecar.istio.io/inject there, or istio-injection of its namespace, keeps the sidecar out; a pod from before that has to be restarted"},
		"neither":    {func(in *Input) { serverIs(in, facts.ModeDisable) }, "kubectl mesh-tls verify pod/web-1 -n shop --to " + dbHost + ":3306"},
		"guessed": {func(in *Input) {
			rule(in, "ISTIO_MUTUAL")
			in.Services[0].Ports[0].Protocol, in.Services[0].Ports[0].Number = "", 13306
			cluster(in).Cluster = "outbound|13306||" + dbHost
			cluster(in).Port, cluster(in).Listeners = 13306, leadTo(cluster(in).Cluster, 13306)
		}, "kubectl edit service db -n shop"},
		"no client": {func(in *Input) { in.Seen[0].Client = false; policy(in, facts.ModeStrict) }, "kubectl mesh-tls verify pod/db-1 -n shop"},
	} {
		in := shop()
		c.do(&in)
		if got := Of(in)[0].Fix(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestReasonsOfTheVerdictFirst: of several clients the one that makes the verdict is explained first.
func TestReasonsOfTheVerdictFirst(t *testing.T) {
	in := shop()
	plain, simple := pod("web-0", "web", "10.0.0.7"), meshSocket()
	simple.Cert = facts.Source{Kind: facts.SourceNone}
	sends(&in, simple)
	plain.Proxy.Upstreams = []facts.Upstream{auto()}
	plain.Proxy.Upstreams[0].Matches, plain.Proxy.Upstreams[0].Socket = nil, plainSocket()
	in.Seen = append([]Seen{plain}, in.Seen...)
	if r := Of(in)[0]; r.Verdict != check.VerdictConflict || len(r.Why) != 2 || !strings.Contains(r.Why[0], "neither") {
		t.Errorf("%s, %q", r.Verdict, r.Why)
	}
}

// TestIdleClients: a client that made no connection takes nothing from what the others prove.
func TestIdleClients(t *testing.T) {
	in := shop()
	idle := pod("web-2", "web", "10.0.0.7")
	idle.Proxy.Upstreams = []facts.Upstream{auto()}
	idle.Proxy.Upstreams[0].Endpoints[0].Hosts = nil
	in.Seen = append(in.Seen, idle)
	if r := Of(in)[0]; len(r.Clients) != 2 || r.Evidence != facts.EvidenceExercised {
		t.Errorf("%s, %+v", r.Evidence, r.Clients)
	}
}

// TestSubsets: a subset that a client has a cluster for gets a row of its own.
func TestSubsets(t *testing.T) {
	in := shop()
	v1 := auto()
	v1.Subset, v1.Cluster, v1.Matches, v1.Socket = "v1", "outbound|3306|v1|"+dbHost, nil, plainSocket()
	in.Seen[0].Proxy.Upstreams = append(in.Seen[0].Proxy.Upstreams, v1)
	serverIs(&in, facts.ModeStrict)
	rows := Of(in)
	if len(rows) != 2 || rows[0].Verdict != check.VerdictOK || rows[1].Subset != "v1" || rows[1].Verdict != check.VerdictConflict {
		t.Errorf("%+v", rows)
	}
}

// TestEvidence: a client that made no connection takes nothing from those that did.
func TestEvidence(t *testing.T) {
	used, idle := Client{Evidence: facts.EvidenceExercised, Used: true}, Client{Evidence: facts.EvidenceConfigured}
	plain := Client{Evidence: facts.EvidenceNone, Used: true}
	for _, c := range []struct {
		in   []Client
		want facts.Evidence
	}{
		{nil, facts.EvidenceNone}, {[]Client{used, idle}, facts.EvidenceExercised}, {[]Client{idle}, facts.EvidenceConfigured}, {[]Client{used, plain}, facts.EvidenceNone},
	} {
		if got := evidence(c.in); got != c.want {
			t.Errorf("%+v: %s, want %s", c.in, got, c.want)
		}
	}
}

// TestNobodyRead: where the sidecars that may call could not be read, a row is not known; where they were, and none has a cluster
// for it, there is nothing to judge.
func TestNobodyRead(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(in *Input)
		want check.Verdict
	}{
		"none could be read": {func(in *Input) { in.Seen[0].Proxy, in.Seen[0].Err = nil, "forbidden" }, check.VerdictUnknown},
		"none has a cluster": {func(in *Input) { in.Seen[0].Proxy.Upstreams = nil }, check.VerdictNotJudged},
		"it is no client":    {func(in *Input) { in.Seen[0].Proxy, in.Seen[0].Client = nil, false }, check.VerdictNotJudged},
		"it has no sidecar":  {func(in *Input) { in.Seen[0].Proxy, in.Seen[0].Pod.Target.Container = nil, "" }, check.VerdictNotJudged},
		"another one was read": {func(in *Input) {
			lost := pod("web-2", "web", "10.0.0.7")
			lost.Proxy = nil
			in.Seen = append(in.Seen, lost)
		}, check.VerdictOK},
	} {
		in := shop()
		c.do(&in)
		r := Of(in)[0]
		if r.Verdict != c.want || (r.Outcome == check.Unknown) != (c.want == check.VerdictUnknown) {
			t.Errorf("%s: %s, %s %q, want %s", name, r.Verdict, r.Outcome, r.Why, c.want)
		}
		if c.want == check.VerdictUnknown && r.Why[0] != "the sidecars that may call it could not be read" {
			t.Errorf("%s: %q", name, r.Why)
		}
	}
}
