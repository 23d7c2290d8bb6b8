package istio

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Only our own objects count, and what was tampered with or half written is told,
// not guessed at; the other intents are still given.
func TestIntentsOfDamaged(t *testing.T) {
	tests := map[string]struct {
		edit func(entry, rule *unstructured.Unstructured)
		want string // in the error; "" for the intent without one
		none bool   // no intent and no error
	}{
		"good":             {edit: func(_, _ *unstructured.Unstructured) {}},
		"of somebody else": {edit: func(e, r *unstructured.Unstructured) { e.SetLabels(nil); r.SetLabels(nil) }, none: true},
		"other manager": {edit: func(e, r *unstructured.Unstructured) {
			e.SetLabels(nil)
			r.SetLabels(map[string]string{LabelManagedBy: "helm", LabelName: "x"})
		}, none: true},
		"edited, asked stays": {edit: func(_, r *unstructured.Unstructured) { r.Object["spec"] = map[string]any{"host": "x"} }},
		"entry is gone":       {edit: func(e, _ *unstructured.Unstructured) { e.SetLabels(nil) }},
		"no annotation":       {edit: func(_, r *unstructured.Unstructured) { r.SetAnnotations(nil) }, want: "run enable again"},
		"no JSON":             {edit: func(_, r *unstructured.Unstructured) { annotate(r, "{") }, want: "annotation"},
		"newer field":         {edit: func(_, r *unstructured.Unstructured) { annotate(r, `{"name":"n","clientCert":"x"}`) }, want: "newer version"},
		"not valid": {edit: func(_, r *unstructured.Unstructured) {
			annotate(r, strings.Replace(r.GetAnnotations()[AnnotationIntent], "SIMPLE", "", 1))
		}, want: "mode"},
		"copied elsewhere": {edit: func(_, r *unstructured.Unstructured) { r.SetNamespace("other") }, want: "was copied"},
		"label changed":    {edit: func(_, r *unstructured.Unstructured) { r.SetLabels(ownLabels("other")) }, want: "label changed"},
		"cut off in the middle": {edit: func(_, r *unstructured.Unstructured) {
			annotate(r, strings.Replace(r.GetAnnotations()[AnnotationIntent], "16222", "16223", 1))
		}, want: "cut off"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			other, err := Build(redis(func(i *intent.Intent) { i.Name = "zz" }), Options{NetworkingVersion: "v1"})
			if err != nil {
				t.Fatal(err)
			}
			plan, err := Build(redis(), Options{NetworkingVersion: "v1"})
			if err != nil {
				t.Fatal(err)
			}
			tt.edit(plan.Objects[0], plan.Objects[1])
			got, err := Intents(append(append(other.Objects, plan.Objects...), nil))
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			good := 2
			if tt.want == "cut off" || tt.none || tt.want != "" && !strings.Contains(tt.want, "copied") && !strings.Contains(tt.want, "label") {
				good = 1
			}
			if len(got) != good || got[len(got)-1].Name != "zz" {
				t.Errorf("got %+v, want %d of them", got, good)
			}
		})
	}
}

func annotate(u *unstructured.Unstructured, text string) {
	u.SetAnnotations(map[string]string{AnnotationIntent: text})
}
