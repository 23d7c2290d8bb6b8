package conflict

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// ahead is a mesh in which nobody would be locked out by STRICT for shop/app=web, and
// the counters of its only server say so.
func ahead() PreviewInput {
	in := PreviewInput{Input: strict()}
	in.There.Services = []facts.Service{{Object: ref("Service", space, "web"), Hosts: []string{"web.shop.svc.cluster.local"}, Selector: web, Ports: []facts.Port{{Number: 80, Target: 8080}}}}
	in.Counted = map[string]Plaintext{space + "/web-1": {Plaintext: facts.Plaintext{Ports: map[int]uint64{8080: 0}}}}
	return in
}

func TestPreview(t *testing.T) {
	clientRule := func(mode, subset string) func(*PreviewInput) {
		return func(in *PreviewInput) {
			in.There.Rules = []facts.Rule{{Object: ref("DestinationRule", space, "theirs"), Host: "web", Subset: subset, Policy: true, HasTLS: mode != "", Mode: mode}}
		}
	}
	service := func(e facts.Exposure) func(*PreviewInput) {
		return func(in *PreviewInput) { in.There.Services[0].Exposure = e }
	}
	probe := func(handler string, port int) func(*PreviewInput) {
		return func(in *PreviewInput) {
			in.Pods[0].Probes = []facts.AppProbe{{Container: "app", Kind: "readiness", Handler: handler, Port: port}}
		}
	}
	counted := func(c Plaintext) func(*PreviewInput) {
		return func(in *PreviewInput) { in.Counted[space+"/web-1"] = c }
	}
	for _, c := range []struct {
		name string
		meet func(in *PreviewInput)
		want check.Outcome
		says string // of the only row, "" for none
	}{
		{"nobody", func(*PreviewInput) {}, check.OK, ""},
		{"rule DISABLE", clientRule("DISABLE", ""), check.Fail, "FAIL pod shop/other-1, pod shop/web-1 shop/web:80 its sidecar sends plaintext: DestinationRule shop/theirs, mode DISABLE"},
		{"rule SIMPLE of a subset", clientRule("SIMPLE", "v1"), check.Fail, "mode SIMPLE, subset v1"},
		{"rule MUTUAL", clientRule("MUTUAL", ""), check.OK, "WARN pod shop/other-1, pod shop/web-1 shop/web:80 its sidecar sends TLS with a certificate of its own, which must be of the mesh's root"},
		{"rule ISTIO_MUTUAL", clientRule("ISTIO_MUTUAL", ""), check.OK, ""},
		{"plaintext by port", counted(Plaintext{Plaintext: facts.Plaintext{Ports: map[int]uint64{8080: 3}}}), check.Fail, "3 connections came in without TLS"},
		{"plaintext at another port", counted(Plaintext{Plaintext: facts.Plaintext{Ports: map[int]uint64{9999: 3}}}), check.OK, ""},
		{"plaintext by caller", counted(Plaintext{Plaintext: facts.Plaintext{Sources: map[string]uint64{"old/cron": 7, "front/web": 0}}}), check.Fail, "old/cron shop/web-1 7 requests"},
		{"no plaintext of the listener", counted(Plaintext{Plaintext: facts.Plaintext{All: new(uint64)}}), check.OK, ""},
		{"plaintext of the listener", counted(Plaintext{Plaintext: facts.Plaintext{All: new(uint64(5))}}), check.Fail, "FAIL somebody without mutual TLS shop/web-1 5 connections came in without a TLS handshake"},
		{"plaintext of the listener, and none at the ports that close", counted(Plaintext{Plaintext: facts.Plaintext{All: new(uint64(5)), Ports: map[int]uint64{8080: 0}}}), check.OK, ""},
		{"a server that was not asked", func(in *PreviewInput) { in.Counted = nil }, check.Unknown, "shop/web-1 (not asked)"},
		{"no counters", counted(Plaintext{}), check.Unknown, "no counter tells"},
		{"a sidecar that does not answer", counted(Plaintext{Err: "refused"}), check.Unknown, "refused"},
		{"NodePort", service(facts.Exposure{Type: "NodePort", NodePorts: []int{30080}}), check.Fail, "(type NodePort, node ports 30080) leads"},
		{"port that no pod declares", func(in *PreviewInput) {
			service(facts.Exposure{Type: "NodePort", NodePorts: []int{30080}})(in)
			in.Pods[0].Ports = nil
		}, check.Fail, "leads to container port 8080"},
		{"external address", service(facts.Exposure{Type: "ClusterIP", ExternalIPs: []string{"192.0.2.7"}}), check.Fail, "(type ClusterIP, external addresses 192.0.2.7)"},
		{"headless", service(facts.Exposure{Headless: true}), check.OK, "WARN callers by a pod's address shop/web:80 a headless Service"},
		{"probe", probe("http", 8080), check.Fail, "did not rewrite it"},
		{"probe by TCP", probe("tcp", 8080), check.OK, ""},
		{"probe of a port that nobody declares", probe("http", 9000), check.Fail, "port 9000"},
		{"pod without sidecar", func(in *PreviewInput) {
			p := pod("plain", nil, nil)
			p.Target.Container = ""
			in.Pods = append(in.Pods, p)
		}, check.OK, "WARN pods without sidecar in namespace shop: plain"},
		{"pods of a namespace that is not in the mesh", func(in *PreviewInput) {
			p := pod("plain", nil, nil)
			p.Target.Container, p.Target.Namespace = "", "old"
			in.Pods = append(in.Pods, p)
		}, check.OK, "WARN namespaces in which no pod has a sidecar: old"},
		{"a gateway's own NodePort", func(in *PreviewInput) {
			service(facts.Exposure{Type: "NodePort", NodePorts: []int{30080}})(in)
			in.Pods[0].Target.Gateway = true
		}, check.OK, ""},
		{"Ingress", func(in *PreviewInput) {
			in.Ingresses = []facts.Ingress{{Object: ref("Ingress", space, "front"), Class: "nginx", Services: []string{"web"}}}
		}, check.OK, "WARN clients of Ingress shop/front shop/web:80"},
		{"strict already", func(in *PreviewInput) {
			clientRule("DISABLE", "")(in)
			in.There.Policies = []facts.Policy{{Object: ref("PeerAuthentication", space, "all"), Mode: facts.ModeStrict}}
		}, check.OK, ""},
		{"a policy that is taken over and older than another", func(in *PreviewInput) {
			probe("http", 8080)(in)
			older, other := in.Plan.Policies[0], in.Plan.Policies[0]
			older.Mode, older.Created = facts.ModePermissive, now().AddDate(-2, 0, 0)
			other.Object, other.Mode, other.Owner, other.Created = ref("PeerAuthentication", space, "other"), facts.ModePermissive, "", now().AddDate(-1, 0, 0)
			in.There.Policies = []facts.Policy{older, other}
		}, check.Fail, "the kubelet"},
		{"a policy beside an older one", func(in *PreviewInput) {
			probe("http", 8080)(in)
			other := in.Plan.Policies[0]
			other.Object, other.Mode, other.Owner, other.Created = ref("PeerAuthentication", space, "other"), facts.ModePermissive, "", now().AddDate(-1, 0, 0)
			in.There.Policies = []facts.Policy{other}
		}, check.OK, ""},
		{"rules that may not be read", func(in *PreviewInput) { in.Missing = []Missing{{What: "DestinationRule", Why: "forbidden"}} }, check.Unknown, "forbidden"},
	} {
		in := ahead()
		c.meet(&in)
		locked, _ := Preview(in)
		all := ""
		for _, l := range locked {
			all += l.Outcome.String() + " " + l.Who + " " + l.Server + " " + l.Why + "\n"
		}
		if got := Worst(locked); got != c.want || (c.says == "") != (len(locked) == 0) || !strings.Contains(all, c.says) {
			t.Errorf("%s: %s, want %s and the words %q\n%s", c.name, got, c.want, c.says, all)
		}
	}
}

