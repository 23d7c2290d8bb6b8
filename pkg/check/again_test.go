package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestUnknownHost: what becomes of the calls is what the proxy says, and the command is the enable that is missing, unless an
// object has the host already.
func TestUnknownHost(t *testing.T) {
	const look, doubt = "kubectl get serviceentries -A | grep -F '" + host + "'", "go out as they are, or are refused"
	gone := func(in *Input) {
		in.Proxy.Upstreams, in.Intents, in.Config.Rules, in.Config.Services = nil, nil, nil, nil
	}
	asked := func(port int) func(in *Input) { return func(in *Input) { in.To = []To{{Host: host, Port: port}} } }
	entry := func(port int) func(in *Input) {
		return func(in *Input) {
			in.Config.Services = []facts.Service{{Object: facts.Ref{Kind: "ServiceEntry", Namespace: "far", Name: "theirs"}, Hosts: []string{host}, Ports: []facts.Port{{Number: port}}}}
		}
	}
	for name, c := range map[string]struct {
		do         []func(in *Input)
		calls, fix string
	}{
		"nobody has it":               {nil, doubt, "kubectl mesh-tls enable origination " + host + ":16222 -n redis --ca-file FILE   # or --ca system"},
		"plain HTTP":                  {[]func(*Input){asked(80)}, doubt, "kubectl mesh-tls enable egress " + host + " -n redis --ca-file FILE   # or --ca system, where the application calls http://" + host},
		"let through":                 {[]func(*Input){func(in *Input) { in.Proxy.Outbound = facts.OutboundAny }}, "its calls go out as they are", "kubectl mesh-tls enable origination " + host + ":16222 -n redis --ca-file FILE   # or --ca system"},
		"refused":                     {[]func(*Input){func(in *Input) { in.Proxy.Outbound = facts.OutboundRegistry }}, "its calls are refused, because only registered hosts are let through (outboundTrafficPolicy REGISTRY_ONLY)", "kubectl mesh-tls enable origination " + host + ":16222 -n redis --ca-file FILE   # or --ca system"},
		"no port":                     {[]func(*Input){asked(0)}, doubt, look},
		"a gateway":                   {[]func(*Input){func(in *Input) { in.Proxy.Node.Kind = facts.NodeRouter }}, doubt, look},
		"objects not read":            {[]func(*Input){func(in *Input) { in.Config = nil }}, doubt, look},
		"hidden":                      {[]func(*Input){entry(16222)}, doubt, "kubectl get serviceentry theirs -n far -o yaml   # does its exportTo, or a Sidecar of the client's namespace, hide it from this client?"},
		"hidden, no port":             {[]func(*Input){asked(0), entry(16222)}, doubt, "kubectl get serviceentry theirs -n far -o yaml   # does its exportTo, or a Sidecar of the client's namespace, hide it from this client?"},
		"led to a proxy":              {nil, "or are led to the egressProxy of a Sidecar", "kubectl mesh-tls enable origination " + host + ":16222 -n redis --ca-file FILE   # or --ca system"},
		"another port":                {[]func(*Input){entry(1)}, doubt, "kubectl edit serviceentry theirs -n far   # it has no port 16222"},
		"a rule, and no host":         {[]func(*Input){func(in *Input) { in.Config.Rules = healthy(t).Config.Rules }}, doubt, "kubectl mesh-tls enable origination " + host + ":16222 -n redis --name external-redis --ca-path /etc/redis-ca/ca.pem --adopt"},
		"an intent, objects not read": {[]func(*Input){func(in *Input) { in.Intents, in.Config = healthy(t).Intents, nil }}, doubt, "kubectl mesh-tls enable origination " + host + ":16222 -n redis --name external-redis --ca-path /etc/redis-ca/ca.pem --force-conflicts"},
		"an intent, hidden":           {[]func(*Input){func(in *Input) { in.Intents = healthy(t).Intents; entry(16222)(in) }}, doubt, "kubectl get serviceentry theirs -n far -o yaml   # does its exportTo, or a Sidecar of the client's namespace, hide it from this client?"},
		"an intent":                   {[]func(*Input){func(in *Input) { in.Intents = healthy(t).Intents }}, doubt, "kubectl mesh-tls enable origination " + host + ":16222 -n redis --name external-redis --ca-path /etc/redis-ca/ca.pem --force-conflicts"},
	} {
		in := healthy(t)
		gone(&in)
		asked(16222)(&in)
		for _, do := range c.do {
			do(&in)
		}
		got := byID(Run(All(), in), "MT001")
		if len(got) != 1 || got[0].Outcome != Fail || !holds(got[0].Summary, c.calls) || got[0].Fix != c.fix {
			t.Errorf("%s: %+v\nwant %q, fix %q", name, got, c.calls, c.fix)
		}
	}
}

