//go:build e2e

package apply_test

import (
	"errors"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
)

// TestLiveTakenOver proves that an object that was taken over says so as long as it is ours, that no
// second owner takes it, and that nothing is deleted that was changed since it was looked at.
func TestLiveTakenOver(t *testing.T) {
	l := newLive(t)
	if _, err := l.dynamic.Resource(rules).Namespace(l.namespace).Create(t.Context(), l.rule("theirs.example.internal"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	adopt := ours
	adopt.Adopt, adopt.MarkTaken = true, true
	again := adopt
	again.Adopt = false
	wantActions(t, "taken over", l.apply(adopt, l.rule("redis.example.internal")), apply.Configured)
	wantActions(t, "again", l.apply(again, l.rule("redis.example.internal")), apply.Unchanged)
	if !apply.TakenOver(l.get("redis")) {
		t.Errorf("annotations %v", l.get("redis").GetAnnotations())
	}

	second := adopt
	second.OwnerValue = "second"
	_, err := l.Apply(t.Context(), []*unstructured.Unstructured{l.rule("second.example.internal")}, second)
	var owned *apply.NotOwnedError
	if !errors.As(err, &owned) || !strings.Contains(err.Error(), "disable redis first") || sni(l.get("redis")) != "redis.example.internal" {
		t.Errorf("a second owner: %v, sni %s", err, sni(l.get("redis")))
	}

	only := []schema.GroupVersionKind{kinds[1]}
	dry := ours
	dry.DryRun = true
	found, err := l.Delete(t.Context(), only, l.namespace, dry)
	if err != nil {
		t.Fatal(err)
	}
	l.apply(again, l.rule("changed.example.internal"))
	seen := ours
	seen.Planned = found
	_, err = l.Delete(t.Context(), only, l.namespace, seen)
	var moved *apply.MovedError
	if !errors.As(err, &moved) || l.get("redis") == nil {
		t.Errorf("deleted, though it was changed since: %v", err)
	}
}
