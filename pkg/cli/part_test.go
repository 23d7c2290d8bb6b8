package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// clusterWith is a cluster whose API server answers these paths, and 404 to the rest.
func clusterWith(t *testing.T, answers map[string]string) *cluster {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if answers[r.URL.Path] == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte(answers[r.URL.Path]))
	}))
	t.Cleanup(server.Close)
	empty := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	flags := genericclioptions.NewConfigFlags(false)
	flags.APIServer, flags.KubeConfig = &server.URL, &empty
	c, err := kube.New(flags)
	if err != nil {
		t.Fatal(err)
	}
	return &cluster{c: c}
}

// TestForNobody: labels that no pod has are told before anything is written, and nothing else is.
func TestForNobody(t *testing.T) {
	const web = `{"metadata":{"name":"web-1","namespace":"shop"},"spec":{"containers":[{"name":"istio-proxy"}]},"status":{"phase":"Running"}}`
	for name, tt := range map[string]struct {
		pods   string
		labels map[string]string
		want   string
	}{
		"nobody":    {`{"kind":"PodList","apiVersion":"v1","items":[]}`, map[string]string{"app": "wbe"}, `"app=wbe" in namespace shop has no pods: nothing changes`},
		"somebody":  {`{"kind":"PodList","apiVersion":"v1","items":[` + web + `]}`, map[string]string{"app": "web"}, ""},
		"everybody": {`{"kind":"PodList","apiVersion":"v1","items":[]}`, nil, ""},
		"not known": {"", map[string]string{"app": "web"}, ""},
	} {
		p := &part{cluster: clusterWith(t, map[string]string{"/api/v1/namespaces/shop/pods": tt.pods, "/api/v1/namespaces/shop": `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"shop"}}`}),
			plan: istio.Plan{Intent: intent.Intent{Namespace: "shop", Recipe: intent.RecipeOrigination, Workload: tt.labels}}}
		got := strings.Join(p.forNobody(t.Context()), "\n")
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
