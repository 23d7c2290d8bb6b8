package kube

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// pageSize is what kubectl asks for at once.
const pageSize = 500

// targets turns pods into targets: running ones, ready first, by name.
func (c *Client) targets(ctx context.Context, object string, pods []corev1.Pod) ([]facts.Target, error) {
	running := make([]corev1.Pod, 0, len(pods))
	for _, p := range pods {
		if p.Status.Phase == corev1.PodRunning && p.DeletionTimestamp == nil {
			running = append(running, p)
		}
	}
	if len(running) == 0 {
		return nil, &NoPodsError{Object: object, Reason: whyNotRunning(pods)}
	}
	sort.SliceStable(running, func(i, j int) bool {
		a, b := &running[i], &running[j]
		if ready(a) != ready(b) {
			return ready(a)
		}
		return a.Namespace+"/"+a.Name < b.Namespace+"/"+b.Name
	})
	var found []facts.Target
	var without []error
	for i := range running {
		p := &running[i]
		t := facts.Target{Context: c.context, Namespace: p.Namespace, Pod: p.Name, Labels: p.Labels, IPs: addresses(p)}
		steer(p, &t)
		if !c.proxied(p, &t) {
			without = append(without, &NoSidecarError{Target: t, Reason: c.whyNoSidecar(ctx, p)})
			continue
		}
		found = append(found, t)
	}
	return found, errors.Join(without...)
}

func ready(p *corev1.Pod) bool {
	for _, cond := range p.Status.Conditions {
		if cond.Type == corev1.PodReady {
			return cond.Status == corev1.ConditionTrue
		}
	}
	return false
}

// whyNotRunning tells what was seen of up to three pods.
func whyNotRunning(pods []corev1.Pod) string {
	if len(pods) == 0 {
		return "has no pods"
	}
	const show = 3
	var seen []string
	for i := range pods {
		if i == show {
			seen = append(seen, fmt.Sprintf("and %d more", len(pods)-show))
			break
		}
		seen = append(seen, podWords(&pods[i]))
	}
	return fmt.Sprintf("has no running pod: %s", strings.Join(seen, "; "))
}

func podWords(p *corev1.Pod) string {
	state := string(p.Status.Phase)
	if p.DeletionTimestamp != nil {
		return p.Name + " is being deleted"
	}
	if state == "" {
		state = "of unknown state"
	}
	text := p.Name + " is " + state
	if p.Status.Reason != "" {
		text += " (" + p.Status.Reason + ")"
	}
	for _, cond := range p.Status.Conditions {
		if cond.Type == corev1.PodScheduled && cond.Status == corev1.ConditionFalse {
			return text + ": " + cond.Reason + ": " + cond.Message
		}
	}
	for _, s := range statuses(p) {
		if w := s.State.Waiting; w != nil && w.Reason != "" && w.Reason != "PodInitializing" {
			return text + ": container " + s.Name + ": " + join(": ", w.Reason, w.Message)
		}
	}
	return text
}

// statuses are those of all containers; init containers come first since they
// hold up the rest.
func statuses(p *corev1.Pod) []corev1.ContainerStatus {
	var all []corev1.ContainerStatus
	all = append(all, p.Status.InitContainerStatuses...)
	return append(all, p.Status.ContainerStatuses...)
}

func join(sep string, parts ...string) string {
	var full []string
	for _, p := range parts {
		if p != "" {
			full = append(full, p)
		}
	}
	return strings.Join(full, sep)
}
