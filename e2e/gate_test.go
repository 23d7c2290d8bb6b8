//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// gate stands between the plugin and the API server, on loopback, and stops at the n-th write: before it reaches
// the server, or after the server has done it and before the plugin learns of it. So a test can kill the plugin
// at every step, without any help of the plugin.
type gate struct {
	*httptest.Server
	mu      sync.Mutex
	n       int // writes so far
	stopAt  int
	after   bool
	deny    bool          // answer the n-th write with a refusal, and go on
	reached chan string   // what was stopped
	release chan struct{} // closed when the plugin is dead
}

// newGate opens a gate that lets everything pass.
func newGate(t *testing.T) *gate {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	config.NextProtos = []string{"http/1.1"} // port-forwards upgrade their connection
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	host, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(host)
	proxy.Transport = transport
	proxy.FlushInterval = -1
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	g := &gate{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.serve(w, r, proxy) }))
	t.Cleanup(g.Close)
	return g
}

// arm makes the gate stop at the n-th write from now on; 0 is never.
func (g *gate) arm(n int, after bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n, g.stopAt, g.after, g.reached, g.release = 0, n, after, make(chan string, 1), make(chan struct{})
}

// writesSeen counts the writes since the gate was armed.
func (g *gate) writesSeen() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.n
}

func (g *gate) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	g.mu.Lock()
	stop, after, deny, reached, release := false, g.after, g.deny, g.reached, g.release
	if writes(r) {
		g.n++
		stop = g.n == g.stopAt
	}
	g.mu.Unlock()
	if !stop {
		next.ServeHTTP(w, r)
		return
	}
	if deny {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"refused by the gate","code":403}`)
		return
	}
	if after {
		next.ServeHTTP(httptest.NewRecorder(), r)
	}
	reached <- fmt.Sprintf("%s %s", r.Method, r.URL.Path)
	<-release
}

// writes tells whether a request changes the cluster. A dry run says so in its query, or, where it deletes, in its
// body.
func writes(r *http.Request) bool {
	if r.Method == http.MethodGet || r.URL.Query().Get("dryRun") != "" || strings.Contains(r.URL.Path, "/apis/authorization.k8s.io/") {
		return false
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && (r.Method != http.MethodDelete || !bytes.Contains(body, []byte("dryRun")))
}

// through is the suite with a kubeconfig that leads through the gate; of several clusters, the first one's.
func (s *suite) through(t *testing.T, g *gate) *suite {
	t.Helper()
	file := write(t, filepath.Join(s.work, "gate.kubeconfig"), fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: gate, cluster: {server: %s}}]
contexts: [{name: gate, context: {cluster: gate}}]
current-context: gate
`, g.URL))
	gated := *s
	gated.env = append([]string(nil), s.env...)
	for i, v := range gated.env {
		if files, is := strings.CutPrefix(v, "KUBECONFIG="); is {
			_, others, _ := strings.Cut(files, ":")
			gated.env[i] = strings.TrimSuffix("KUBECONFIG="+file+":"+others, ":")
		}
	}
	return &gated
}
