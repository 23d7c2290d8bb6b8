package kube

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const podsOfShop = `{"kind": "PodList", "items": [
 {"metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}, "annotations": {"traffic.sidecar.istio.io/excludeInboundPorts": "9", "other": "x"}},
  "spec": {"serviceAccountName": "web-sa", "containers": [{"name": "app", "ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 9}]}, {"name": "istio-proxy"}]},
  "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}], "conditions": [{"type": "Ready", "status": "True"}]}},
 {"metadata": {"name": "db", "namespace": "shop", "labels": {"istio.io/dataplane-mode": "ambient"}},
  "spec": {"containers": [{"name": "app"}]}, "status": {"phase": "Running", "podIP": "10.0.0.2"}},
 {"metadata": {"name": "done", "namespace": "shop"}, "spec": {"containers": [{"name": "app"}]}, "status": {"phase": "Succeeded"}},
 {"metadata": {"name": "going", "namespace": "shop", "deletionTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"containers": [{"name": "app"}]}, "status": {"phase": "Running"}}]}`

func TestPods(t *testing.T) {
	c, _ := newClient(t, map[string]any{"/api/v1/namespaces/shop/pods": podsOfShop})
	got, err := c.Pods(context.Background(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	want := []facts.Pod{
		{Target: facts.Target{Context: c.Context(), Namespace: "shop", Pod: "db", Labels: map[string]string{"istio.io/dataplane-mode": "ambient"}, Annotations: map[string]string{}},
			IPs: []string{"10.0.0.2"}, Ports: map[string]int{}, Ambient: true},
		{Target: facts.Target{Context: c.Context(), Namespace: "shop", Pod: "web", Container: "istio-proxy", App: "app", Labels: map[string]string{"app": "web"}, Annotations: map[string]string{"traffic.sidecar.istio.io/excludeInboundPorts": "9"}},
			IPs: []string{"10.0.0.1", "fd00::1"}, Ports: map[string]int{"http": 8080, "9": 9}, ServiceAccount: "web-sa", Ready: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := c.Pods(context.Background(), "elsewhere"); err == nil {
		t.Error("a namespace that cannot be listed gives no error")
	}
}

// TestOwnerOf: a ReplicaSet stands for its Deployment, and for nothing else.
func TestOwnerOf(t *testing.T) {
	yes := true
	for name, c := range map[string]struct {
		hash  string
		owner metav1.OwnerReference
		want  facts.Ref
	}{
		"deployment":         {"7f8", metav1.OwnerReference{Kind: "ReplicaSet", Name: "web-7f8", Controller: &yes}, facts.Ref{Kind: "Deployment", Namespace: "shop", Name: "web"}},
		"another's template": {"", metav1.OwnerReference{Kind: "ReplicaSet", Name: "web-7f8", Controller: &yes}, facts.Ref{Kind: "ReplicaSet", Namespace: "shop", Name: "web-7f8"}},
		"stateful set":       {"", metav1.OwnerReference{Kind: "StatefulSet", Name: "db", Controller: &yes}, facts.Ref{Kind: "StatefulSet", Namespace: "shop", Name: "db"}},
		"no controller":      {"7f8", metav1.OwnerReference{Kind: "ReplicaSet", Name: "web-7f8"}, facts.Ref{}},
	} {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Labels: map[string]string{"pod-template-hash": c.hash}, OwnerReferences: []metav1.OwnerReference{c.owner}}}
		if got := ownerOf(p); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if k, known := KindNamed("deploy"); k != "deployment" || !known {
		t.Errorf("deploy is %q, %v", k, known)
	}
}
