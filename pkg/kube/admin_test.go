package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// envoy is an admin port with one path for each behaviour.
func envoy(t *testing.T) *httptest.Server {
	t.Helper()
	over := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/config_dump", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"query":%q}`, r.URL.RawQuery)
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2<<20)) })
	mux.HandleFunc("/most", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) })
	mux.HandleFunc("/hangs", func(http.ResponseWriter, *http.Request) { <-over })
	mux.HandleFunc("/stalls", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		w.(http.Flusher).Flush()
		<-over
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		for range 8 { // 800 ms in all, never still for long
			_, _ = w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			time.Sleep(100 * time.Millisecond)
		}
	})
	mux.HandleFunc("/bad", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("\n\x1b[31mno such thing\nsecond line"))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(func() { close(over); s.Close() })
	return s
}

func fetch(ctx context.Context, a *Admin, path string) (string, error) {
	body, err := a.Get(ctx, path)
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(body)
	return string(text), err
}

// TestAdminGet proves that requests over a websocket and over SPDY (a server
// that refuses websockets) get the proxy's answers, through one port-forward
// and one connection to the proxy.
func TestAdminGet(t *testing.T) {
	for _, old := range []bool{false, true} {
		t.Run(fmt.Sprintf("noWebsocket=%v", old), func(t *testing.T) {
			f := &forwardServer{backend: envoy(t).Listener.Addr().String(), noWebsocket: old}
			a, _ := newAdmin(t, f)
			for _, path := range []string{"/config_dump?name_regex=.%2A", "config_dump?name_regex=.%2A"} {
				if got, err := fetch(t.Context(), a, path); err != nil || got != `{"query":"name_regex=.%2A"}` {
					t.Errorf("%s: got %q and %v", path, got, err)
				}
			}
			if got, err := fetch(t.Context(), a, "most"); err != nil || len(got) != 1<<20 {
				t.Errorf("an answer of exactly the limit: %d bytes and %v", len(got), err)
			}
			if got, err := fetch(t.Context(), a, "slow"); err != nil || got != "xxxxxxxx" {
				t.Errorf("a slow answer that goes on: %q and %v", got, err)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.upgrades != 1 || f.streams != 1 {
				t.Errorf("%d port-forwards and %d connections, want 1 and 1", f.upgrades, f.streams)
			}
		})
	}
}

// TestAdminErrors proves that each trouble has an end and its own words.
func TestAdminErrors(t *testing.T) {
	tests := map[string]struct {
		path, refuse string
		want         []string
		is           error
	}{
		"hangs":   {path: "hangs", want: []string{"admin port 15000 of redis/p for /hangs", "sent nothing for 300ms"}, is: ErrTimeout},
		"stalls":  {path: "stalls", want: []string{"/stalls", "sent nothing for 300ms"}, is: ErrTimeout},
		"status":  {path: "bad", want: []string{"/bad: answered 503 Service Unavailable: [31mno such thing"}},
		"unknown": {path: "nothing", want: []string{"/nothing: answered 404 Not Found: 404 page not found"}},
		"large":   {path: "large", want: []string{"larger than 1048576 bytes"}},
		"refused": {path: "x", refuse: "failed to connect to localhost:15000: dial tcp4 127.0.0.1:15000: connect: connection refused", want: []string{"nothing listens there"}},
		"other":   {path: "x", refuse: "no network \x1b namespace", want: []string{"no network   namespace"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, _ := newAdmin(t, &forwardServer{backend: envoy(t).Listener.Addr().String(), refuse: tt.refuse})
			_, err := fetch(t.Context(), a, tt.path)
			if err == nil || (tt.is != nil && !errors.Is(err, tt.is)) {
				t.Fatalf("got error %v, want one that is %v", err, tt.is)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
		})
	}
}

// TestAdminInterrupted proves that ctx ends a request at once, with its cause.
func TestAdminInterrupted(t *testing.T) {
	a, _ := newAdmin(t, &forwardServer{backend: envoy(t).Listener.Addr().String()})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := fetch(ctx, a, "hangs"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// TestAdminPodChanges proves that a proxy that goes away in the middle is told
// as such, and that answers of two lives of a proxy are never mixed.
func TestAdminPodChanges(t *testing.T) {
	tests := map[string]struct {
		now  any // what the API says of the pod afterwards
		want string
	}{
		"restarted": {podJSON{name: "p", restarts: "1"}.String(), "its proxy restarted meanwhile (restarts: 0 before, 1 now)"},
		"deleted":   {http.StatusNotFound, "the pod was deleted meanwhile"},
		"going":     {podJSON{name: "p", meta: `,"deletionTimestamp":"2030-01-01T00:00:00Z"`}.String(), "the pod is being deleted"},
		"crashing": {podJSON{name: "p", status: `"containerStatuses":[{"name":"istio-proxy","restartCount":0,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]`}.String(),
			"container istio-proxy waits: CrashLoopBackOff"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			// The proxy closes the connection after each answer, so that the
			// second request needs a new one, which would work.
			var closing atomic.Bool
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				closing.Store(true)
				w.Header().Set("Connection", "close")
			}))
			defer server.Close()
			a, api := newAdmin(t, &forwardServer{backend: server.Listener.Addr().String()})
			if _, err := fetch(t.Context(), a, "ready"); err != nil || !closing.Load() {
				t.Fatal("the first request should work:", err)
			}
			api.set(podsPath+"/p", tt.now)
			if _, err := fetch(t.Context(), a, "ready"); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

// TestAdminLostConnection proves that a broken port-forward ends a request.
func TestAdminLostConnection(t *testing.T) {
	f := &forwardServer{backend: envoy(t).Listener.Addr().String()}
	a, _ := newAdmin(t, f)
	a.timeout = time.Minute
	time.AfterFunc(50*time.Millisecond, f.drop)
	done := make(chan error, 1)
	go func() {
		_, err := fetch(t.Context(), a, "hangs")
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the request outlives its connection")
	}
}

// TestAdminCannotOpen proves the words for a port-forward that is refused, and
// for a pod whose proxy does not run.
func TestAdminCannotOpen(t *testing.T) {
	c, api := newClient(t, map[string]any{podsPath + "/p": podJSON{name: "p"}.String(),
		podsPath + "/w": podJSON{name: "w", status: `"containerStatuses":[{"name":"istio-proxy","state":{"waiting":{"reason":"CrashLoopBackOff"}}}]`}.String()})
	api.forward = &forwardServer{status: http.StatusForbidden}
	targets, err := c.Resolve(t.Context(), "", []string{"p", "w"}, "", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Admin(t.Context(), targets[0]); !errors.Is(err, ErrForbidden) || !strings.Contains(err.Error(), "port-forward to redis/p: not allowed") {
		t.Errorf("forbidden: got %v", err)
	}
	if _, err := c.Admin(t.Context(), targets[1]); err == nil || !strings.Contains(err.Error(), "CrashLoopBackOff") {
		t.Errorf("crashing: got %v", err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	c.config.Host, c.Timeout = "http://"+silent.Addr().String(), 100*time.Millisecond
	if _, err := c.Admin(t.Context(), targets[0]); err == nil {
		t.Error("an API server that never answers gave no error")
	}
}

// TestAdminLeavesNothing proves that Close ends every goroutine, also after
// requests that hang and answers that were not read.
func TestAdminLeavesNothing(t *testing.T) {
	f := &forwardServer{backend: envoy(t).Listener.Addr().String()}
	warm, _ := newAdmin(t, f) // what client-go keeps for good is started here
	_, _ = fetch(t.Context(), warm, "config_dump")
	_ = warm.Close()
	before := settled(t, 0)
	a, _ := newAdmin(t, f)
	_, _ = fetch(t.Context(), a, "config_dump")
	_, _ = fetch(t.Context(), a, "hangs")
	if body, err := a.Get(t.Context(), "large"); err == nil {
		_ = body.Close()
	}
	_ = a.Close()
	if after := settled(t, before); after > before {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after:\n%s", before, after, buf[:runtime.Stack(buf, true)])
	}
}

// settled waits until the number of goroutines is at most want; a busy machine needs
// seconds for that. Without a want it gives them half a second to end.
func settled(t *testing.T, want int) int {
	t.Helper()
	n, tries := runtime.NumGoroutine(), 30
	if want > 0 {
		tries = 500
	}
	for range tries {
		if n = runtime.NumGoroutine(); want > 0 && n <= want {
			break
		}
		http.DefaultClient.CloseIdleConnections()
		time.Sleep(20 * time.Millisecond)
	}
	return n
}
