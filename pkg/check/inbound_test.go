package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

func policyRef(ns, name string) facts.Ref {
	return facts.Ref{Kind: "PeerAuthentication", Namespace: ns, Name: name}
}

// inboundPort makes a port as Istio makes it for a mode.
func inboundPort(port int, mode facts.Mode) facts.Inbound {
	tls := facts.Chain{TransportProtocol: "tls", RequireClientCert: true, Socket: facts.Socket{Kind: facts.SocketTLS,
		Validation: facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSDS, Name: "ROOTCA"}}}}
	plain := facts.Chain{TransportProtocol: "raw_buffer", Socket: facts.Socket{Kind: facts.SocketPlaintext}}
	chains := map[facts.Mode][]facts.Chain{facts.ModeStrict: {tls}, facts.ModePermissive: {tls, plain}, facts.ModeDisable: {plain}, facts.ModeUnknown: {{}}}
	return facts.Inbound{Port: port, Listener: "virtualInbound", Chains: chains[mode]}
}

// strictly puts the healthy input's pod under a strict intent, with its policy and
// its listener in order.
func strictly(in *Input) {
	in.Intents = append(in.Intents, intent.Intent{Recipe: intent.RecipeStrict, Name: "strict", Namespace: "redis"})
	in.Config.Policies = []facts.Policy{{Object: policyRef("redis", "strict"), Mode: facts.ModeStrict, Owner: "strict"}}
	in.Proxy.Inbound = []facts.Inbound{inboundPort(0, facts.ModeStrict), inboundPort(8080, facts.ModeStrict)}
}

// theirs puts the pod under a policy of somebody else's, and its port into a mode.
func theirs(in *Input, policy, port facts.Mode) {
	in.Config.Policies = []facts.Policy{{Object: policyRef("redis", "theirs"), Mode: policy}}
	in.Proxy.Inbound = []facts.Inbound{inboundPort(8080, port)}
}

