package apply

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
)

// TestMarkTaken: what is taken over is marked, stays marked, and what we made is not.
func TestMarkTaken(t *testing.T) {
	theirs, marked := object(nil), object(nil)
	marked.SetAnnotations(map[string]string{TakenOverAnnotation: "true"})
	for name, c := range map[string]struct {
		live *unstructured.Unstructured
		now  bool
		want bool
	}{"taken over": {theirs, true, true}, "again": {marked, false, true}, "ours": {theirs, false, false}} {
		s := &step{want: object(nil), live: c.live}
		s.want.SetAnnotations(map[string]string{"kept": "yes"})
		if s.markTaken(c.now); TakenOver(s.want) != c.want || s.want.GetAnnotations()["kept"] != "yes" {
			t.Errorf("%s: annotations %v", name, s.want.GetAnnotations())
		}
	}
}

// TestAsFound: only what was found, as it was found, may be deleted.
func TestAsFound(t *testing.T) {
	shown, other := object(nil), object(nil)
	other.SetName("other")
	changed := object(map[string]any{"team": "payments"})
	planned := Options{Planned: []Change{{Object: name(shown), Action: Deleted, Before: shown}}}
	for what, c := range map[string]struct {
		o    Options
		live *unstructured.Unstructured
		ok   bool
	}{
		"as shown": {planned, shown, true}, "changed": {planned, changed, false}, "not shown": {planned, other, false},
		"nothing was found": {Options{Planned: []Change{}}, shown, false}, "no plan": {Options{}, other, true},
	} {
		err := c.o.asFound(c.live)
		var moved *MovedError
		if c.ok != (err == nil) || !c.ok && !errors.As(err, &moved) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := deleteOne(t.Context(), &racing{labels: map[string]any{"k": "v"}}, object(nil), Options{OwnerKey: "k", OwnerValue: "v", Planned: planned.Planned}); err == nil {
		t.Error("an object that was changed while it was being deleted is deleted all the same")
	}
}

// TestFollows: a change that was begun after another one than was looked at is told.
func TestFollows(t *testing.T) {
	seen, newer := &Journal{version: "5"}, &Journal{version: "6"}
	for name, c := range map[string]struct {
		previous, earlier *Journal
		want              bool
	}{
		"none before": {nil, nil, true}, "the one that was seen": {seen, &Journal{version: "5"}, true}, "a newer one": {newer, seen, false},
		"one where none was": {seen, nil, false}, "none where one was": {nil, seen, false},
	} {
		if got := (&Journal{Previous: c.previous}).Follows(c.earlier); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestJournals: a journal that cannot be read hides no other.
func TestJournals(t *testing.T) {
	configMap := func(owner, text string) *unstructured.Unstructured {
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{journalKey: text}}}
		u.SetName(journalName(owner))
		u.SetNamespace("shop")
		u.SetLabels(map[string]string{JournalLabel: owner})
		return u
	}
	lists := map[schema.GroupVersionResource]string{{Version: "v1", Resource: "configmaps"}: "ConfigMapList"}
	c := New(fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists,
		configMap("a", "{"), configMap("b", `{"owner":"b","step":"applying"}`), configMap("c", `{"owner":"other","step":"done"}`)), nil)
	all, err := c.Journals(t.Context(), "shop")
	if len(all) != 1 || all[0].Owner != "b" || err == nil || !strings.Contains(err.Error(), "shop/a.mesh-tls-journal") || !strings.Contains(err.Error(), "shop/c.mesh-tls-journal") {
		t.Errorf("%d journals, %v", len(all), err)
	}
}

// TestIsOf: what is kept of one object is not put back as another.
func TestIsOf(t *testing.T) {
	u := object(nil)
	e := entriesOf([]Change{{Object: name(u), Action: Configured, Before: u, After: u}})[0]
	if got, err := (&Client{}).before(t.Context(), e); err != nil || got.GetName() != "ca" {
		t.Errorf("its own: %v", err)
	}
	for field, change := range map[string]func(*Entry){
		"name": func(e *Entry) { e.Name = "other" }, "namespace": func(e *Entry) { e.Namespace = "kube-system" }, "kind": func(e *Entry) { e.Kind = "Secret" }, "version": func(e *Entry) { e.APIVersion = "v2" },
	} {
		other := e
		change(&other)
		if _, err := (&Client{}).before(t.Context(), other); err == nil {
			t.Errorf("another %s: no error", field)
		}
	}
}

// TestDisownedWithoutKind: what the cluster serves no more is neither there nor an error.
func TestDisownedWithoutKind(t *testing.T) {
	c := New(fake.NewSimpleDynamicClient(runtime.NewScheme()), meta.NewDefaultRESTMapper(nil))
	j := &Journal{Entries: []Entry{{Object: "DestinationRule shop/x", APIVersion: "networking.istio.io/v1", Kind: "DestinationRule", Namespace: "shop", Name: "x", Action: Created}}}
	if lost, err := c.Disowned(t.Context(), j, Options{}); err != nil || len(lost) != 0 {
		t.Errorf("%v, %v", lost, err)
	}
}

// TestMovedToNewerVersion: an origin is put back in the version that its object has by then.
func TestMovedToNewerVersion(t *testing.T) {
	was, is := object(nil), object(map[string]any{"team": "payments"})
	was.SetAPIVersion("networking.istio.io/v1beta1")
	is.SetAPIVersion("networking.istio.io/v1")
	change := func(u *unstructured.Unstructured) Entry {
		return entriesOf([]Change{{Object: name(u), Action: Configured, Before: u, After: u, Completes: true}})[0]
	}
	e := change(was).moved(change(is), Options{Release: func(live, _ *unstructured.Unstructured) *unstructured.Unstructured { return live }})
	if got, err := (&Client{}).before(t.Context(), e); err != nil || e.APIVersion != "networking.istio.io/v1" || got.GetLabels()["team"] != "payments" {
		t.Errorf("%s: %v, %v", e.APIVersion, got, err)
	}
}
