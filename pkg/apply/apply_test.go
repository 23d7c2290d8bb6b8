package apply

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// The tests on a real API server are in *_live_test.go (make e2e).

func object(labels map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "ca", "namespace": "redis", "uid": "u1", "resourceVersion": "5", "labels": labels},
		"data":     map[string]any{"a": "b"}}}
}

// TestOwnerLabelIsNeeded proves that nothing is written or deleted without it.
func TestOwnerLabelIsNeeded(t *testing.T) {
	c := New(nil, nil) // would panic if it were used
	if _, err := c.Apply(t.Context(), []*unstructured.Unstructured{object(nil)}, Options{}); err == nil {
		t.Error("apply went on without an owner label")
	}
	if _, err := c.Delete(t.Context(), []schema.GroupVersionKind{{Kind: "ConfigMap"}}, "redis", Options{OwnerKey: "k"}); err == nil {
		t.Error("delete went on without a value of the owner label")
	}
}

// TestLabelled proves that the label is added to a copy, and that what the
// server would refuse in an apply is left out.
func TestLabelled(t *testing.T) {
	u := object(map[string]any{"app": "x"})
	got := labelled(u, Options{OwnerKey: "k", OwnerValue: "v"})
	if diff := cmp.Diff(map[string]string{"app": "x", "k": "v"}, got.GetLabels()); diff != "" || got.GetResourceVersion() != "" {
		t.Errorf("resourceVersion %q, labels (-want +got)\n%s", got.GetResourceVersion(), diff)
	}
	if len(u.GetLabels()) != 1 {
		t.Error("the caller's object was changed")
	}
}

// TestSame proves what counts as a difference.
func TestSame(t *testing.T) {
	a, b := object(nil), object(nil)
	b.SetResourceVersion("6")
	b.SetGeneration(9)
	b.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "x"}})
	if !same(a, b) {
		t.Error("what the server counts made a difference")
	}
	b.Object["status"] = map[string]any{"x": "y"}
	if same(a, b) || !sameButStatus(a, b) {
		t.Error("a status is a difference for same, and none for sameButStatus")
	}
	b.SetLabels(map[string]string{"k": "v"})
	if sameButStatus(a, b) {
		t.Error("a label made no difference")
	}
}

// TestExplain proves that each refusal of the server becomes its own sentence.
func TestExplain(t *testing.T) {
	status := func(reason metav1.StatusReason, code int32, kind string, causes ...metav1.StatusCause) *apierrors.StatusError {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Reason: reason, Code: code, Message: "server words",
			Details: &metav1.StatusDetails{Kind: kind, Causes: causes}}}
	}
	forbidden := func(message string) error {
		e := status(metav1.StatusReasonForbidden, 403, "")
		e.ErrStatus.Message = message
		return e
	}
	errorOf := func(e *apierrors.StatusError, message string) error {
		e.ErrStatus.Message = message
		return e
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"namespace": {status(metav1.StatusReasonNotFound, 404, "namespaces"), `ConfigMap redis/ca: namespace "redis" does not exist; create it first: kubectl create namespace redis`},
		"fields": {status(metav1.StatusReasonConflict, 409, "configmaps", metav1.StatusCause{Type: metav1.CauseTypeFieldManagerConflict, Field: ".data.a", Message: `conflict with "kubectl-edit" using v1`}),
			"ConfigMap redis/ca: others set fields to other values: .data.a (set by kubectl-edit); take them over with --force-conflicts"},
		"moved":     {status(metav1.StatusReasonConflict, 409, "configmaps"), "apply ConfigMap redis/ca: someone else changed it at the same moment; run the command again: server words"},
		"forbidden": {forbidden(`configmaps "ca" is forbidden: User "jo" cannot patch resource`), `apply ConfigMap redis/ca: not allowed; ask for that right: configmaps "ca" is forbidden: User "jo" cannot patch resource`},
		"quota":     {forbidden("exceeded quota: q"), "apply ConfigMap redis/ca: the namespace's quota is used up; ask for more, or make room: exceeded quota: q"},
		"webhook":   {forbidden(`admission webhook "w" denied the request`), `apply ConfigMap redis/ca: admission webhook "w" denied the request`},
		"token":     {status(metav1.StatusReasonUnauthorized, 401, ""), "apply ConfigMap redis/ca: the API server does not accept the credentials; log in again: server words"},
		"old CRD":   {errorOf(status("", 500, ""), ".spec.x: field not declared in schema"), "apply ConfigMap redis/ca: the cluster's CRD has no such field, so the Istio there would not heed it; bring the CRDs up to the release of Istio that runs, or that one up to a release that has it: .spec.x: field not declared in schema"},
		"network":   {errors.New("no route"), "apply ConfigMap redis/ca: no route"},
	}
	for name, tt := range tests {
		if got := explain("apply", object(nil), tt.err); got.Error() != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", name, got, tt.want)
		}
	}
}

// TestMadeByUs proves that an object which another manager made in between is
// noticed.
func TestMadeByUs(t *testing.T) {
	u := object(nil)
	u.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: FieldManager}, {Manager: "pilot-discovery", Subresource: "status"}})
	if err := madeByUs(u, FieldManager); err != nil {
		t.Error(err)
	}
	u.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: FieldManager}, {Manager: "helm"}})
	if err := madeByUs(u, FieldManager); err == nil || !strings.Contains(err.Error(), "helm created it") {
		t.Errorf("got %v, want an error that names helm", err)
	}
}

// racing answers the first delete with a conflict, as when someone changed the
// object since it was listed, and then shows it with these labels.
type racing struct {
	dynamic.ResourceInterface
	labels  map[string]any
	deletes []string
}

func (r *racing) Delete(_ context.Context, _ string, o metav1.DeleteOptions, _ ...string) error {
	r.deletes = append(r.deletes, *o.Preconditions.ResourceVersion)
	if *o.Preconditions.ResourceVersion == "5" {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Reason: metav1.StatusReasonConflict, Code: http.StatusConflict}}
	}
	return nil
}

func (r *racing) Get(context.Context, string, metav1.GetOptions, ...string) (*unstructured.Unstructured, error) {
	u := object(r.labels)
	u.SetResourceVersion("6")
	return u, nil
}

// TestDeleteLooksAgain proves that an object that changed under our hands is
// deleted only if it is still ours.
func TestDeleteLooksAgain(t *testing.T) {
	o := Options{OwnerKey: "k", OwnerValue: "v"}
	still := &racing{labels: map[string]any{"k": "v"}}
	if c, err := deleteOne(t.Context(), still, object(nil), o); err != nil || c.Action != Deleted || !cmp.Equal(still.deletes, []string{"5", "6"}) {
		t.Errorf("still ours: %q, %v, deletes of versions %v", c.Action, err, still.deletes)
	}
	lost := &racing{labels: map[string]any{"k": "other"}}
	if c, err := deleteOne(t.Context(), lost, object(nil), o); err != nil || c.Action != Skipped || len(lost.deletes) != 1 {
		t.Errorf("no longer ours: %q, %v, deletes of versions %v", c.Action, err, lost.deletes)
	}
}

// TestHalfwayWords proves that the error tells what is left.
func TestHalfwayWords(t *testing.T) {
	cause := errors.New("no")
	tests := map[string]*HalfwayError{
		"no; nothing had been written":                                         {Cause: cause},
		"no; what had been written was put back (1 of 1), so all is as before": {Cause: cause, PutBack: []Change{{}}},
		"no; and what had been written could not all be put back: gone":        {Cause: cause, Leftover: errors.New("gone")},
	}
	for want, err := range tests {
		if err.Error() != want || !errors.Is(err, cause) {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}
