package conf

import (
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/plan"
)

// Daemon is one process of the node or the control plane: its name (also that
// of its log and pid file) and its command line.
type Daemon struct {
	Name string
	Args []string
}

const (
	etcdClient = "http://127.0.0.1:12379"
	etcdPeer   = "http://127.0.0.1:12380"
)

// Etcd keeps nothing over a restart of the instance, so it need not sync.
func Etcd(v Values) Daemon {
	return Daemon{"etcd", []string{"etcd", "--data-dir", v.Run.Path("etcd"),
		"--listen-client-urls", etcdClient, "--advertise-client-urls", etcdClient,
		"--listen-peer-urls", etcdPeer, "--initial-advertise-peer-urls", etcdPeer,
		"--initial-cluster", "default=" + etcdPeer, "--unsafe-no-fsync"}}
}

// APIServer accepts istio-ca as an audience because the sidecars' tokens
// carry it, and calls the kubelet by address because no DNS knows the node.
func APIServer(v Values) Daemon {
	pki := func(f string) string { return v.Run.Path("pki", f) }
	return Daemon{"kube-apiserver", []string{"kube-apiserver", "--etcd-servers=" + etcdClient,
		fmt.Sprintf("--secure-port=%d", plan.APIPort), "--bind-address=0.0.0.0", "--advertise-address=" + v.Node(),
		"--tls-cert-file=" + pki("apiserver.pem"), "--tls-private-key-file=" + pki("apiserver.key"), "--cert-dir=" + v.Run.Path("pki"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--api-audiences=https://kubernetes.default.svc,istio-ca",
		"--service-account-key-file=" + pki("sa.key"), "--service-account-signing-key-file=" + pki("sa.key"),
		"--token-auth-file=" + pki("tokens.csv"), "--authorization-mode=RBAC",
		"--service-cluster-ip-range=" + v.ServiceCIDR(), "--allow-privileged",
		"--kubelet-preferred-address-types=InternalIP"}}
}

// Controllers returns the daemons that need only the API server.
func Controllers(v Values) []Daemon {
	in := v.Run.InsideKubeconfig()
	return []Daemon{
		{"kube-controller-manager", []string{"kube-controller-manager", "--kubeconfig", in,
			"--service-account-private-key-file=" + v.Run.Path("pki/sa.key"), "--root-ca-file=" + v.Run.Path("pki/ca.pem"),
			"--flex-volume-plugin-dir=" + v.Run.Path("node/volumeplugins"),
			"--leader-elect=false", "--bind-address=127.0.0.1"}},
		{"kube-scheduler", []string{"kube-scheduler", "--kubeconfig", in, "--leader-elect=false", "--bind-address=127.0.0.1"}},
		// A namespace may not set the machine's conntrack limits, and
		// kube-proxy gives up if it cannot: 0 means "leave as they are".
		{"kube-proxy", []string{"kube-proxy", "--kubeconfig", in, "--hostname-override", v.NodeName(),
			"--cluster-cidr", v.PodCIDR(), "--proxy-mode=iptables",
			"--healthz-bind-address=127.0.0.1:10256", "--metrics-bind-address=127.0.0.1:10249",
			"--conntrack-max-per-core=0", "--conntrack-min=0",
			"--conntrack-tcp-timeout-established=0s", "--conntrack-tcp-timeout-close-wait=0s"}},
		{"coredns", []string{"coredns", "-conf", v.Run.Path("Corefile")}},
	}
}

// Runtime is the container runtime.
func Runtime(v Values) Daemon {
	return Daemon{"containerd", []string{"containerd", "-c", v.Run.Path("node/containerd.toml")}}
}

// Node is the kubelet.
func Node(v Values) Daemon {
	return Daemon{"kubelet", []string{"kubelet", "--config", v.Run.Path("node/kubelet.yaml"),
		"--kubeconfig", v.Run.InsideKubeconfig(), "--hostname-override", v.NodeName(), "--node-ip", v.Node(),
		"--root-dir", v.Run.Path("node/kubelet"), "--cert-dir", v.Run.Path("node/pki")}}
}

// Daemons names all of them, in the order of their start.
func Daemons(v Values) []string {
	names := []string{Etcd(v).Name, APIServer(v).Name, Runtime(v).Name, Node(v).Name}
	for _, d := range Controllers(v) {
		names = append(names, d.Name)
	}
	return names
}
