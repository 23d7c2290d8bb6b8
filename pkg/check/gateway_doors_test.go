package check

import (
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestGatewayDoors: what keeps a gateway's own TLS from being answered, or accepted, is told without an intent, too; where all is
// well, and where some hosts only are to be judged, nothing is.
func TestGatewayDoors(t *testing.T) {
	root := newAuthority(t, "gw-root", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
	cert := func(in *Input) *facts.Secret { return &in.Proxy.Secrets[len(in.Proxy.Secrets)-2] }
	for name, c := range map[string]struct {
		do   func(in *Input)
		want Outcome
		says string
	}{
		"in order":                   {func(*Input) {}, OK, ""},
		"a secret that waits":        {func(in *Input) { cert(in).State = facts.StateWarming }, Fail, "has not received its secret: no connection to " + entryName + " succeeds"},
		"a CA that never came":       {func(in *Input) { in.Proxy.Secrets = in.Proxy.Secrets[:len(in.Proxy.Secrets)-1] }, Fail, "bank-cacert"},
		"for every host":             {func(in *Input) { in.Proxy.Inbound[0].Chains[0].ServerNames, cert(in).State = nil, facts.StateWarming }, Fail, "every host"},
		"a certificate that is over": {func(in *Input) { cert(in).Chain[0].NotAfter = now.Add(-time.Hour) }, Fail, "outside its validity: who calls " + entryName},
		"one that is not valid yet":  {func(in *Input) { cert(in).Chain[0].NotBefore = now.Add(time.Hour) }, Fail, "outside its validity"},
		"one that ends soon":         {func(in *Input) { cert(in).Chain[0].NotAfter = now.Add(time.Hour) }, Warn, "ends in 0 days"},
		"one that the proxy refused": {func(in *Input) { cert(in).NotHeld = true }, Fail, "connections to " + entryName + " are reset, or get the one from before"},
		"the workload's own": {func(in *Input) {
			in.Proxy.Inbound[0].Chains[0].Socket.Cert.Name, cert(in).Name, cert(in).Chain[0].NotAfter = identity, identity, now.Add(-time.Hour)
		}, OK, ""},
		"not a gateway":       {func(in *Input) { in.Proxy.Node.Kind, cert(in).State = facts.NodeSidecar, facts.StateWarming }, OK, ""},
		"some hosts only":     {func(in *Input) { in.Void, cert(in).State = false, facts.StateWarming }, OK, ""},
		"secrets not read":    {func(in *Input) { lacks(in, facts.FactSecrets); cert(in).State = facts.StateWarming }, OK, ""},
		"without the cluster": {func(in *Input) { in.Void, in.Config, cert(in).State = false, nil, facts.StateWarming }, Fail, "has not received its secret"},
		"no TLS of its own": {func(in *Input) {
			in.Proxy.Inbound[0].Chains[0].Socket.Kind, cert(in).State = facts.SocketPlaintext, facts.StateWarming
		}, OK, ""},
	} {
		in := healthy(t)
		atGateway(&in)
		in.Intents, in.Proxy.Node.Kind, in.Void, in.Warn = nil, facts.NodeRouter, true, 14*24*time.Hour
		cert(&in).Chain = []facts.Certificate{root.identity(t, "spiffe://x/y", now.Add(-time.Hour), now.AddDate(0, 2, 0))}
		c.do(&in)
		got := byID(Run(All(), in), "MT019")
		if c.want == OK && len(got) == 0 {
			continue
		}
		if logs := strings.HasPrefix(c.says, "connections to ") && len(got) == 1 && !strings.HasPrefix(got[0].Fix, "kubectl logs "+in.Proxy.Target.Pod+" -n "+in.Proxy.Target.Namespace+" -c istio-proxy"); logs {
			t.Errorf("%s: %q", name, got[0].Fix)
		}
		if len(got) != 1 || got[0].Outcome != c.want || c.says == "" || !strings.Contains(got[0].Summary+got[0].Got, c.says) {
			t.Errorf("%s: %+v, want %s %q", name, got, c.want, c.says)
		}
	}
}

// TestGatewayDoorOfIntent: the host of an intent is judged once, by what that asks for, its certificate's time included.
func TestGatewayDoorOfIntent(t *testing.T) {
	root := newAuthority(t, "gw-root", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
	in := healthy(t)
	atGateway(&in)
	in.Proxy.Node.Kind, in.Void = facts.NodeRouter, true
	held := &in.Proxy.Secrets[len(in.Proxy.Secrets)-2]
	held.Chain = []facts.Certificate{root.identity(t, "spiffe://x/y", now.AddDate(0, -1, 0), now.Add(-time.Hour))}
	if got := byID(Run(All(), in), "MT019"); len(got) != 1 || got[0].Outcome != Fail || !strings.Contains(got[0].Summary, "outside its validity") {
		t.Errorf("%+v", got)
	}
	held.Chain, held.State = nil, facts.StateWarming
	if got := byID(Run(All(), in), "MT019"); len(got) != 1 || got[0].Outcome != Fail || !strings.HasPrefix(got[0].Object, "Gateway ") {
		t.Errorf("%+v", got)
	}
}

// TestGatewayDoorOfOthers: where the intent's host only is to be judged, another server of a gateway that both share counts nothing.
func TestGatewayDoorOfOthers(t *testing.T) {
	in := healthy(t)
	atGateway(&in)
	other := in.Proxy.Inbound[0].Chains[0]
	other.ServerNames, other.Socket.Cert.Name = []string{"b.example.internal"}, "kubernetes-gateway://redis/missing"
	in.Proxy.Inbound[0].Chains = append(in.Proxy.Inbound[0].Chains, other)
	in.Proxy.Node.Kind = facts.NodeRouter
	for void, want := range map[bool]int{true: 1, false: 0} {
		in.Void = void
		bad := pick(byID(Run(All(), in), "MT019"), func(f Finding) bool { return f.Outcome == Fail && strings.Contains(f.Endpoint, "b.example.internal") })
		if len(bad) != want {
			t.Errorf("void %t: %+v, want %d", void, bad, want)
		}
	}
	in.Void, in.Proxy.Secrets[len(in.Proxy.Secrets)-2].State = false, facts.StateWarming
	if got := byID(Run(All(), in), "MT019"); len(got) != 1 || got[0].Outcome != Fail || !strings.Contains(got[0].Endpoint, entryName) {
		t.Errorf("its own server: %+v", got)
	}
}

// TestHandsOn: the clusters of an AUTO_PASSTHROUGH gateway hand on TLS of others: a rule's TLS is not put on them.
func TestHandsOn(t *testing.T) {
	in := healthy(t)
	relay := *up(&in)
	relay.Cluster, relay.HandsOn, relay.Socket, relay.Matches = "outbound_.16222_._."+relay.Host, true, facts.Socket{Kind: facts.SocketPlaintext}, nil
	in.Proxy.Upstreams = append(in.Proxy.Upstreams, relay)
	for _, all := range []bool{false, true} {
		in.All = all
		for _, f := range Run(All(), in) {
			if f.Cluster == relay.Cluster || f.Outcome == Fail {
				t.Errorf("all %t: %+v", all, f)
			}
		}
	}
}
