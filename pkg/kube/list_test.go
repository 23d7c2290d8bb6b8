package kube

import (
	"fmt"
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

// ruleList is a list of n DestinationRules, as the API server gives it.
func ruleList(n int) string {
	var b strings.Builder
	b.WriteString(`{"apiVersion":"networking.istio.io/v1","items":[`)
	for i := range n {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"creationTimestamp":"2026-11-23T11:04:36Z","generation":1,
			"managedFields":[{"apiVersion":"networking.istio.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:exportTo":{},"f:host":{},"f:trafficPolicy":{"f:tls":{"f:caCertificates":{},"f:mode":{},"f:sni":{},"f:subjectAltNames":{}}}}},"manager":"kubectl","operation":"Apply","time":"2026-11-23T11:04:36Z"}],
			"name":"h%04[1]d","namespace":"shop","resourceVersion":"%[1]d","uid":"a8f1-%[1]d"},"spec":{"exportTo":["."],"host":"h%04[1]d.example.internal","trafficPolicy":{"tls":{"caCertificates":"/etc/ca/ca.pem","mode":"SIMPLE","sni":"h%04[1]d.example.internal","subjectAltNames":["h%04[1]d.example.internal"]}}}}`, i)
	}
	return b.String() + `],"kind":"DestinationRuleList","metadata":{"continue":"","resourceVersion":"9"}}`
}

// TestReadPageIsLean bounds what a rule of a list costs while it is read: a verify reads all rules of the cluster, and
// with thousands of them that is most of its memory.
func TestReadPageIsLean(t *testing.T) {
	const objects, most = 500, 28
	text := ruleList(objects)
	n := 0
	allocations := testing.AllocsPerRun(3, func() {
		if _, err := readPage(strings.NewReader(text), func(*unstructured.Unstructured) { n++ }); err != nil {
			t.Fatal(err)
		}
	})
	if n != 4*objects {
		t.Errorf("%d objects were read, want %d", n, 4*objects)
	}
	if each := allocations / objects; each > most {
		t.Errorf("an object took %.1f allocations, want at most %d", each, most)
	}
}

// BenchmarkReadPage reads a page of rules.
func BenchmarkReadPage(b *testing.B) {
	text := ruleList(500)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readPage(strings.NewReader(text), func(*unstructured.Unstructured) {}); err != nil {
			b.Fatal(err)
		}
	}
}
