package kube

import (
	"net/http"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// servedAPI has two groups of one start, one whose server is away, and a resource with parts.
func servedAPI() map[string]any {
	resources := func(items ...string) string {
		return `{"kind":"APIResourceList","apiVersion":"v1","resources":[` + strings.Join(items, ",") + `]}`
	}
	group := func(name, version string) string {
		return `{"name":"` + name + `","versions":[{"version":"` + version + `"}],"preferredVersion":{"version":"` + version + `"}}`
	}
	return map[string]any{
		"/apis":                          `{"kind":"APIGroupList","groups":[` + group("away.example", "v1") + `,` + group("argo.example", "v1") + `,` + group("argo.example.com", "v2") + `]}`,
		"/api/v1":                        resources(`{"name":"pods/exec","kind":"Pod","namespaced":true}`, `{"name":"pods","singularName":"pod","kind":"Pod","namespaced":true}`, `{"name":"nodes","kind":"Node"}`),
		"/apis/away.example/v1":          http.StatusServiceUnavailable,
		"/apis/argo.example/v1":          resources(`{"name":"rollouts","singularName":"rollout","kind":"Rollout","namespaced":true,"shortNames":["ro"]}`),
		"/apis/argo.example.com/v2":      resources(`{"name":"rollouts","singularName":"rollout","kind":"Rollout","namespaced":true}`, `{"name":"gates","kind":"Gate","namespaced":true}`),
		"/apis/argo.example.com/v2alpha": resources(`{"name":"gates","kind":"Gate","namespaced":true}`),
	}
}

// TestResourceOf proves where a kind is found, that a version is asked for once, and that what is not served is known as such.
func TestResourceOf(t *testing.T) {
	c, api := newClient(t, servedAPI())
	tests := map[schema.GroupVersionKind]struct {
		resource   string
		namespaced bool
		none       bool // not served
		fails      string
	}{
		{Version: "v1", Kind: "Pod"}:                             {resource: "pods", namespaced: true},
		{Version: "v1", Kind: "Node"}:                            {resource: "nodes"},
		{Group: "argo.example.com", Version: "v2", Kind: "Gate"}: {resource: "gates", namespaced: true},
		{Group: "argo.example", Version: "v1", Kind: "Gate"}:     {none: true},
		{Group: "argo.example", Version: "v9", Kind: "Rollout"}:  {none: true},
		{Group: "away.example", Version: "v1", Kind: "Rollout"}:  {fails: "ask what away.example/v1 has"},
	}
	for kind, tt := range tests {
		at, namespaced, err := c.ResourceOf(t.Context(), kind)
		if at.Resource != tt.resource || namespaced != tt.namespaced || meta.IsNoMatchError(err) != tt.none || (err == nil) != (tt.resource != "") ||
			tt.fails != "" && !strings.Contains(err.Error(), tt.fails) {
			t.Errorf("%s: got %v, %t, %v, want %+v", kind, at, namespaced, err, tt)
		}
	}
	before := len(api.asked)
	if _, _, err := c.ResourceOf(t.Context(), schema.GroupVersionKind{Version: "v1", Kind: "Pod"}); err != nil || len(api.asked) != before {
		t.Errorf("%v; asked again: %v", err, api.asked[before:])
	}
}

// TestSearch proves the names that kubectl takes for a kind which is not one of Kubernetes' own, and that a group
// whose server is away hides no other, but is named where nothing was found.
func TestSearch(t *testing.T) {
	c, _ := newClient(t, servedAPI())
	for name, want := range map[string]string{
		"ro": "argo.example/v1, Resource=rollouts", "rollout": "argo.example/v1, Resource=rollouts", "rollouts": "argo.example/v1, Resource=rollouts",
		"rollout.argo.example.com": "argo.example.com/v2, Resource=rollouts", "rollouts.argo.example.c": "argo.example.com/v2, Resource=rollouts",
		"gate": "argo.example.com/v2, Resource=gates", "gates.v2alpha.argo.example.com": "argo.example.com/v2alpha, Resource=gates", "pod": "/v1, Resource=pods",
	} {
		if got, err := c.search(t.Context(), name); err != nil || got.String() != want {
			t.Errorf("%s: got %v and %v, want %s", name, got, err, want)
		}
	}
	for name, want := range map[string]string{"gizmo": "away.example/v1", "pods/exec": "away.example/v1", "gate.argo.example.org": "no matches for"} {
		if got, err := c.search(t.Context(), name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v and %v, want %s in the error", name, got, err, want)
		}
	}
}
