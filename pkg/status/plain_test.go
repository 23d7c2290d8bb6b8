package status

import (
	"fmt"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestPlain: what becomes of plaintext is told by the servers, and only where a client without a sidecar is looked at.
func TestPlain(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(in *Input)
		want string // pods, refused, let in, unknown
	}{
		{"all have sidecars", func(in *Input) { in.Seen[0].Pod.Target.Container = "istio-proxy" }, "0 0 0 0"},
		{"PERMISSIVE", func(*Input) {}, "1 0 1 0"},
		{"STRICT", func(in *Input) { serverIs(in, facts.ModeStrict) }, "1 1 0 0"},
		{"server not read", func(in *Input) { in.Seen[1].Proxy, in.Seen[1].Err = nil, "timed out" }, "1 0 0 1"},
		{"not a client", func(in *Input) { in.Seen[0].Bare = false }, "0 0 0 0"},
		{"ambient", func(in *Input) { in.Seen[0].Pod.Ambient = true }, "0 0 0 0"},
		{"a gateway", func(in *Input) { in.Seen[1].Pod.Target.Gateway = true }, "1 0 0 0"},
		{"a server without sidecar", plainPod, "1 0 1 0"},
		{"a server that speaks TLS itself", func(in *Input) { plainPod(in); in.Services[0].Ports[0].Protocol = "HTTPS" }, "1 0 0 0"},
		{"a sidecar before such a port", func(in *Input) { in.Services[0].Ports[0].Protocol = "HTTPS" }, "1 0 1 0"},
		{"istiod, called", func(in *Input) {
			plainPod(in)
			in.Config.RootNamespace, in.Seen[1].Pod.Target.Labels = "shop", map[string]string{"app": "db", "istio": "pilot"}
		}, "1 0 0 0"},
		{"named as istiod, in a namespace of its own", func(in *Input) {
			plainPod(in)
			in.Seen[1].Pod.Target.Labels = map[string]string{"app": "db", "istio": "pilot"}
		}, "1 0 1 0"},
		{"istiod calls", mesh("shop", "app", "istiod"), "0 0 0 0"},
		{"istiod of old calls", mesh("shop", "istio", "pilot"), "0 0 0 0"},
		{"ztunnel calls", mesh("shop", "app", "ztunnel"), "0 0 0 0"},
		{"the CNI plugin calls", mesh("shop", "k8s-app", "istio-cni-node"), "0 0 0 0"},
		{"named as istiod, elsewhere", mesh("kube-system", "app", "istiod"), "1 0 1 0"},
		{"named as ztunnel, elsewhere", mesh("kube-system", "app", "ztunnel"), "1 0 1 0"},
		{"the CNI plugin in kube-system", mesh("kube-system", "k8s-app", "istio-cni-node"), "0 0 0 0"},
		{"named as the CNI plugin, elsewhere", mesh("front", "k8s-app", "istio-cni-node"), "1 0 1 0"},
		{"another pod of the root namespace", mesh("shop", "app", "kiali"), "1 0 1 0"},
		{"objects not read", func(in *Input) { mesh("shop", "app", "istiod")(in); in.Config = nil }, "1 0 1 0"},
	} {
		in := shop()
		in.Seen[0].Pod.Target.Container, in.Seen[0].Proxy, in.Seen[0].Client, in.Seen[0].Bare = "", nil, false, true
		c.do(&in)
		p := PlainOf(in, Of(in))
		if got := fmt.Sprint(len(p.Pods), len(p.Refused), len(p.LetIn), len(p.Unknown)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// mesh makes the client a pod with a label in a namespace, of a mesh whose root namespace is shop.
func mesh(namespace, label, value string) func(in *Input) {
	return func(in *Input) {
		in.Config.RootNamespace = "shop"
		in.Seen[0].Pod.Target.Namespace, in.Seen[0].Pod.Target.Labels = namespace, map[string]string{label: value}
	}
}