func inboundCases() []sabotage {
	permissive := func(in *Input) { strictly(in); in.Proxy.Inbound[1] = inboundPort(8080, facts.ModePermissive) }
	return []sabotage{
		{"policy of the workload", func(_ *testing.T, in *Input) {
			permissive(in)
			in.Config.Policies = append(in.Config.Policies, facts.Policy{Object: policyRef("redis", "hole"), Selector: in.Proxy.Target.Labels,
				Mode: facts.ModeUnset, Ports: map[int]facts.Mode{8080: facts.ModePermissive}})
		}, "MT016", Fail, "PeerAuthentication redis/hole counts for the workload, and sets port 8080 by itself"},
		{"policy of the workload: what to edit", func(_ *testing.T, in *Input) {
			permissive(in)
			in.Config.Policies[0].Object.Name, in.Config.Policies[0].Mode = "hole", facts.ModePermissive
		}, "MT016", Fail, "\nPeerAuthentication redis/hole\nkubectl edit peerauthentication hole -n redis\n"},
		{"policy gone: nothing to edit", func(_ *testing.T, in *Input) { permissive(in); in.Config.Policies = nil }, "MT016", Fail, "\nPeerAuthentication redis/strict\n\n"},
		{"an older policy", func(_ *testing.T, in *Input) {
			permissive(in)
			in.Config.Policies[0].Created = now
			in.Config.Policies = append(in.Config.Policies, facts.Policy{Object: policyRef("redis", "old"), Mode: facts.ModePermissive})
		}, "MT016", Fail, "redis/old counts for the namespace; of 2 policies there the oldest counts"},
		{"policy gone", func(_ *testing.T, in *Input) { permissive(in); in.Config.Policies = nil }, "MT016", Fail, "Istio's default"},
		{"policy not received", func(_ *testing.T, in *Input) { permissive(in) }, "MT016", Fail, "has not received"},
		{"policies unread", func(_ *testing.T, in *Input) {
			permissive(in)
			in.Config.Missing = map[facts.Fact]string{facts.FactPolicies: "forbidden"}
		}, "MT016", Fail, "were not read to tell why: forbidden"},
		{"stricter than the exception", func(_ *testing.T, in *Input) {
			strictly(in)
			in.Intents[len(in.Intents)-1].PortModes = []intent.PortMode{{Port: 8080, Mode: "PERMISSIVE"}}
		}, "MT016", Fail, "port 8080 is STRICT"},
		{"port kept from the sidecar", func(_ *testing.T, in *Input) {
			strictly(in)
			note(in, "traffic.sidecar.istio.io/excludeInboundPorts", "15020, 9090")
		}, "MT016", Fail, "port 9090 goes around the sidecar"},
		{"other ports captured", func(_ *testing.T, in *Input) {
			strictly(in)
			note(in, "traffic.sidecar.istio.io/includeInboundPorts", "8080")
		}, "MT016", Fail, "every other port goes around the sidecar"},
		{"interface kept from the sidecar", func(_ *testing.T, in *Input) {
			strictly(in)
			note(in, noInterfaces, "eth0")
		}, "MT016", Fail, "every other port goes around the sidecar"},
		{"nothing captured", func(_ *testing.T, in *Input) { strictly(in); note(in, interception, "NONE") }, "MT016", Unknown, "captures nothing"},
		{"listeners unread", func(_ *testing.T, in *Input) { strictly(in); lacks(in, facts.FactListeners) }, "MT016", Unknown, "not in the dump"},
		{"no inbound port", func(_ *testing.T, in *Input) { strictly(in); in.Proxy.Inbound = nil }, "MT016", Unknown, "no inbound port"},
		{"secret of the port never came", func(_ *testing.T, in *Input) {
			strictly(in)
			in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: "ROOTCA", State: facts.StateWarming, Empty: true})
		}, "MT016", Fail, "secret ROOTCA is warming"},
		{"a policy of somebody, not received", func(_ *testing.T, in *Input) { theirs(in, facts.ModeStrict, facts.ModePermissive) }, "MT016", Fail, "port 8080 is PERMISSIVE: the policies say otherwise"},
		{"a policy of somebody, and a port without mutual TLS", func(_ *testing.T, in *Input) { theirs(in, facts.ModePermissive, facts.ModeDisable) }, "MT016", Fail, "port 8080 is DISABLE"},
		{"a policy of somebody, and a port kept from the sidecar", func(_ *testing.T, in *Input) {
			theirs(in, facts.ModeStrict, facts.ModeStrict)
			note(in, "traffic.sidecar.istio.io/excludeInboundPorts", "9090")
		}, "MT016", Fail, "port 9090 goes around the sidecar"},
		{"a policy of somebody, and nothing captured", func(_ *testing.T, in *Input) {
			theirs(in, facts.ModeStrict, facts.ModeStrict)
			note(in, interception, "NONE")
		}, "MT016", Unknown, "captures nothing"},
		{"a policy of somebody that admits more", func(_ *testing.T, in *Input) { theirs(in, facts.ModePermissive, facts.ModeStrict) }, "MT016", Warn, "port 8080 is STRICT"},
		{"a policy of somebody that says DISABLE, and mutual TLS", func(_ *testing.T, in *Input) { theirs(in, facts.ModeDisable, facts.ModeStrict) }, "MT016", Warn, "port 8080 is STRICT"},
		{"a policy of somebody that says DISABLE, and mutual TLS too", func(_ *testing.T, in *Input) { theirs(in, facts.ModeDisable, facts.ModePermissive) }, "MT016", Warn, "port 8080 is PERMISSIVE"},
		{"a policy of somebody, port not decoded", func(_ *testing.T, in *Input) { theirs(in, facts.ModeStrict, facts.ModeUnknown) }, "MT016", Unknown, "could not be read"},
		{"a policy of somebody, no inbound port", func(_ *testing.T, in *Input) {
			theirs(in, facts.ModeStrict, facts.ModeStrict)
			in.Proxy.Inbound = nil
		}, "MT016", Unknown, "no inbound port"},
		{"a policy of somebody, listeners unread", func(_ *testing.T, in *Input) {
			theirs(in, facts.ModeStrict, facts.ModeStrict)
			lacks(in, facts.FactListeners)
		}, "MT016", Unknown, "not in the dump"},
		{"port not decoded", func(_ *testing.T, in *Input) { strictly(in); in.Proxy.Inbound[0] = inboundPort(0, facts.ModeUnknown) }, "MT016", Unknown, "could not be read"},
	}
}

