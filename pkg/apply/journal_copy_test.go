package apply

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
)

// long is an object that has no place in a journal.
func long(kind, n string) *unstructured.Unstructured {
	u := object(map[string]any{"of": kind})
	u.SetKind(kind)
	u.SetName(n)
	u.Object["data"] = map[string]any{"a": strings.Repeat("0123456789", maxInline/10)}
	return u
}

// TestLongObjects: what is too long for the journal is kept beside it, each object in a copy
// of its own, Secrets in Secrets; it is read back as it was, and nothing is left of it.
func TestLongObjects(t *testing.T) {
	lists := map[schema.GroupVersionResource]string{{Version: "v1", Resource: "configmaps"}: "ConfigMapList", {Version: "v1", Resource: "secrets"}: "SecretList"}
	c := New(fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists), nil)
	o := Options{OwnerKey: "k", OwnerValue: "r"}
	var planned []Change
	for _, u := range []*unstructured.Unstructured{long("ConfigMap", "same"), long("Other", "same"), long("ConfigMap", strings.Repeat("x", 250)), long("ConfigMap", strings.Repeat("x", 249)+"y"), secretNamed("same", "a2V5", map[string]string{"x": "y"}), object(map[string]any{"x": "y"})} {
		planned = append(planned, Change{Object: name(u), Action: Configured, Before: u, After: object(map[string]any{"k": "r"})})
	}
	j, err := c.Begin(t.Context(), planned, "redis", StepApplying, time.Unix(1e9, 0), o)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := c.Journal(t.Context(), "redis", "r")
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range kept.Entries {
		for what, entry := range map[string]Entry{"entry": e, "origin": kept.Origins[i]} {
			if inline := entry.Before != nil; inline != (i == 5) || len(entry.Copy) > 253 {
				t.Errorf("%s %s: in the journal %v, copy %q", what, entry.Object, inline, entry.Copy)
			}
			if got, err := c.before(t.Context(), entry); err != nil || !cmp.Equal(got.Object, planned[i].Before.Object) {
				t.Errorf("%s %s is not what it was: %v", what, entry.Object, err)
			}
		}
	}
	if all, err := c.Journals(t.Context(), "redis"); err != nil || len(all) != 1 {
		t.Errorf("%d journals, %v: a copy passes for one", len(all), err)
	}
	j.version = "1" // the fake counts none
	if err := c.Drop(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	for gvr := range lists {
		if left, err := c.dynamic.Resource(gvr).List(t.Context(), metav1.ListOptions{}); err != nil || len(left.Items) != 0 {
			t.Errorf("%d %s left, %v", len(left.Items), gvr.Resource, err)
		}
	}
}

// TestCopyOfAnOrigin: what was taken over long ago keeps its own first state.
func TestCopyOfAnOrigin(t *testing.T) {
	first, second := object(nil), long("ConfigMap", "ca")
	j := &Journal{Origins: entriesOf([]Change{{Object: "ConfigMap redis/ca", Action: Configured, Before: first, After: second}}),
		Entries: entriesOf([]Change{{Object: "ConfigMap redis/ca", Action: Configured, Before: second, After: first}})}
	j.nameCopies()
	if j.Entries[0].Copy == "" || j.Origins[0].Copy != "" || j.Origins[0].Before == nil {
		t.Errorf("entry in %q, origin in %q", j.Entries[0].Copy, j.Origins[0].Copy)
	}
}

// TestUnpack: copies of earlier releases are read, damaged ones are an error without their content.
func TestUnpack(t *testing.T) {
	old := &unstructured.Unstructured{Object: map[string]any{"data": map[string]any{copyKeyPlain: "eyJhcGlWZXJzaW9uIjoidjEiLCJraW5kIjoiU2VjcmV0In0="}}}
	if got, err := unpack(old); err != nil || got.GetKind() != "Secret" {
		t.Errorf("%v, %v", got, err)
	}
	for _, data := range []map[string]any{nil, {copyKey: "bm8="}, {copyKey: "%"}, {copyKeyPlain: "bm8="}} {
		if _, err := unpack(&unstructured.Unstructured{Object: map[string]any{"data": data}}); err == nil {
			t.Errorf("%v: no error", data)
		}
	}
}
