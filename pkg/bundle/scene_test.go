package bundle

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestSceneHoldsNoSecret: pods and unfinished changes are cleaned on the way into the file, the caller's pods are left alone, and
// of a Service's annotations only its visibility is kept.
func TestSceneHoldsNoSecret(t *testing.T) {
	const planted = "password=hunter2hunter2"
	pod := facts.Pod{Target: facts.Target{Namespace: "shop", Pod: "web-1", Labels: map[string]string{"app": "web", "x": planted}, Annotations: map[string]string{"a": planted}}, IPs: []string{"10.0.0.1"}}
	service, err := Object(map[string]any{"kind": "Service", "metadata": map[string]any{"name": "web", "annotations": map[string]any{exportTo: "shop", "other": "hunter2"}}})
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w, err := NewWriter(&packed, Manifest{}, Objects{Items: []json.RawMessage{service}, Pods: &Pods{Items: []facts.Pod{pod}, Error: "asked with " + planted},
		Changes: &Changes{Items: []Change{{Name: "web", About: planted}}, Problems: []string{planted}}})
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	r, err := Open(bytes.NewReader(packed.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	got := r.Objects
	p := got.Pods.Items[0].Target
	for _, text := range []string{p.Labels["x"], p.Annotations["a"], got.Pods.Error, got.Changes.Items[0].About, got.Changes.Problems[0], string(got.Items[0])} {
		if strings.Contains(text, "hunter2") || text == "" {
			t.Errorf("%q is in the bundle", text)
		}
	}
	if p.Labels["app"] != "web" || got.Pods.Items[0].IPs[0] != "10.0.0.1" || !strings.Contains(string(got.Items[0]), exportTo) {
		t.Errorf("with the secrets went facts: %+v, %s", got.Pods.Items[0], got.Items[0])
	}
	if pod.Target.Labels["x"] != planted {
		t.Error("the caller's pod was changed")
	}
}
