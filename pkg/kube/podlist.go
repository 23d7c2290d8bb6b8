package kube

import (
	"context"
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Pods gives the running pods of the namespaces (none: of the whole cluster) by
// name, with a proxy or without; pods that are being deleted are left out.
func (c *Client) Pods(ctx context.Context, namespaces ...string) ([]facts.Pod, error) {
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	var out []facts.Pod
	for _, ns := range namespaces {
		pods, err := c.listPods(ctx, ns, "")
		if err != nil {
			return nil, err
		}
		for i := range pods {
			if p := &pods[i]; p.Status.Phase == corev1.PodRunning && p.DeletionTimestamp == nil {
				out = append(out, c.podFact(p))
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Target.String() < out[j].Target.String() })
	return out, nil
}

func (c *Client) podFact(p *corev1.Pod) facts.Pod {
	f := facts.Pod{
		Target:         facts.Target{Context: c.context, Namespace: p.Namespace, Pod: p.Name, Labels: p.Labels},
		ServiceAccount: p.Spec.ServiceAccountName, Owner: ownerOf(p), Ready: ready(p), Ports: portsOf(p),
		Probes:  appProbes(p),
		Ambient: p.Labels[labelDataplane] == "ambient" || p.Annotations["ambient.istio.io/redirection"] == "enabled",
	}
	f.IPs = addresses(p)
	steer(p, &f.Target)
	c.proxied(p, &f.Target)
	return f
}

// addresses of a pod, one of each family.
func addresses(p *corev1.Pod) (out []string) {
	for _, ip := range p.Status.PodIPs {
		out = append(out, ip.IP)
	}
	if len(out) == 0 && p.Status.PodIP != "" {
		out = []string{p.Status.PodIP}
	}
	return out
}

// ownerOf is the controller of a pod. A ReplicaSet of a Deployment bears its name and the hash of the template
// (kubernetes: pkg/controller/deployment/sync.go, getNewReplicaSet), and stands for it.
func ownerOf(p *corev1.Pod) facts.Ref {
	o := metav1.GetControllerOf(p)
	if o == nil {
		return facts.Ref{}
	}
	ref := facts.Ref{Kind: o.Kind, Namespace: p.Namespace, Name: o.Name}
	if name, of := strings.CutSuffix(o.Name, "-"+p.Labels["pod-template-hash"]); of && o.Kind == "ReplicaSet" && name != o.Name {
		ref.Kind, ref.Name = "Deployment", name
	}
	return ref
}

// portsOf gives the container ports by name; unnamed ones by their number.
func portsOf(p *corev1.Pod) map[string]int {
	out := map[string]int{}
	for _, ctr := range longRunning(p) {
		for _, port := range ctr.Ports {
			name := port.Name
			if name == "" {
				name = fmt.Sprint(port.ContainerPort)
			}
			out[name] = int(port.ContainerPort)
		}
	}
	return out
}
