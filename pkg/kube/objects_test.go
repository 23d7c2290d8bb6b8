package kube

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

const (
	groupPath = "/apis/networking.istio.io"
	allRules  = "/apis/networking.istio.io/v1/destinationrules"
	allHosts  = "/apis/networking.istio.io/v1/serviceentries"

	allBackends = "/apis/gateway.networking.k8s.io/v1/backendtlspolicies"
)

func served(versions ...string) string {
	var out []string
	for _, v := range versions {
		out = append(out, `{"groupVersion":"networking.istio.io/`+v+`","version":"`+v+`"}`)
	}
	return `{"kind":"APIGroup","apiVersion":"v1","name":"networking.istio.io","versions":[` + strings.Join(out, ",") + `]}`
}

func item(kind, name string) string {
	return `{"kind":"` + kind + `","apiVersion":"networking.istio.io/v1","metadata":{"name":"` + name + `","namespace":"redis"}}`
}

func page(next string, items ...string) string {
	return `{"kind":"List","apiVersion":"v1","metadata":{"continue":"` + next + `"},"items":[` + strings.Join(items, ",") + `]}`
}

// TestObjects proves paging, the way around a forbidden cluster-wide list, and
// that whatever could not be read is said.
func TestObjects(t *testing.T) {
	in := func(resource, ns string) string {
		return "/apis/networking.istio.io/v1/namespaces/" + ns + "/" + resource
	}
	tests := map[string]struct {
		api     map[string]any
		query   Query
		want    []string
		missing map[string]string
		fails   string
	}{
		"all, in pages": {
			api: map[string]any{groupPath: served("v1"), allHosts: page(""), allRules + "?limit=500": page("next", item("DestinationRule", "a")),
				allRules + "?continue=next&limit=500": page("", item("DestinationRule", "b"))},
			want: []string{"a", "b"},
		},
		"page expired": {
			api: map[string]any{groupPath: served("v1"), allHosts: page(""), allRules + "?limit=500": page("next", item("DestinationRule", "a")),
				allRules + "?continue=next&limit=500": http.StatusGone, allRules: page("", item("DestinationRule", "a"), item("DestinationRule", "b"))},
			want: []string{"a", "b"},
		},
		"not the whole cluster": {
			api: map[string]any{groupPath: served("v1"), allRules: 403, allHosts: page(""), in("destinationrules", "redis"): page("", item("DestinationRule", "a")),
				in("destinationrules", "istio-system"): page("", item("DestinationRule", "mesh"))},
			want:    []string{"a", "mesh"},
			missing: map[string]string{KindDestinationRule: "not allowed to list destinationrules in all namespaces; read in redis and istio-system only"},
		},
		"not even the root": {
			api: map[string]any{groupPath: served("v1"), allRules: 403, allHosts: page(""), in("destinationrules", "redis"): page("", item("DestinationRule", "a")),
				in("destinationrules", "istio-system"): 403},
			want:    []string{"a"},
			missing: map[string]string{KindDestinationRule: "not allowed to list destinationrules in all namespaces; not allowed to list destinationrules in namespace istio-system"},
		},
		"by label": {
			api:   map[string]any{groupPath: served("v1"), in("destinationrules", "redis") + "?labelSelector=owner%3Dx&limit=500": page("", item("DestinationRule", "a"))},
			query: Query{Kinds: []string{KindDestinationRule}, Namespaces: []string{"redis"}, Label: "owner=x"}, want: []string{"a"},
		},
		"no Istio": {
			api:     map[string]any{},
			missing: map[string]string{KindDestinationRule: ErrNoIstio.Error(), KindServiceEntry: ErrNoIstio.Error()},
		},
		"no Gateway API: nothing is missing": {api: map[string]any{}, query: Query{Kinds: []string{KindBackendPolicy}}},
		"policies of Gateway API":            {api: map[string]any{allBackends: page("", item(KindBackendPolicy, "a"))}, query: Query{Kinds: []string{KindBackendPolicy}}, want: []string{"a"}},
		"policies of Gateway API, in one namespace": {
			api: map[string]any{allBackends: 403, strings.Replace(allBackends, "v1/", "v1/namespaces/redis/", 1): page("", item(KindBackendPolicy, "a")),
				strings.Replace(allBackends, "v1/", "v1/namespaces/istio-system/", 1): page("")},
			query: Query{Kinds: []string{KindBackendPolicy}}, want: []string{"a"},
			missing: map[string]string{KindBackendPolicy: "not allowed to list backendtlspolicies in all namespaces; read in redis and istio-system only"},
		},
		"broken server":      {api: map[string]any{groupPath: served("v1"), allRules: 500}, fails: "list destinationrules in all namespaces"},
		"one kind is broken": {api: map[string]any{groupPath: served("v1"), allRules: 500, allHosts: page("")}, fails: "list destinationrules in all namespaces"},
		"broken policies of Gateway API": {api: map[string]any{allBackends: 500}, query: Query{Kinds: []string{KindBackendPolicy}},
			missing: map[string]string{KindBackendPolicy: "list backendtlspolicies in all namespaces"}},
		"unknown kind": {query: Query{Kinds: []string{"Gizmo"}}, fails: "Gizmo"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := newClient(t, tt.api)
			objects, missing, err := c.Objects(t.Context(), tt.query)
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("got %v, want %q in it", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range objects {
				got = append(got, u.GetName())
			}
			if tt.missing == nil {
				tt.missing = map[string]string{}
			}
			for kind, why := range missing { // of what the server said the beginning
				if want := tt.missing[kind]; want != "" && strings.HasPrefix(why, want+":") {
					missing[kind] = want
				}
			}
			if diff := cmp.Diff(tt.want, got) + cmp.Diff(tt.missing, missing); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestNetworkingVersion proves that the newest known version is chosen.
func TestNetworkingVersion(t *testing.T) {
	for want, answer := range map[string]any{
		"v1": served("v1alpha3", "v1beta1", "v1"), "v1beta1": served("v1alpha3", "v1beta1"), "v1alpha3": served("v2", "v1alpha3")} {
		c, _ := newClient(t, map[string]any{groupPath: answer})
		if got, err := c.NetworkingVersion(t.Context()); got != want || err != nil {
			t.Errorf("got %q and %v, want %q", got, err, want)
		}
	}
	for _, answer := range []any{404, served("v9")} {
		c, _ := newClient(t, map[string]any{groupPath: answer})
		if got, err := c.NetworkingVersion(t.Context()); got != "" || !errors.Is(err, ErrNoIstio) {
			t.Errorf("%v: got %q and %v, want ErrNoIstio", answer, got, err)
		}
	}
}

// TestIstioVersion proves each source of the version, and a reason without one.
func TestIstioVersion(t *testing.T) {
	istiod := func(name, label, image string) string {
		return podJSON{name: name, meta: `,"labels":{"app":"istiod","app.kubernetes.io/version":"` + label + `"}`, spec: `"containers":[{"name":"discovery","image":"` + image + `"}]`}.String()
	}
	pods := "/api/v1/namespaces/istio-system/pods"
	asked := "/api/v1/namespaces/redis/pods/%:15014/proxy/version" // the fake pods are of namespace redis
	tests := map[string]struct {
		api         map[string]any
		want, about string
	}{
		"asked":       {map[string]any{pods: list(istiod("a", "", "x:1.20.3")), strings.Replace(asked, "%", "a", 1): "1.31.1-abc-Clean"}, "1.31.1", ""},
		"label":       {map[string]any{pods: list(istiod("a", "1.30.0", "x:1.20.3"))}, "1.30.0", ""},
		"image":       {map[string]any{pods: list(istiod("a", "1.0.0", "host:5000/pilot:1.29.2-distroless"))}, "1.29.2", ""},
		"two":         {map[string]any{pods: list(istiod("a", "1.31.0", ""), istiod("b", "1.9.8", ""))}, "1.9.8", "1.9.8, 1.31.0"},
		"development": {map[string]any{pods: list(istiod("a", "1.0.0", "pilot:latest")), strings.Replace(asked, "%", "a", 1): "unknown-unknown-unknown"}, "", "development build"},
		"no istiod":   {map[string]any{pods: list()}, "", "no running pod with the label app=istiod"},
		"forbidden":   {map[string]any{pods: 403}, "", "not allowed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := newClient(t, tt.api)
			got, why := c.IstioVersion(t.Context())
			if got != tt.want || !strings.Contains(why, tt.about) || (tt.about == "") != (why == "") {
				t.Errorf("got %q and %q, want %q and %q in it", got, why, tt.want, tt.about)
			}
		})
	}
}

// TestUnreachable proves the sentence for an API server that is not there.
func TestUnreachable(t *testing.T) {
	c, _ := newClient(t, nil)
	gone := httptest.NewServer(http.NotFoundHandler())
	url := gone.URL
	gone.Close()
	flags := genericclioptions.NewConfigFlags(false)
	flags.APIServer, flags.KubeConfig = &url, c.flags.KubeConfig
	c, err := New(flags)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Resolve(t.Context(), "redis", []string{"deploy/web"}, "", false)
	if err == nil || !strings.Contains(err.Error(), "get deployment redis/web: cannot reach the API server "+url) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
	if _, err := c.EachObject(t.Context(), Query{}, nil); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("every kind: got %v", err)
	}
}
