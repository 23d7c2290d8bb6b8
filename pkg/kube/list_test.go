package kube

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestReadPage proves what is left out of an object and what stays, and that a
// text that is no list is an error.
func TestReadPage(t *testing.T) {
	const text = `{"kind":"List","metadata":{"continue":"more","resourceVersion":"1"},"items":[{"kind":"Rule","metadata":{"name":"a","namespace":"n",
		"labels":{"l":"1"},"annotations":{"a":"2","kubectl.kubernetes.io/last-applied-configuration":"{}"},"managedFields":[{"manager":"x"},1,
			{"manager":"apply","fieldsV1":{"f:metadata":{"f:labels":{}},"f:spec":{"f:host":{}}},"time":"2026-11-23T04:11:08Z"},
			{"manager":"label","fieldsV1":{"f:metadata":{"f:labels":{}}},"time":"2026-11-23T05:00:00Z"},
			{"manager":"odd","fieldsV1":[],"time":7}]},
		"spec":{"port":16222,"weight":0.5,"on":true,"none":null,"tabs\u0041":"a\tb","list":[1,{"a":[]}]}},
		{"kind":"Rule","metadata":{"name":"b","labels":null}}]}`
	var got []map[string]any
	next, err := readPage(strings.NewReader(text), func(u *unstructured.Unstructured) { got = append(got, u.Object) })
	if err != nil || next != "more" {
		t.Fatalf("got %q and %v", next, err)
	}
	spec := map[string]any{"port": int64(16222), "weight": 0.5, "on": true, "none": nil, "tabsA": "a\tb", "list": []any{int64(1), map[string]any{"a": []any{}}}}
	want := []map[string]any{{"kind": "Rule", "spec": spec, "metadata": map[string]any{"name": "a", "namespace": "n",
		"labels": map[string]any{"l": "1"}, "annotations": map[string]any{"a": "2"},
		"managedFields": []any{map[string]any{"time": "2026-11-23T04:11:08Z", "fieldsV1": map[string]any{"f:spec": map[string]any{}}}}}}, {"kind": "Rule", "metadata": map[string]any{"name": "b"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := readPage(strings.NewReader(`{"items":null}`), nil); err != nil {
		t.Errorf("an empty list: %v", err)
	}
	for _, bad := range []string{"", "[]", `{"items":[`, `{"items":{}}`, `{"items":[1]}`, "<html>", `{"items":[{"metadata":{"labels":{"l":1}}}]}`, `{"items":[]`} {
		if _, err := readPage(strings.NewReader(bad), func(*unstructured.Unstructured) {}); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
