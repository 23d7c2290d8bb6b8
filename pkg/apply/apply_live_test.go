//go:build e2e

package apply_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
)

func wantActions(t *testing.T, what string, got []apply.Change, want ...apply.Action) {
	t.Helper()
	if diff := cmp.Diff(want, actions(got)); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", what, diff)
	}
}

// TestLiveApplyTwice proves on a real API server that a dry run writes nothing,
// that a second apply writes nothing (the resourceVersion stays), and that a
// change touches only what differs.
func TestLiveApplyTwice(t *testing.T) {
	l := newLive(t)
	dry := ours
	dry.DryRun = true
	wantActions(t, "dry run", l.apply(dry, l.all()...), apply.Created, apply.Created, apply.Created)
	if n := l.count(); n != 0 {
		t.Fatalf("a dry run left %d objects", n)
	}
	first := l.apply(ours, l.all()...)
	wantActions(t, "first", first, apply.Created, apply.Created, apply.Created)
	if first[1].Object != "DestinationRule "+l.namespace+"/redis" || first[1].Before != nil || first[1].After == nil {
		t.Errorf("change of a created object: %q, before %v", first[1].Object, first[1].Before != nil)
	}
	version := l.get("redis").GetResourceVersion()
	wantActions(t, "second", l.apply(ours, l.all()...), apply.Unchanged, apply.Unchanged, apply.Unchanged)
	if now := l.get("redis").GetResourceVersion(); now != version {
		t.Errorf("the second apply moved the resourceVersion from %s to %s", version, now)
	}
	wantActions(t, "changed", l.apply(ours, l.entry(), l.rule("other.example.internal"), l.secret()), apply.Unchanged, apply.Configured, apply.Unchanged)
	if got := sni(l.get("redis")); got != "other.example.internal" {
		t.Errorf("sni is %q", got)
	}
}

// TestLiveNotOwned proves that an object of someone else is neither overwritten
// nor joined by the rest of the set; that Adopt takes it over although another
// manager owns its fields; and that Undo gives it back whole, managers included.
func TestLiveNotOwned(t *testing.T) {
	l := newLive(t)
	theirs := l.rule("theirs.example.internal")
	theirs.SetLabels(map[string]string{"team": "payments"})
	if _, err := l.dynamic.Resource(rules).Namespace(l.namespace).Create(t.Context(), theirs, metav1.CreateOptions{FieldManager: "someone"}); err != nil {
		t.Fatal(err)
	}
	before := l.get("redis")
	_, err := l.Apply(t.Context(), l.all(), ours)
	var notOwned *apply.NotOwnedError
	if !errors.As(err, &notOwned) || notOwned.Object != "DestinationRule "+l.namespace+"/redis" {
		t.Fatalf("got %v, want a *NotOwnedError that names the rule", err)
	}
	if n := l.count(); n != 1 || sni(l.get("redis")) != "theirs.example.internal" {
		t.Fatalf("after the refusal there are %d objects and sni %q, want theirs alone", n, sni(l.get("redis")))
	}
	adopt := ours
	adopt.Adopt = true
	changes := l.apply(adopt, l.all()...)
	wantActions(t, "adopt", changes, apply.Created, apply.Configured, apply.Created)
	if got := sni(l.get("redis")); got != "redis.example.internal" {
		t.Errorf("after adopting, sni is %q", got)
	}
	undone, err := l.Undo(t.Context(), changes)
	if err != nil {
		t.Fatal(err)
	}
	wantActions(t, "undo", undone, apply.Deleted, apply.Configured, apply.Deleted)
	after := l.get("redis")
	for _, u := range []*unstructured.Unstructured{before, after} {
		for _, f := range []string{"resourceVersion", "generation"} {
			unstructured.RemoveNestedField(u.Object, "metadata", f)
		}
	}
	if diff := cmp.Diff(before.Object, after.Object); diff != "" || l.count() != 1 {
		t.Errorf("undo left %d objects; the rule before and after (-before +after):\n%s", l.count(), diff)
	}
	other := ours
	other.OwnerValue = "another"
	l.apply(adopt, l.rule("redis.example.internal"))
	if _, err := l.Apply(t.Context(), l.all(), other); !errors.As(err, &notOwned) || notOwned.Owner != "redis" {
		t.Errorf("a rule of another owner: got %v", err)
	}
}

