package kube

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestExpect proves that what is expected of a pod is begun when it is named, taken once, and that what is wrong with
// it is told as without. Nothing is begun for a pod that nobody expects anything of.
func TestExpect(t *testing.T) {
	c, api := newClient(t, map[string]any{"/api/v1/namespaces/redis/pods/p": podJSON{name: "p"}.String(), "/api/v1/namespaces/redis/pods/p/exec": http.StatusForbidden})
	var forwards atomic.Int32
	api.forward = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		forwards.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	resolve := func() facts.Target {
		t.Helper()
		targets, err := c.Resolve(t.Context(), "redis", []string{"pod/p"}, "", false)
		if err != nil || len(targets) != 1 {
			t.Fatalf("got %v and %v", targets, err)
		}
		return targets[0]
	}
	resolve()
	if c.begun != nil || forwards.Load() > 0 {
		t.Errorf("begun although nothing is expected: %d port-forwards", forwards.Load())
	}
	drop := c.Expect(t.Context(), true)
	x := resolve()
	if e := c.begun[x.String()]; e == nil || e.forward == nil || e.helper == nil {
		t.Fatalf("nothing was begun: %+v", e)
	}
	_, err := c.Admin(t.Context(), x)
	once := forwards.Load()
	if err == nil || once == 0 {
		t.Errorf("got %v after %d port-forwards, want the refusal of the one that was begun", err, once)
	}
	if _, err = c.Admin(t.Context(), x); err == nil || forwards.Load() != 2*once {
		t.Errorf("got %v, and %d port-forwards more, want a new one: the first was taken", err, forwards.Load()-once)
	}
	d := c.Dialer(x)
	d.Prepare(t.Context())
	if c.begun[x.String()].helper != nil || d.ready == nil {
		t.Error("the helper that was begun was not taken")
	}
	if _, err := d.Dial(t.Context(), "a:1"); !errors.Is(err, ErrForbidden) {
		t.Errorf("got %v, want ErrForbidden", err)
	}
	if drop(); c.begun != nil {
		t.Error("something is left")
	}
}
