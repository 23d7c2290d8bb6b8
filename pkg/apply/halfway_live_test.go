//go:build e2e

package apply_test

import (
	"context"
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
)

// refuseSecrets makes the API server refuse Secrets in the test's namespace,
// except in a dry run: an apply then fails after its check has passed.
func (l *live) refuseSecrets() {
	l.t.Helper()
	group := schema.GroupVersion{Group: "admissionregistration.k8s.io", Version: "v1"}
	policy := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": group.String(), "kind": "ValidatingAdmissionPolicy", "metadata": map[string]any{"name": l.namespace},
		"spec": map[string]any{
			"failurePolicy": "Fail",
			"matchConstraints": map[string]any{
				"namespaceSelector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": l.namespace}},
				"resourceRules": []any{map[string]any{"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "resources": []any{"secrets"},
					"operations": []any{"CREATE", "UPDATE"}}}},
			"validations": []any{map[string]any{"expression": "has(request.dryRun) && request.dryRun", "message": "no secrets today"}},
		}}}
	binding := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": group.String(), "kind": "ValidatingAdmissionPolicyBinding", "metadata": map[string]any{"name": l.namespace},
		"spec": map[string]any{"policyName": l.namespace, "validationActions": []any{"Deny"}}}}
	for resource, u := range map[string]*unstructured.Unstructured{"validatingadmissionpolicies": policy, "validatingadmissionpolicybindings": binding} {
		at := l.dynamic.Resource(group.WithResource(resource))
		if _, err := at.Create(l.t.Context(), u, metav1.CreateOptions{}); err != nil {
			l.t.Fatal(err)
		}
		l.t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			_ = at.Delete(ctx, u.GetName(), metav1.DeleteOptions{})
		})
	}
	at := l.dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace(l.namespace)
	for range 100 { // the policy takes effect within seconds
		probe := l.secret()
		probe.SetName("probe")
		if _, err := at.Create(l.t.Context(), probe, metav1.CreateOptions{}); err != nil {
			return
		}
		_ = at.Delete(l.t.Context(), "probe", metav1.DeleteOptions{})
		time.Sleep(200 * time.Millisecond)
	}
	l.t.Fatal("the admission policy never took effect")
}

// TestLiveHalfway proves that a write which fails after others were done takes
// those back: created ones are gone, configured ones as before, and the error
// says so.
func TestLiveHalfway(t *testing.T) {
	l := newLive(t)
	l.apply(ours, l.rule("before.example.internal"))
	before := l.get("redis")
	l.refuseSecrets()
	_, err := l.Apply(t.Context(), l.all(), ours)
	var halfway *apply.HalfwayError
	if !errors.As(err, &halfway) || halfway.Leftover != nil {
		t.Fatalf("got %v, want a *HalfwayError with nothing left over", err)
	}
	wantActions(t, "put back", halfway.PutBack, apply.Configured, apply.Deleted)
	after := l.get("redis")
	if l.count() != 1 || sni(after) != "before.example.internal" {
		t.Errorf("%d objects and sni %q, want the rule alone as it was", l.count(), sni(after))
	}
	if len(after.GetManagedFields()) != len(before.GetManagedFields()) {
		t.Errorf("field managers: %d before, %d after", len(before.GetManagedFields()), len(after.GetManagedFields()))
	}
	wantActions(t, "apply after it", l.apply(ours, l.entry(), l.rule("after.example.internal")), apply.Created, apply.Configured)
}
