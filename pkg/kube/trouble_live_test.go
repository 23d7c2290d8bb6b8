//go:build e2e

package kube

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// ownPod starts an injected pod in a namespace of its own, with the image of the
// lab's client, and waits until it runs.
func ownPod(t *testing.T, c *Client) facts.Target {
	t.Helper()
	lab := liveTarget(t, c)
	model, err := c.getPod(t.Context(), lab.Namespace, lab.Pod)
	if err != nil {
		t.Fatal(err)
	}
	namespaces := c.dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	ns, err := namespaces.Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{"generateName": "kube-live-", "labels": map[string]any{labelNamespace: "enabled"}}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = namespaces.Delete(ctx, ns.GetName(), metav1.DeleteOptions{})
	})
	k, _ := knownKind("pod")
	_, err = c.dynamic.Resource(k.resource).Namespace(ns.GetName()).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p"},
		"spec": map[string]any{"terminationGracePeriodSeconds": int64(1), "containers": []any{
			map[string]any{"name": "app", "image": model.Spec.Containers[0].Image, "command": []any{"sleep", "3600"}}}}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 240 {
		p, err := c.getPod(t.Context(), ns.GetName(), "p")
		if err == nil && ready(&p) {
			targets, err := c.Resolve(t.Context(), ns.GetName(), []string{"p"}, "", false)
			if err != nil {
				t.Fatal(err)
			}
			return targets[0]
		}
		time.Sleep(500 * time.Millisecond)
	}
	t.Fatal("the pod was not ready within two minutes")
	return facts.Target{}
}

// signal sends a signal to the Envoy of the pod.
func signal(t *testing.T, c *Client, x facts.Target, sig string) {
	t.Helper()
	run, err := c.executor(x, []string{"bash", "-c",
		`for d in /proc/[0-9]*; do read -r n <"$d/comm"; [ "$n" = envoy ] && kill -"$1" "${d#/proc/}"; done; printf %s "$2"`, "bash", sig, mark})
	if err != nil {
		t.Fatal(err)
	}
	p := startPipe(t.Context(), run)
	defer func() { _ = p.Close() }()
	if err := p.waitOpen(t.Context(), 10*time.Second); err != nil {
		t.Fatal("signal the proxy:", err)
	}
}

// TestLiveTrouble proves on a real proxy that one which hangs is told within the
// timeout and can be asked again afterwards, and that a restart in the middle is
// an error that says so, never an answer of the new life.
func TestLiveTrouble(t *testing.T) {
	c := liveClient(t)
	x := ownPod(t, c)
	c.Timeout = 3 * time.Second
	a, err := c.Admin(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	if _, err := fetch(t.Context(), a, "server_info"); err != nil {
		t.Fatal("a healthy proxy:", err)
	}
	signal(t, c, x, "STOP")
	_, err = fetch(t.Context(), a, "server_info")
	signal(t, c, x, "CONT")
	if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "sent nothing for 3s") {
		t.Errorf("a proxy that hangs: got %v", err)
	}
	if _, err := fetch(t.Context(), a, "server_info"); err != nil {
		t.Error("the proxy goes on, and so should the port-forward:", err)
	}
	signal(t, c, x, "KILL")
	for range 120 {
		_, err := fetch(t.Context(), a, "server_info")
		if err == nil {
			t.Fatal("the new life of the proxy was read as if it were the old one")
		}
		if strings.Contains(err.Error(), "restarted meanwhile") {
			return
		}
		t.Log("on the way:", err)
		time.Sleep(500 * time.Millisecond)
	}
	t.Error("the restart was never told")
}
