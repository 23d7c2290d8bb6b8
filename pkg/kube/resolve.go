package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Resolve finds the proxies behind what was typed: TYPE/NAME, TYPE NAME, bare
// pod names, or a label selector; neither of them means every pod of the
// namespace. Namespace "" is the client's own.
//
// Only running pods count, those that are ready first; pods that are being
// deleted are left out. A pod that was named (also by its owner or -l) and has
// no sidecar gives a *NoSidecarError, an object without running pods a
// *NoPodsError; the targets that were found come with the error, so that a
// caller can look at them and still say what is missing. Without names and
// selector, pods without a sidecar are passed over unless there is no other.
func (c *Client) Resolve(ctx context.Context, namespace string, args []string, selector string, allNamespaces bool) ([]facts.Target, error) {
	if namespace == "" {
		namespace = c.namespace
	}
	refs, err := parseArgs(args)
	if err != nil {
		return nil, err
	}
	if selector != "" && len(refs) == 1 && refs[0].kind == "" {
		if k, ok := knownKind(refs[0].name); ok && k.name == "pod" {
			refs = nil // "pods -l app=web", as kubectl writes it
		}
	}
	if len(refs) > 0 && (selector != "" || allNamespaces) {
		return nil, errors.New("a target by name excludes --selector and --all-namespaces; give one or the other")
	}
	if len(refs) == 0 {
		return c.bySelector(ctx, namespace, selector, allNamespaces)
	}
	var found []facts.Target
	var failed []error
	seen := map[string]bool{}
	for _, r := range refs {
		targets, err := c.byName(ctx, namespace, r)
		failed = append(failed, err)
		for _, t := range targets {
			if !seen[t.String()] {
				seen[t.String()] = true
				found = append(found, t)
			}
		}
	}
	return found, errors.Join(failed...)
}

// Every finds the proxies of all running pods of the client's namespace. A pod without a sidecar gives a *NoSidecarError, as
// one that was named does: who asks about a namespace is to know which of its pods nobody can ask.
func (c *Client) Every(ctx context.Context) ([]facts.Target, error) {
	return c.selected(ctx, c.namespace, "", false)
}

func (c *Client) bySelector(ctx context.Context, namespace, selector string, all bool) ([]facts.Target, error) {
	targets, err := c.selected(ctx, namespace, selector, all)
	if selector == "" && len(targets) > 0 {
		return targets, nil
	}
	return targets, err
}

// selected finds the proxies of the running pods with these labels; an empty selector is all of them.
func (c *Client) selected(ctx context.Context, namespace, selector string, all bool) ([]facts.Target, error) {
	if _, err := labels.Parse(selector); err != nil {
		return nil, fmt.Errorf("selector %q: %w", selector, err)
	}
	object := fmt.Sprintf("selector %q in namespace %s", selector, namespace)
	if selector == "" {
		object = "namespace " + namespace
	}
	if all {
		namespace, object = metav1.NamespaceAll, "the cluster"
	}
	pods, err := c.listPods(ctx, namespace, selector)
	if err != nil {
		return nil, err
	}
	if len(pods) == 0 && !all {
		if err := c.NoNamespace(ctx, namespace); err != nil {
			return nil, err
		}
	}
	return c.targets(ctx, object, pods)
}

func (c *Client) byName(ctx context.Context, namespace string, r ref) ([]facts.Target, error) {
	bare := r.kind == ""
	if bare {
		r.kind = "pod"
	}
	k, err := c.kindOf(r.kind)
	if err != nil {
		return nil, err
	}
	object := fmt.Sprintf("%s %s/%s", k.name, namespace, r.name)
	if k.name == "pod" {
		c.expect(namespace, r.name)
		pod, err := c.getPod(ctx, namespace, r.name)
		if err != nil {
			return nil, c.suggest(ctx, bare, namespace, r.name, err)
		}
		return c.targets(ctx, object, []corev1.Pod{pod})
	}
	u, err := c.dynamic.Resource(k.resource).Namespace(namespace).Get(ctx, r.name, metav1.GetOptions{})
	if err != nil {
		return nil, c.notHere(ctx, k, namespace, r.name, c.explain("get "+object, err))
	}
	selector, err := podSelector(u)
	if err != nil {
		return nil, &NoPodsError{Object: object, Reason: err.Error()}
	}
	pods, err := c.listPods(ctx, namespace, selector)
	if err != nil {
		return nil, err
	}
	if len(pods) == 0 {
		return nil, &NoPodsError{Object: object, Reason: whyNone(u, selector)}
	}
	return c.targets(ctx, object, pods)
}

// podSelector reads spec.selector: a LabelSelector in workloads, a plain map
// in Services and ReplicationControllers.
func podSelector(u *unstructured.Unstructured) (string, error) {
	raw, found, err := unstructured.NestedMap(u.Object, "spec", "selector")
	if u.GetKind() == "CronJob" {
		return "", fmt.Errorf("has no pods of its own, its Jobs have them: kubectl get jobs -n %s, then job/NAME", u.GetNamespace())
	}
	if err != nil || !found || len(raw) == 0 {
		return "", errors.New("has no pod selector, so it leads to no pods; name a workload or a pod")
	}
	if raw["matchLabels"] == nil && raw["matchExpressions"] == nil {
		plain, _, err := unstructured.NestedStringMap(u.Object, "spec", "selector")
		if err != nil {
			return "", fmt.Errorf("has a selector that cannot be read: %w", err)
		}
		return labels.SelectorFromSet(plain).String(), nil
	}
	var ls metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &ls); err != nil {
		return "", fmt.Errorf("has a selector that cannot be read: %w", err)
	}
	s, err := metav1.LabelSelectorAsSelector(&ls)
	if err != nil {
		return "", fmt.Errorf("has a selector that cannot be read: %w", err)
	}
	return s.String(), nil
}

func whyNone(u *unstructured.Unstructured, selector string) string {
	replicas, found, err := unstructured.NestedInt64(u.Object, "spec", "replicas")
	if err == nil && found && replicas == 0 {
		return "is scaled to zero, so there is no pod to look at; scale it up first"
	}
	return "has no pods (no pod has the labels " + selector + ")"
}

// suggest adds to "pod not found" the workloads and the Service of a name that was given without a kind.
func (c *Client) suggest(ctx context.Context, bare bool, namespace, name string, err error) error {
	kinds := []string{"deploy", "sts", "ds", "svc"}
	if !bare || !apierrors.IsNotFound(err) {
		kinds = nil
	}
	var meant []string
	for _, short := range kinds {
		k, _ := knownKind(short)
		if _, e := c.dynamic.Resource(k.resource).Namespace(namespace).Get(ctx, name, metav1.GetOptions{}); e == nil {
			meant = append(meant, short+"/"+name)
		}
	}
	if len(meant) == 0 {
		pod, _ := knownKind("pod")
		return c.notHere(ctx, pod, namespace, name, err)
	}
	return fmt.Errorf("%w; did you mean %s?", err, strings.Join(meant, " or "))
}