// TestAgain: the command is for the pod that was read, with what was asked of it; without a pod it is said in words.
func TestAgain(t *testing.T) {
	in := Input{Proxy: &facts.Proxy{Target: facts.Target{Namespace: "shop", Pod: "web-1"}}}
	s := Subject{Host: host, Port: 1}
	named, all, dump := in, in, Input{Proxy: &facts.Proxy{Target: facts.Target{Source: "dump"}}}
	named.To, all.All = []To{{Host: host}}, true
	for want, got := range map[string]string{
		"kubectl mesh-tls verify pod/web-1 -n shop   # again in some seconds":                                     in.again(s, ""),
		"kubectl mesh-tls verify pod/web-1 -n shop --to " + host + ":1   # again in some seconds; if it stays: x": named.again(s, "x"),
		"kubectl mesh-tls verify pod/web-1 -n shop --all   # again in some seconds":                               all.again(s, ""),
		"verify again in some seconds; if it stays: x":                                                            dump.again(s, "x"),
		"kubectl mesh-tls verify pod/web-1 -n shop --exercise   # or without it, after a call of the application": in.calledAgain(s),
		"make one call from the application, then verify again":                                                   dump.calledAgain(s),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestEdit: the template is that of the workload which the pod's labels and the injector name; where they do not, it is looked up.
func TestEdit(t *testing.T) {
	const owner = "kubectl get pod web-1 -n shop -o jsonpath='{.metadata.ownerReferences}'   # in the template of that: x"
	for name, c := range map[string]struct {
		label, workload, want string
	}{
		"deployment":      {"pod-template-hash", "web", "kubectl edit deployment web -n shop   # in the pod's template: x"},
		"statefulset":     {"statefulset.kubernetes.io/pod-name", "web", "kubectl edit statefulset web -n shop   # in the pod's template: x"},
		"daemonset":       {"pod-template-generation", "web", "kubectl edit daemonset web -n shop   # in the pod's template: x"},
		"neither":         {"app", "web", owner},
		"another name":    {"pod-template-hash", "other", owner},
		"name not known":  {"pod-template-hash", "", owner},
		"a pod of a dump": {"", "web", "x"},
	} {
		target := facts.Target{Namespace: "shop", Pod: "web-1", Labels: map[string]string{c.label: "1"}}
		if c.label == "" {
			target = facts.Target{Source: "dump"}
		}
		if got := (Input{Proxy: &facts.Proxy{Target: target, Node: facts.Node{Workload: c.workload}}}).edit("x"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestMeshConfig: the mesh's settings are in its root namespace; where that is not known, in the usual one.
func TestMeshConfig(t *testing.T) {
	for want, config := range map[string]*facts.Config{"mesh-root": {RootNamespace: "mesh-root"}, "istio-system": {}, "istio-system ": nil} {
		want = strings.TrimSpace(want)
		if got := (Input{Config: config}).meshConfig("x"); got != "kubectl edit configmap istio -n "+want+"   # (of a revision: istio-REVISION) x" {
			t.Errorf("%s: %q", want, got)
		}
	}
}
