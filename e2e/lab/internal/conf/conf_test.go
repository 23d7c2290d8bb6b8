package conf

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/plan"
)

func values() Values {
	return Values{Instance: plan.Instance{Name: "b", Index: 1}, Run: "/s/b", CAPEM: "PEM", Token: "t0ken"}
}

// Every path that a file names must lie below the instance, or down would
// leave it behind.
func TestNothingOutsideTheInstance(t *testing.T) {
	v := values()
	allowed := []string{"/s/b/", "/usr/lib/cni", "/opt/cni/bin", "/run/mesh-lab-b", "/mesh-lab-b", "/24"}
	for name, text := range map[string]string{"containerd": Containerd(v), "cni": CNI(v), "kubelet": Kubelet(v), "corefile": Corefile(v)} {
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \"\n[],", r) }) {
			word = strings.TrimPrefix(word, "unix://")
			if !strings.HasPrefix(word, "/") || word == "/24" {
				continue
			}
			if !slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(word, a) }) {
				t.Errorf("%s names %s, outside the instance", name, word)
			}
		}
	}
}

func TestRendered(t *testing.T) {
	v := values()
	for name, c := range map[string]struct{ text, want string }{
		"kubeconfig server": {Kubeconfig(v, "10.201.0.2"), `server: "https://10.201.0.2:16443"`},
		"kubeconfig CA":     {Kubeconfig(v, "10.201.0.2"), "certificate-authority-data: UEVN}"},
		"kubeconfig token":  {Kubeconfig(v, "10.201.0.2"), "token: t0ken"},
		"kubelet cgroup":    {Kubelet(v), "cgroupRoot: /mesh-lab-b\n"},
		"kubelet DNS":       {Kubelet(v), "clusterDNS: [10.245.0.1]"},
		"containerd netns":  {Containerd(v), "netns_mounts_under_state_dir = true"},
		"corefile hosts":    {Corefile(v), "hosts /s/b/hosts {"},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("%s: want %q in:\n%s", name, c.want, c.text)
		}
	}
	if !json.Valid([]byte(CNI(v))) {
		t.Errorf("CNI is not JSON:\n%s", CNI(v))
	}
}

// A socket's name has at most 107 bytes; the shims add 65 to their directory.
func TestShimSocketsAreShort(t *testing.T) {
	if d := ShimSockets(plan.Instance{Name: "abcdefgh"}); len(d)+65 > 107 {
		t.Errorf("%s is too long for the shims' sockets", d)
	}
}

func TestDaemonsAreAllNamed(t *testing.T) {
	got := Daemons(values())
	want := []string{"etcd", "kube-apiserver", "containerd", "kubelet", "kube-controller-manager", "kube-scheduler", "kube-proxy", "coredns"}
	if !slices.Equal(got, want) {
		t.Errorf("Daemons = %v, want %v", got, want)
	}
}

// A password or token on a command line could be read by any user.
func TestNoTokenOnACommandLine(t *testing.T) {
	v := values()
	for _, d := range append(Controllers(v), Etcd(v), APIServer(v), Node(v), Runtime(v)) {
		if strings.Contains(strings.Join(d.Args, " "), v.Token) {
			t.Errorf("%s has the token on its command line", d.Name)
		}
	}
}
