package kube

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

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
