package kube

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestSteer: what the init container was told counts, not what the annotations say today; with the CNI plugin it is the
// other way round, and a sidecar that was told to capture nothing has no init container.
func TestSteer(t *testing.T) {
	init := func(more ...string) corev1.PodSpec {
		args := append([]string{"istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT"}, more...)
		return corev1.PodSpec{InitContainers: []corev1.Container{{Name: "other", Args: []string{"-x"}}, {Name: "istio-init", Args: args}}}
	}
	mode := func(value string) corev1.PodSpec {
		return corev1.PodSpec{Containers: []corev1.Container{{Name: "app"}, {Name: "istio-proxy", Env: []corev1.EnvVar{{Name: "ISTIO_META_INTERCEPTION_MODE", Value: value}}}}}
	}
	with := func(spec corev1.PodSpec, first corev1.Container) corev1.PodSpec {
		spec.InitContainers = append([]corev1.Container{first}, spec.InitContainers...)
		return spec
	}
	usually := []string{"-i", "*", "-x", "", "-b", "*", "-d", "15090,15021,15020"}
	defaults := []string{"-i", "10.0.0.0/8", "-x", "10.1.0.0/16", "-b", "80", "-d", "15090,15021,9,15020", "-o", "6379", "-q", "81", "-c", "eth0"}
	for name, c := range map[string]struct {
		spec      corev1.PodSpec
		notes     map[string]string
		want      map[string]string
		inherited []string
	}{
		"nothing": {spec: init(usually...), want: map[string]string{}},
		"by annotation": {init("-i", "*", "-x", "", "-b", "*", "-d", "15090,15021,9,15020", "-o", "6379"),
			map[string]string{traffic + "excludeOutboundPorts": "6379", excludeInbound: "9"}, map[string]string{traffic + "excludeOutboundPorts": "6379", excludeInbound: "9"}, nil},
		"with the agent's own port": {init("-i", "*", "-d", "15090,15021,15020,9"), map[string]string{excludeInbound: "15020,9"}, map[string]string{excludeInbound: "15020,9"}, nil},
		"by the installation": {init(defaults...), nil, map[string]string{
			includeRanges: "10.0.0.0/8", traffic + "excludeOutboundIPRanges": "10.1.0.0/16", includeInbound: "80", excludeInbound: "9",
			traffic + "excludeOutboundPorts": "6379", traffic + "includeOutboundPorts": "81", traffic + "excludeInterfaces": "eth0",
		}, []string{excludeInbound, traffic + "excludeInterfaces", traffic + "excludeOutboundIPRanges", traffic + "excludeOutboundPorts", includeInbound, includeRanges, traffic + "includeOutboundPorts"}},
		"annotated since":                        {init(usually...), map[string]string{traffic + "excludeOutboundPorts": "6379", includeRanges: ""}, map[string]string{}, nil},
		"annotation taken off since":             {init("-i", "*", "-o", "6379"), nil, map[string]string{traffic + "excludeOutboundPorts": "6379"}, []string{traffic + "excludeOutboundPorts"}},
		"no address":                             {init("-i", "", "-b", ""), map[string]string{includeRanges: "", includeInbound: ""}, map[string]string{includeRanges: "", includeInbound: ""}, nil},
		"CNI: the annotations count":             {init("-i", "*", "-o", "1", "--run-validation", "--skip-rule-apply"), map[string]string{traffic + "excludeOutboundPorts": "6379"}, map[string]string{traffic + "excludeOutboundPorts": "6379"}, nil},
		"an init container of the application's": {with(init(usually...), corev1.Container{Name: "edit", Command: []string{"sed", "-i", "s/a/b/", "-o", "9"}}), nil, map[string]string{}, nil},
		"the same, with the CNI plugin": {with(corev1.PodSpec{}, corev1.Container{Name: "edit", Command: []string{"sed", "-i", "*", "file"}}), map[string]string{traffic + "excludeOutboundPorts": "6379"},
			map[string]string{traffic + "excludeOutboundPorts": "6379"}, nil},
		"of another name, by its program": {corev1.PodSpec{InitContainers: []corev1.Container{{Name: "capture", Command: []string{"/usr/local/bin/istio-iptables"}, Args: []string{"-i", "*", "-o", "6379"}}}}, nil,
			map[string]string{traffic + "excludeOutboundPorts": "6379"}, []string{traffic + "excludeOutboundPorts"}},
		"of old releases, by its name": {corev1.PodSpec{InitContainers: []corev1.Container{{Name: "istio-init", Args: []string{"-p", "15001", "-i", "*", "-o", "6379"}}}}, nil,
			map[string]string{traffic + "excludeOutboundPorts": "6379"}, []string{traffic + "excludeOutboundPorts"}},
		"no init container":            {corev1.PodSpec{}, map[string]string{interception: "TPROXY", "other": "x"}, map[string]string{interception: "TPROXY"}, nil},
		"captures nothing by default":  {mode("NONE"), nil, map[string]string{interception: "NONE"}, []string{interception}},
		"captures nothing":             {mode("NONE"), map[string]string{interception: "NONE"}, map[string]string{interception: "NONE"}, nil},
		"captures, annotated NONE now": {mode("REDIRECT"), map[string]string{interception: "NONE"}, map[string]string{}, nil},
	} {
		var got facts.Target
		steer(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: c.notes}, Spec: c.spec}, &got)
		if diff := cmp.Diff(facts.Target{Annotations: c.want, Inherited: c.inherited}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
