package kube

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Workload is what a policy for some workloads needs to know of them.
type Workload struct {
	Selector map[string]string // that picks its pods, by equality
	Labels   map[string]string // of one of its pods
	Ports    map[string]int    // container ports of that pod, by name; unnamed ones by their number
}

// generated are labels that controllers put on pods, and that change with each
// version of the workload: a policy with one of them would fall off with the next.
var generated = []string{"pod-template-hash", "controller-revision-hash", "pod-template-generation", "statefulset.kubernetes.io/",
	"apps.kubernetes.io/", "batch.kubernetes.io/", "controller-uid", "job-name", "security.istio.io/", "service.istio.io/", "sidecar.istio.io/", "istio.io/"}

// Workload finds a workload as Resolve does, by TYPE/NAME or a pod's name. It must
// have a pod with a sidecar. A selector of more than equality cannot be a policy's:
// that is an error.
func (c *Client) Workload(ctx context.Context, namespace, target string) (Workload, error) {
	targets, err := c.Resolve(ctx, namespace, []string{target}, "", false)
	if err != nil {
		return Workload{}, err
	}
	if len(targets) == 0 {
		return Workload{}, &NoPodsError{Object: target, Reason: "has no pods"}
	}
	pod, err := c.getPod(ctx, targets[0].Namespace, targets[0].Pod)
	if err != nil {
		return Workload{}, err
	}
	w := Workload{Labels: pod.Labels, Ports: portsOf(&pod)}
	w.Selector, err = c.selectorOf(ctx, namespace, target, pod.Labels)
	return w, err
}

func (c *Client) selectorOf(ctx context.Context, namespace, target string, podLabels map[string]string) (map[string]string, error) {
	refs, err := parseArgs([]string{target})
	if err != nil {
		return nil, err
	}
	kind, err := c.kindOf(cmp.Or(refs[0].kind, "pod"))
	if err != nil {
		return nil, err
	}
	if kind.name == "pod" {
		own := map[string]string{}
		for k, v := range podLabels {
			if !isGenerated(k) {
				own[k] = v
			}
		}
		if len(own) == 0 {
			return nil, fmt.Errorf("%s has no label of its own by which a policy could name it: name its workload, for example deploy/NAME", target)
		}
		return own, nil
	}
	u, err := c.dynamic.Resource(kind.resource).Namespace(namespace).Get(ctx, refs[0].name, metav1.GetOptions{})
	if err != nil {
		return nil, c.explain("get "+target, err)
	}
	text, err := podSelector(u)
	if err != nil {
		return nil, &NoPodsError{Object: target, Reason: err.Error()}
	}
	selector, err := labels.ConvertSelectorToLabelsMap(text)
	if err != nil {
		return nil, fmt.Errorf("%s picks its pods by %q, and a policy of Istio knows equality only: name a Service or a pod with plain labels", target, text)
	}
	return selector, nil
}

func isGenerated(label string) bool {
	for _, g := range generated {
		if label == g || strings.HasSuffix(g, "/") && strings.HasPrefix(label, g) {
			return true
		}
	}
	return false
}
