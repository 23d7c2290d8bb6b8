package envoy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestScopedStranded compares both ways where virtualOutbound hands nothing over, or is gone, and where a listener of
// another name does it in its place: asked for some hosts only, a reader sees neither unless it asks for them.
func TestScopedStranded(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*testing.T, *fakeEnvoy)
		unread bool
	}{
		"nothing is handed over":    {stopHanding, true},
		"no listener is there":      {func(t *testing.T, f *fakeEnvoy) { renameHander(t, f, false) }, true},
		"another listener does so":  {func(t *testing.T, f *fakeEnvoy) { renameHander(t, f, true) }, false},
		"virtualOutbound as it was": {func(*testing.T, *fakeEnvoy) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := loadFake(t, "testdata/lab/client")
			c.change(t, f)
			redis := filter(readAll(t, f).Upstreams, func(u facts.Upstream) bool { return u.Host == "redis.example.internal" })
			if len(redis) == 0 || len(redis[0].Listeners) == 0 || strings.Contains(redis[0].Listeners[0].Unread, "use_original_dst") != c.unread {
				t.Errorf("in full: %+v", redis)
			}
			compareAges(t, func(f *fakeEnvoy) { c.change(t, f) })
		})
	}
}

// stopHanding takes use_original_dst from virtualOutbound.
func stopHanding(t *testing.T, f *fakeEnvoy) {
	t.Helper()
	for _, l := range outboundListeners(t, f) {
		if l["name"] == "virtualOutbound" {
			l["use_original_dst"] = false
		}
	}
}

// renameHander takes virtualOutbound away, and puts a copy under another name and port in its place where told.
func renameHander(t *testing.T, f *fakeEnvoy, copied bool) {
	t.Helper()
	for _, section := range f.dump["configs"].([]any) {
		section := section.(map[string]any)
		entries, _ := section["dynamic_listeners"].([]any)
		at := slices.IndexFunc(entries, func(e any) bool { return e.(map[string]any)["name"] == "virtualOutbound" })
		if at < 0 {
			continue
		}
		text, err := json.Marshal(entries[at])
		if err != nil {
			t.Fatal(err)
		}
		section["dynamic_listeners"] = slices.Delete(entries, at, at+1)
		if copied {
			var other any
			if err := json.Unmarshal([]byte(strings.NewReplacer("virtualOutbound", "ours", "15001", "15101").Replace(string(text))), &other); err != nil {
				t.Fatal(err)
			}
			section["dynamic_listeners"] = append(section["dynamic_listeners"].([]any), other)
		}
	}
}

func outboundListeners(t *testing.T, f *fakeEnvoy) []map[string]any {
	t.Helper()
	var out []map[string]any
	for _, section := range f.dump["configs"].([]any) {
		entries, _ := section.(map[string]any)["dynamic_listeners"].([]any)
		for _, e := range entries {
			if active, is := e.(map[string]any)["active_state"].(map[string]any); is {
				out = append(out, active["listener"].(map[string]any))
			}
		}
	}
	if len(out) == 0 {
		t.Fatal("no listeners in the dump")
	}
	return out
}