// TestLiveRefused proves that a set of which the server (here Istio's webhook)
// refuses one object in the dry run is not written at all, and that a missing
// namespace has words of its own.
func TestLiveRefused(t *testing.T) {
	l := newLive(t)
	bad := l.rule("redis.example.internal")
	_ = unstructured.SetNestedField(bad.Object, "MUTUAL", "spec", "trafficPolicy", "tls", "mode") // without a client certificate
	bad.SetLabels(map[string]string{"istio.io/rev": "default"})                                   // some webhooks look at labelled objects only
	_, err := l.Apply(t.Context(), []*unstructured.Unstructured{l.entry(), bad}, ours)
	if err == nil || !strings.Contains(err.Error(), "apply DestinationRule "+l.namespace+"/redis") || l.count() != 0 {
		t.Errorf("got %v and %d objects, want a refusal that names the rule, and none", err, l.count())
	}
	lost := l.entry()
	lost.SetNamespace("apply-live-nowhere")
	var none *apply.NoNamespaceError
	if _, err := l.Apply(t.Context(), []*unstructured.Unstructured{lost}, ours); !errors.As(err, &none) || none.Namespace != "apply-live-nowhere" {
		t.Errorf("got %v, want a *NoNamespaceError", err)
	}
}

// TestLiveConflict proves that a field which another manager has set is
// reported with manager and field, and is taken only by force.
func TestLiveConflict(t *testing.T) {
	l := newLive(t)
	l.apply(ours, l.all()...)
	theirs := l.rule("theirs.example.internal")
	if _, err := l.dynamic.Resource(rules).Namespace(l.namespace).Apply(t.Context(), "redis", theirs, metav1.ApplyOptions{FieldManager: "gitops", Force: true}); err != nil {
		t.Fatal(err)
	}
	_, err := l.Apply(t.Context(), l.all(), ours)
	var conflict *apply.ConflictError
	want := []apply.FieldConflict{{Manager: "gitops", Field: ".spec.trafficPolicy.tls.sni"}}
	if !errors.As(err, &conflict) || !cmp.Equal(conflict.Fields, want) {
		t.Fatalf("got %v (%+v), want %+v", err, conflict, want)
	}
	force := ours
	force.ForceConflicts = true
	wantActions(t, "force", l.apply(force, l.all()...), apply.Unchanged, apply.Configured, apply.Unchanged)
}

// TestLiveDelete proves that only objects with our value of the label go, that
// the order is reversed, that a second time there is nothing to do, and that
// Undo makes them again.
func TestLiveDelete(t *testing.T) {
	l := newLive(t)
	l.apply(ours, l.all()...)
	other := ours
	other.OwnerValue = "mariadb"
	kept := l.rule("a.example.internal")
	kept.SetName("mariadb")
	l.apply(other, kept)
	gone, err := l.Delete(t.Context(), kinds, l.namespace, ours)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range gone {
		names = append(names, strings.Fields(c.Object)[0])
	}
	if diff := cmp.Diff([]string{"Secret", "DestinationRule", "ServiceEntry"}, names); diff != "" || l.count() != 1 || l.get("mariadb") == nil {
		t.Errorf("%d objects are left; deleted (-want +got)\n%s", l.count(), diff)
	}
	again, err := l.Delete(t.Context(), kinds, l.namespace, ours)
	if err != nil || len(again) != 0 {
		t.Errorf("a second time: %v and %v, want nothing", actions(again), err)
	}
	if _, err := l.Undo(t.Context(), gone); err != nil || l.count() != 4 || sni(l.get("redis")) != "redis.example.internal" {
		t.Errorf("after undo: %d objects and %v, want 4", l.count(), err)
	}
	wantActions(t, "apply after undo", l.apply(ours, l.all()...), apply.Unchanged, apply.Unchanged, apply.Unchanged)
}
