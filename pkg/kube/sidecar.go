package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// proxyName is what Istio's injection and gateway charts call the container.
const proxyName = "istio-proxy"

// proxyContainer finds the container that runs the proxy: istio-proxy among
// the containers, or among the init containers when it stays (native sidecar);
// else one that starts pilot-agent as a proxy, for meshes that rename it.
func proxyContainer(p *corev1.Pod) (string, bool) {
	long := longRunning(p)
	for i := range long {
		if long[i].Name == proxyName {
			return proxyName, true
		}
	}
	for i := range long {
		if slices.Contains([]string{"sidecar", "router", "waypoint"}, roleOf(long[i])) {
			return long[i].Name, true
		}
	}
	return "", false
}

// roleOf is what pilot-agent is started as: sidecar, router (a gateway) or waypoint.
func roleOf(ctr corev1.Container) string {
	args := append(slices.Clone(ctr.Command), ctr.Args...)
	if at := slices.Index(args, "proxy"); at >= 0 && at+1 < len(args) {
		return args[at+1]
	}
	return ""
}

// proxied puts the pod's proxy into t, and tells whether there is one.
func (c *Client) proxied(p *corev1.Pod, t *facts.Target) bool {
	container, ok := proxyContainer(p)
	if !ok {
		return false
	}
	for _, ctr := range longRunning(p) {
		t.Gateway = t.Gateway || ctr.Name == container && roleOf(ctr) == "router"
	}
	t.Container, t.ProxyUser, t.HTTPProxies = container, proxyUser(p, container), httpProxies(p, container)
	if !t.Gateway {
		t.App = application(p, container, t.ProxyUser)
	}
	c.remember(p, container)
	return true
}

// application is the first container that is not the proxy's, nor runs as its user.
func application(p *corev1.Pod, proxy string, asProxy []string) string {
	for _, ctr := range p.Spec.Containers {
		if ctr.Name != proxy && !slices.Contains(asProxy, ctr.Name) {
			return ctr.Name
		}
	}
	return ""
}

func longRunning(p *corev1.Pod) []corev1.Container {
	out := slices.Clone(p.Spec.Containers)
	for _, c := range p.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			out = append(out, c)
		}
	}
	return out
}

// adminPortOf is the port the pod's own settings name, 0 when they name none.
// The injector writes the merged proxy configuration into PROXY_CONFIG (JSON);
// before Istio 1.6 it passed --proxyAdminPort.
func adminPortOf(p *corev1.Pod, container string) int {
	for _, c := range longRunning(p) {
		if c.Name != container {
			continue
		}
		for _, e := range c.Env {
			var set struct {
				ProxyAdminPort int `json:"proxyAdminPort"`
			}
			if e.Name == "PROXY_CONFIG" && json.Unmarshal([]byte(e.Value), &set) == nil && set.ProxyAdminPort > 0 {
				return set.ProxyAdminPort
			}
		}
		if at := slices.Index(c.Args, "--proxyAdminPort"); at >= 0 && at+1 < len(c.Args) {
			if port, err := strconv.Atoi(c.Args[at+1]); err == nil {
				return port
			}
		}
	}
	return 0
}

// Labels and annotations that decide about injection (Istio's API labels and
// annotations reference).
const (
	labelInject    = "sidecar.istio.io/inject"
	labelNamespace = "istio-injection"
	labelRev       = "istio.io/rev"
	labelDataplane = "istio.io/dataplane-mode"
)

// whyNoSidecar tells why a pod was made without a sidecar, in the order in
// which the injector decides.
func (c *Client) whyNoSidecar(ctx context.Context, p *corev1.Pod) string {
	if p.Spec.HostNetwork {
		return "hostNetwork: true pods are never injected"
	}
	if p.Labels[labelDataplane] == "ambient" || p.Annotations["ambient.istio.io/redirection"] == "enabled" {
		return "it is in ambient mode, where ztunnel does the work of sidecars"
	}
	if v, ok := p.Labels[labelInject]; ok && v != "true" {
		return fmt.Sprintf("injection is off: label %s=%s", labelInject, v)
	}
	if v, ok := p.Annotations[labelInject]; ok && p.Labels[labelInject] == "" && v != "true" {
		return fmt.Sprintf("injection is off: annotation %s=%s", labelInject, v)
	}
	ns, err := c.dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Get(ctx, p.Namespace, metav1.GetOptions{})
	if err != nil {
		return "the labels of its namespace could not be read: " + err.Error()
	}
	return namespaceReason(p, ns.GetLabels())
}

func namespaceReason(p *corev1.Pod, ns map[string]string) string {
	asked := ns[labelNamespace] == "enabled" || ns[labelRev] != "" || p.Labels[labelInject] == "true" || p.Labels[labelRev] != ""
	switch {
	case ns[labelNamespace] == "disabled":
		return fmt.Sprintf("injection is off: namespace %s has label %s=disabled", p.Namespace, labelNamespace)
	case ns[labelDataplane] == "ambient" && !asked:
		return "its namespace is in ambient mode, where ztunnel does the work of sidecars"
	case !asked:
		return fmt.Sprintf("injection is off: namespace %s has neither label %s=enabled nor %s", p.Namespace, labelNamespace, labelRev)
	}
	return strings.Join([]string{"injection is on, but this pod was made without it, perhaps before it was switched on",
		"restart its workload"}, ": ")
}
