package apply

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func secretNamed(n, data string, labels map[string]string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "data": map[string]any{"tls.key": data}}}
	u.SetName(n)
	u.SetNamespace("redis")
	u.SetLabels(labels)
	u.SetAnnotations(map[string]string{"kubectl.kubernetes.io/last-applied-configuration": data})
	return u
}

// TestJournalHoldsNoSecret: whoever may read ConfigMaps must learn nothing of a Secret.
func TestJournalHoldsNoSecret(t *testing.T) {
	const key = "bm90IGEga2V5"
	changes := []Change{
		{Object: "Secret redis/ca", Action: Configured, Before: secretNamed("ca", key, nil), After: secretNamed("ca", "bmV3", nil)},
		{Object: "ConfigMap redis/ca", Action: Configured, Before: object(nil), After: object(map[string]any{"x": "y"})},
		{Object: "ConfigMap redis/same", Action: Unchanged, Before: object(nil), After: object(nil)},
	}
	j := Journal{Owner: "r", Step: StepApplying, Entries: entriesOf(changes), Origins: originsOf(changes, Options{OwnerKey: "k", OwnerValue: "r"})}
	text, err := json.Marshal(j)
	if err != nil || strings.Contains(string(text), key) || strings.Contains(string(text), "bmV3") {
		t.Errorf("the journal holds the Secret's data: %s %v", text, err)
	}
	if len(j.Entries) != 2 || j.Entries[1].Before["data"] == nil || j.Entries[0].After == "" || len(j.Origins) != 2 {
		t.Errorf("entries: %+v, origins: %d", j.Entries, len(j.Origins))
	}
}

func TestCarried(t *testing.T) {
	o := Options{OwnerKey: "k", OwnerValue: "r"}
	first := []Change{{Object: "ConfigMap redis/ca", Action: Configured, Before: object(nil), After: object(map[string]any{"k": "r"})}}
	origins := carried(nil, first, o)
	if len(origins) != 1 || origins[0].After != fingerprint(first[0].After) {
		t.Fatalf("taken over: %+v", origins)
	}
	second := []Change{{Object: "ConfigMap redis/ca", Action: Configured, Before: object(map[string]any{"k": "r"}), After: object(map[string]any{"k": "r", "z": "z"})}}
	again := carried(origins, second, o)
	want := origins[0]
	want.After = fingerprint(second[0].After)
	if diff := cmp.Diff([]Entry{want}, again); diff != "" {
		t.Errorf("a second change of a thing taken over keeps its first state and knows the newest (-want +got)\n%s", diff)
	}
	if own := carried(nil, second, o); len(own) != 0 {
		t.Errorf("an object of our own is no origin: %+v", own)
	}
}

// TestMade: undo compares with what the server made, which need not be what its dry run said.
func TestMade(t *testing.T) {
	o := Options{OwnerKey: "k", OwnerValue: "r"}
	planned := []Change{{Object: "ConfigMap redis/ca", Action: Configured, Before: object(nil), After: object(map[string]any{"k": "r", "at": "1"})}}
	j := &Journal{Entries: entriesOf(planned), Origins: carried(nil, planned, o)}
	made := planned[0]
	made.After = object(map[string]any{"k": "r", "at": "2"})
	j.Made([]Change{made, {Object: "ConfigMap redis/other", Action: Unchanged, Before: object(nil), After: object(nil)}})
	if want := fingerprint(made.After); j.Entries[0].After != want || j.Origins[0].After != want || j.Entries[0].Was != fingerprint(planned[0].Before) {
		t.Errorf("entry %+v, origin %+v", j.Entries[0], j.Origins[0])
	}
}

func TestDecodeJournal(t *testing.T) {
	j := &Journal{Owner: "r", Step: StepApplied, Started: time.Unix(1e9, 0).UTC(), Previous: &Journal{Owner: "r", Step: StepDone}}
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	u := object(map[string]any{JournalLabel: "r"})
	u.Object["data"] = map[string]any{journalKey: string(text)}
	got, err := decodeJournal(u)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(j, got, cmpopts.IgnoreUnexported(Journal{}), cmpopts.IgnoreFields(Journal{}, "Namespace")); diff != "" || got.Namespace != "redis" || got.version != "5" {
		t.Errorf("read back in %s at %s (-want +got)\n%s", got.Namespace, got.version, diff)
	}
	for what, data := range map[string]string{"no JSON": "{", "another owner's": `{"owner":"x","step":"done"}`, "no step": `{"owner":"r"}`} {
		u.Object["data"] = map[string]any{journalKey: data}
		if _, err := decodeJournal(u); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

// TestCarriedCompleted: what somebody did to their own object between two changes of it is kept in what is given back.
func TestCarriedCompleted(t *testing.T) {
	with := func(fields ...string) *unstructured.Unstructured {
		u := object(nil)
		for _, f := range fields {
			u.Object[f] = "x"
		}
		return u
	}
	o := Options{OwnerKey: "k", OwnerValue: "r", Release: func(live, before *unstructured.Unstructured) *unstructured.Unstructured {
		u := live.DeepCopy()
		if before.Object["tls"] == nil {
			delete(u.Object, "tls")
		}
		return u
	}}
	change := func(before, after *unstructured.Unstructured) []Change {
		return []Change{{Object: "ConfigMap redis/ca", Action: Configured, Before: before, After: after, Completes: true}}
	}
	origins := carried(nil, change(with(), with("tls")), o)
	if len(origins) != 1 || !origins[0].Completed {
		t.Fatalf("the origin is not marked: %+v", origins)
	}
	same := carried(origins, change(with("tls"), with("tls", "more")), o)
	if diff := cmp.Diff(with().Object, same[0].Before); diff != "" || same[0].After != fingerprint(with("tls", "more")) {
		t.Errorf("nobody changed it, and what is given back is another: %s", diff)
	}
	edited := carried(origins, change(with("tls", "theirs"), with("tls", "theirs", "more")), o)
	if diff := cmp.Diff(with("theirs").Object, edited[0].Before); diff != "" {
		t.Errorf("their change would be lost: %s", diff)
	}
}
