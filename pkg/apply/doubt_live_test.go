//go:build e2e

package apply_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
)

// TestLiveLostAnswer proves that a write whose answer never came, but which the server
// did, is taken back with the others: what is called "as before" is so.
func TestLiveLostAnswer(t *testing.T) {
	writes, lose := 0, 0
	l := newLiveBy(t, func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		got, err := next.RoundTrip(r)
		if r.Method == http.MethodPatch && r.URL.Query().Get("dryRun") == "" {
			if writes++; writes == lose {
				_ = got.Body.Close()
				return nil, errors.New("the line went dead")
			}
		}
		return got, err
	})
	for _, lose = range []int{1, 2, 3} { // of the entry, the rule and the secret, all new
		writes = 0
		_, err := l.Apply(t.Context(), l.all(), ours)
		var halfway *apply.HalfwayError
		if !errors.As(err, &halfway) || halfway.Leftover != nil || len(halfway.PutBack) != lose || l.count() != 0 {
			t.Errorf("answer %d lost: %v, %d objects left", lose, err, l.count())
		}
	}
	lose = 0
	l.apply(ours, l.all()...)
	lose, writes = 1, 0
	_, err := l.Apply(t.Context(), []*unstructured.Unstructured{l.rule("other.example.internal")}, ours)
	if got := sni(l.get("redis")); err == nil || got != "redis.example.internal" {
		t.Errorf("the answer to a change is lost: sni %q, %v", got, err)
	}
}

// TestLiveMadeAtOnce proves that an object which somebody else makes between our check and
// our write keeps their fields and loses ours.
func TestLiveMadeAtOnce(t *testing.T) {
	var l *live
	made := false
	l = newLiveBy(t, func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPatch && r.URL.Query().Get("dryRun") == "" && !made {
			made = true
			theirs := l.entry()
			theirs.SetLabels(map[string]string{"team": "payments"})
			if _, err := l.dynamic.Resource(entries).Namespace(l.namespace).Create(t.Context(), theirs, metav1.CreateOptions{FieldManager: "helm"}); err != nil {
				t.Error(err)
			}
		}
		return next.RoundTrip(r)
	})
	_, err := l.Apply(t.Context(), []*unstructured.Unstructured{l.entry()}, ours)
	if err == nil || !strings.Contains(err.Error(), "helm created it at the same moment") {
		t.Errorf("got %v", err)
	}
	left, err := l.dynamic.Resource(entries).Namespace(l.namespace).Get(t.Context(), "redis", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ours := slices.ContainsFunc(left.GetManagedFields(), func(m metav1.ManagedFieldsEntry) bool { return m.Manager == apply.FieldManager })
	if len(left.GetLabels()) != 1 || ours || left.Object["spec"] == nil {
		t.Errorf("labels %v, managers %v", left.GetLabels(), left.GetManagedFields())
	}
}

// TestLiveMoved proves that what somebody else changed after it was shown is not written
// over, and nothing else is written either.
func TestLiveMoved(t *testing.T) {
	l := newLive(t)
	l.apply(ours, l.entry(), l.rule("redis.example.internal"))
	dry := ours
	dry.DryRun = true
	again := []*unstructured.Unstructured{l.secret(), l.entry(), l.rule("new.example.internal")}
	o := ours
	o.Planned = l.apply(dry, again...)
	theirs := l.get("redis")
	theirs.SetAnnotations(map[string]string{"note": "of somebody else"})
	if _, err := l.dynamic.Resource(rules).Namespace(l.namespace).Update(t.Context(), theirs, metav1.UpdateOptions{FieldManager: "someone"}); err != nil {
		t.Fatal(err)
	}
	_, err := l.Apply(t.Context(), again, o)
	var moved *apply.MovedError
	if !errors.As(err, &moved) || sni(l.get("redis")) != "redis.example.internal" || l.count() != 2 {
		t.Errorf("got %v, sni %q, %d objects", err, sni(l.get("redis")), l.count())
	}
	o.Planned = l.apply(dry, again...)
	if _, err := l.Apply(t.Context(), again, o); err != nil || sni(l.get("redis")) != "new.example.internal" {
		t.Errorf("looked at again: %v", err)
	}
}

// TestLiveTerminating proves that nothing is written to an object that waits for its
// finalizers, and that deleting one says what it waits for.
func TestLiveTerminating(t *testing.T) {
	l := newLive(t)
	held := l.entry()
	held.SetFinalizers([]string{"example.com/hold"})
	l.apply(ours, held)
	t.Cleanup(func() { l.release(t) })
	gone, err := l.Delete(t.Context(), kinds, l.namespace, ours)
	if err != nil || len(gone) != 1 || len(gone[0].Finalizers) != 1 {
		t.Errorf("deleted: %+v, %v", gone, err)
	}
	var terminating *apply.TerminatingError
	if _, err := l.Apply(t.Context(), l.all(), ours); !errors.As(err, &terminating) || l.count() != 1 {
		t.Errorf("apply over it: %v, %d objects", err, l.count())
	}
	l.release(t)
	wantActions(t, "when it is gone", l.apply(ours, l.entry()), apply.Created)
}

// release lets go of the ServiceEntry.
func (l *live) release(t *testing.T) {
	t.Helper()
	at := l.dynamic.Resource(entries).Namespace(l.namespace)
	patch := []byte(`[{"op":"remove","path":"/metadata/finalizers"}]`)
	_, _ = at.Patch(t.Context(), "redis", "application/json-patch+json", patch, metav1.PatchOptions{})
}

// TestLiveDisowned proves that an object which lost our label is named, and neither deleted
// nor called taken back; that force ends the undo without it; and what is somebody else's
// from the start is passed over.
func TestLiveDisowned(t *testing.T) {
	l := newLive(t)
	planned := l.apply(apply.Options{OwnerKey: ours.OwnerKey, OwnerValue: ours.OwnerValue, DryRun: true}, l.entry(), l.rule("redis.example.internal"))
	j, err := l.Begin(t.Context(), planned, l.namespace, apply.StepApplying, time.Unix(1e9, 0), ours)
	if err != nil {
		t.Fatal(err)
	}
	theirs := l.rule("theirs.example.internal")
	if _, err := l.dynamic.Resource(rules).Namespace(l.namespace).Create(t.Context(), theirs, metav1.CreateOptions{FieldManager: "helm"}); err != nil {
		t.Fatal(err)
	}
	l.apply(ours, l.entry())
	patch := []byte(`{"metadata":{"labels":null}}`)
	if _, err := l.dynamic.Resource(entries).Namespace(l.namespace).Patch(t.Context(), "redis", "application/merge-patch+json", patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if lost, err := l.Disowned(t.Context(), j, ours); err != nil || len(lost) != 1 || !strings.HasPrefix(lost[0], "ServiceEntry") {
		t.Errorf("disowned: %v, %v", lost, err)
	}
	var disowned *apply.DisownedError
	if _, err := l.Revert(t.Context(), j, ours); !errors.As(err, &disowned) {
		t.Errorf("undo: %v", err)
	}
	force := ours
	force.ForceConflicts = true
	changes, err := l.Revert(t.Context(), j, force)
	if err != nil || l.count() != 2 {
		t.Errorf("undo by force: %v, %d objects left", err, l.count())
	}
	wantActions(t, "by force", changes, apply.Skipped, apply.Skipped)
}