// A workload in order is OK port by port; one that no strict intent covers, and a
// question about upstreams, are not judged.
func TestInboundMode(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(in *Input)
		want int // findings, all OK
	}{
		"in order": {func(*Input) {}, 2},
		"exception in place": {func(in *Input) {
			in.Intents[1].PortModes = []intent.PortMode{{Port: 8080, Mode: "PERMISSIVE"}}
			in.Proxy.Inbound[1] = inboundPort(8080, facts.ModePermissive)
		}, 2},
		"the mesh": {func(in *Input) { in.Intents[1].Mesh, in.Intents[1].Namespace = true, "istio-system" }, 2},
		"kept from the sidecar by intent": {func(in *Input) {
			in.Intents[1].PortModes = []intent.PortMode{{Port: 9090, Mode: "DISABLE"}}
			note(in, "traffic.sidecar.istio.io/excludeInboundPorts", "9090,15020")
			note(in, "traffic.sidecar.istio.io/includeInboundPorts", "*")
		}, 2},
		"tunnel and gateway": {func(in *Input) {
			in.Proxy.Inbound = append(in.Proxy.Inbound, inboundPort(15008, facts.ModeDisable), facts.Inbound{Port: 443, Gateway: true})
		}, 2},
		"another namespace":    {func(in *Input) { in.Intents[1].Namespace, in.Config.Policies = "other", nil }, 0},
		"other workloads":      {func(in *Input) { in.Intents[1].Workload, in.Config.Policies = map[string]string{"app": "nobody"}, nil }, 0},
		"asked about upstream": {func(in *Input) { in.To = []To{{Host: host}} }, 0},
	} {
		in := healthy(t)
		strictly(&in)
		c.do(&in)
		got := byID(Run(All(), in), "MT016")
		if len(got) != c.want || len(got) > 0 && Worst(got) != OK {
			t.Errorf("%s: %+v", name, got)
		}
	}
	in := healthy(t)
	strictly(&in)
	in.Proxy.Inbound[1] = inboundPort(8080, facts.ModeDisable)
	in.Config = nil
	if got := byID(Run(All(), in), "MT016"); len(got) != 2 || !strings.Contains(got[1].Summary, "port 8080 is DISABLE: the policies of the cluster were not read") {
		t.Errorf("without the cluster's objects: %+v", got)
	}
}

// Where no intent of ours covers the workload, the policies of others say what should come in.
func TestInboundPolicies(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(in *Input)
		want int // findings, all OK
	}{
		"as the policy says":      {func(*Input) {}, 1},
		"PERMISSIVE":              {func(in *Input) { theirs(in, facts.ModePermissive, facts.ModePermissive) }, 1},
		"a gateway":               {func(in *Input) { in.Proxy.Node.Kind = facts.NodeRouter }, 0},
		"no policy":               {func(in *Input) { in.Config.Policies = nil }, 0},
		"of another namespace":    {func(in *Input) { in.Config.Policies[0].Object.Namespace = "other" }, 0},
		"of other pods":           {func(in *Input) { in.Config.Policies[0].Selector = map[string]string{"app": "nobody"} }, 0},
		"labels not known":        {func(in *Input) { in.Proxy.Target.Labels = nil }, 0},
		"policies unread":         {func(in *Input) { in.Config.Missing = map[facts.Fact]string{facts.FactPolicies: "forbidden"} }, 0},
		"asked about an upstream": {func(in *Input) { in.To = []To{{Host: host}} }, 0},
		"no inbound port":         {func(in *Input) { in.Config.Policies[0].Mode = facts.ModePermissive; in.Proxy.Inbound = nil }, 0},
		"a port's policy only": {func(in *Input) {
			in.Config.Policies[0] = facts.Policy{Object: policyRef("redis", "theirs"), Selector: in.Proxy.Target.Labels, Mode: facts.ModeUnset, Ports: map[int]facts.Mode{8080: facts.ModeStrict}}
			in.Proxy.Inbound = append(in.Proxy.Inbound, inboundPort(0, facts.ModePermissive))
		}, 1},
		"a port's policy only, and no other port": {func(in *Input) {
			in.Config.Policies[0] = facts.Policy{Object: policyRef("redis", "theirs"), Selector: in.Proxy.Target.Labels, Mode: facts.ModeUnset, Ports: map[int]facts.Mode{8080: facts.ModeStrict}}
		}, 1},
		"a policy of a port that it does not have": {func(in *Input) {
			in.Config.Policies[0] = facts.Policy{Object: policyRef("redis", "theirs"), Selector: in.Proxy.Target.Labels, Mode: facts.ModeUnset, Ports: map[int]facts.Mode{9999: facts.ModeStrict}}
		}, 0},
		"a Sidecar's own SIMPLE where the policy is DISABLE": {func(in *Input) {
			theirs(in, facts.ModeDisable, facts.ModeStrict)
			in.Proxy.Inbound[0].Chains[0].RequireClientCert, in.Proxy.Inbound[0].Chains[0].Socket.Validation = false, facts.Validation{}
		}, 1},
		"a Sidecar's own TLS where the policy is DISABLE": {func(in *Input) {
			theirs(in, facts.ModeDisable, facts.ModeStrict)
			in.Proxy.Inbound[0].Chains[0].RequireClientCert = false
		}, 1},
		"PERMISSIVE, and a port kept from the sidecar": {func(in *Input) {
			theirs(in, facts.ModePermissive, facts.ModePermissive)
			note(in, "traffic.sidecar.istio.io/excludeInboundPorts", "9090")
			note(in, interception, "REDIRECT")
		}, 1},
	} {
		in := healthy(t)
		theirs(&in, facts.ModeStrict, facts.ModeStrict)
		c.do(&in)
		got := byID(Run(All(), in), "MT016")
		if len(got) != c.want || len(got) > 0 && Worst(got) != OK {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
