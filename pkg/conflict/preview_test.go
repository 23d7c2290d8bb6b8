package conflict

import (
	"strings"
	"testing"

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
		{"rule DISABLE", clientRule("DISABLE", ""), check.Fail, "sends plaintext: DestinationRule shop/theirs, mode DISABLE"},
		{"rule SIMPLE of a subset", clientRule("SIMPLE", "v1"), check.Fail, "mode SIMPLE, subset v1"},
		{"rule MUTUAL", clientRule("MUTUAL", ""), check.OK, "must be of the mesh's root"},
		{"rule ISTIO_MUTUAL", clientRule("ISTIO_MUTUAL", ""), check.OK, ""},
		{"plaintext by port", counted(Plaintext{Plaintext: facts.Plaintext{Ports: map[int]uint64{8080: 3}}}), check.Fail, "3 connections came in without TLS"},
		{"plaintext at another port", counted(Plaintext{Plaintext: facts.Plaintext{Ports: map[int]uint64{9999: 3}}}), check.OK, ""},
		{"plaintext by caller", counted(Plaintext{Plaintext: facts.Plaintext{Sources: map[string]uint64{"old/cron": 7, "front/web": 0}}}), check.Fail, "old/cron shop/web-1 7 requests"},
		{"plaintext of the listener", counted(Plaintext{Plaintext: facts.Plaintext{All: new(uint64)}}), check.OK, ""},
		{"no counters", counted(Plaintext{}), check.Unknown, "no counter tells"},
		{"a sidecar that does not answer", counted(Plaintext{Err: "refused"}), check.Unknown, "refused"},
		{"NodePort", service(facts.Exposure{Type: "NodePort", NodePorts: []int{30080}}), check.Fail, "type NodePort, node ports 30080"},
		{"headless", service(facts.Exposure{Headless: true}), check.OK, "headless Service"},
		{"probe", probe("http", 8080), check.Fail, "did not rewrite it"},
		{"probe by TCP", probe("tcp", 8080), check.OK, ""},
		{"probe of a port that nobody declares", probe("http", 9000), check.Fail, "port 9000"},
		{"pod without sidecar", func(in *PreviewInput) {
			p := pod("plain", nil, nil)
			p.Target.Container = ""
			in.Pods = append(in.Pods, p)
		}, check.OK, "pods without sidecar in namespace shop: plain"},
		{"pods of a namespace that is not in the mesh", func(in *PreviewInput) {
			p := pod("plain", nil, nil)
			p.Target.Container, p.Target.Namespace = "", "old"
			in.Pods = append(in.Pods, p)
		}, check.OK, "no pod has a sidecar: old"},
		{"a gateway's own NodePort", func(in *PreviewInput) {
			service(facts.Exposure{Type: "NodePort", NodePorts: []int{30080}})(in)
			in.Pods[0].Target.Gateway = true
		}, check.OK, ""},
		{"Ingress", func(in *PreviewInput) {
			in.Ingresses = []facts.Ingress{{Object: ref("Ingress", space, "front"), Class: "nginx", Services: []string{"web"}}}
		}, check.OK, "clients of Ingress shop/front"},
		{"strict already", func(in *PreviewInput) {
			clientRule("DISABLE", "")(in)
			in.There.Policies = []facts.Policy{{Object: ref("PeerAuthentication", space, "all"), Mode: facts.ModeStrict}}
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