// TestServers: whose counters are worth asking, those that would take less than now.
func TestServers(t *testing.T) {
	front := pod("web-2", web, nil)
	front.Target.Namespace = "front"
	for name, c := range map[string]struct {
		from func() Input
		want []string
	}{
		"a workload": {strict, []string{"shop/web-1"}},
		"the mesh":   {strictMesh, []string{"shop/web-1", "shop/other-1", "front/web-2"}},
		"a mesh of which nothing is known": {func() Input {
			in := strict()
			in.There = nil
			return in
		}, []string{"shop/web-1"}},
	} {
		in := PreviewInput{Input: c.from()}
		in.Pods = append(in.Pods, front)
		var got []string
		for _, p := range in.Servers() {
			got = append(got, p.Target.String())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if _, n := Preview(in); n != len(c.want) {
			t.Errorf("%s: %d pods become stricter, want %d", name, n, len(c.want))
		}
	}
}

// TestLockedByRules: without any counter, what the rules alone tell.
func TestLockedByRules(t *testing.T) {
	in := ahead().Input
	if got := LockedByRules(in); len(got) != 0 {
		t.Errorf("without rules: %+v", got)
	}
	in.There.Rules = []facts.Rule{{Object: ref("DestinationRule", space, "theirs"), Host: "web", Policy: true, HasTLS: true, Mode: "DISABLE"}}
	got := LockedByRules(in)
	if len(got) != 1 || got[0].Outcome != check.Fail || !strings.Contains(got[0].Why, "DestinationRule shop/theirs, mode DISABLE") || !strings.Contains(got[0].Server, "shop/web:80") {
		t.Errorf("%+v", got)
	}
}
