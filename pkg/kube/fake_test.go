package kube

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// fakeAPI is an API server made of fixed answers: path (with query where it
// matters) to a JSON text or a status code.
type fakeAPI struct {
	mu      sync.Mutex
	answers map[string]any
	asked   []string
	forward http.Handler // of .../portforward
}

func (f *fakeAPI) set(path string, answer any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[path] = answer
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.forward != nil && strings.HasSuffix(r.URL.Path, "/portforward") {
		f.forward.ServeHTTP(w, r)
		return
	}
	f.mu.Lock()
	f.asked = append(f.asked, r.URL.String())
	answer, ok := f.answers[r.URL.String()]
	if !ok {
		answer, ok = f.answers[r.URL.Path]
	}
	f.mu.Unlock()
	if !ok {
		answer = http.StatusNotFound
	}
	w.Header().Set("Content-Type", "application/json")
	switch a := answer.(type) {
	case string:
		_, _ = w.Write([]byte(a))
	case int:
		status := metav1.Status{Status: "Failure", Code: int32(a), Message: "fake: " + r.URL.Path + ": " + http.StatusText(a)}
		status.Kind, status.APIVersion = "Status", "v1"
		status.Reason = map[int]metav1.StatusReason{403: metav1.StatusReasonForbidden, 404: metav1.StatusReasonNotFound,
			401: metav1.StatusReasonUnauthorized, 410: metav1.StatusReasonExpired}[a]
		w.WriteHeader(a)
		_ = json.NewEncoder(w).Encode(status)
	}
}

// newClient starts a fake API server and a Client of it, in namespace redis.
func newClient(t *testing.T, answers map[string]any) (*Client, *fakeAPI) {
	t.Helper()
	fake := &fakeAPI{answers: answers}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	empty := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	flags := genericclioptions.NewConfigFlags(false)
	namespace := "redis"
	flags.APIServer, flags.KubeConfig, flags.Namespace = &server.URL, &empty, &namespace
	c, err := New(flags)
	if err != nil {
		t.Fatal(err)
	}
	return c, fake
}

// list is the JSON of a list of objects.
func list(items ...string) string {
	return `{"kind":"List","apiVersion":"v1","metadata":{},"items":[` + strings.Join(items, ",") + `]}`
}

// podJSON is a running pod; its parts are what the tests vary.
type podJSON struct {
	name, phase, meta, spec, status string
	restarts                        string
	ready                           string
}

func (p podJSON) String() string {
	or := func(s, d string) string {
		if s == "" {
			return d
		}
		return s
	}
	return `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"` + p.name + `","namespace":"redis","uid":"u-` + p.name + `"` + p.meta + `},` +
		`"spec":{` + or(p.spec, `"containers":[{"name":"app"},{"name":"istio-proxy"}]`) + `},` +
		`"status":{"phase":"` + or(p.phase, "Running") + `","conditions":[{"type":"Ready","status":"` + or(p.ready, "True") + `"}],` +
		or(p.status, `"containerStatuses":[{"name":"istio-proxy","restartCount":`+or(p.restarts, "0")+`,"state":{"running":{}}}]`) + `}}`
}
