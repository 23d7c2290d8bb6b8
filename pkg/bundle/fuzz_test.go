package bundle

import (
	"bytes"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
)

// FuzzOpen: no file makes a reader panic, hang or hold more than its bounds.
func FuzzOpen(f *testing.F) {
	t := &testing.T{}
	f.Add([]byte(nil))
	f.Add(tarball(t, [2]string{"bundle.json", `{"apiVersion":"mesh-tls.io/v1alpha1","kind":"Bundle","targets":["a"]}`}, [2]string{"objects.json", `{}`},
		[2]string{"targets/000000/stats.json", "{}"}, [2]string{"targets/000000/target.json", `{"answers": [{"path": "/stats", "file": "stats.json"}]}`}))
	f.Add(tarball(t, [2]string{"../x", "->/etc/passwd"}))
	f.Fuzz(func(t *testing.T, packed []byte) {
		if err := drain(packed); err == nil {
			t.Fatal("a reader that does not end")
		}
	})
}

// FuzzRedact: what is kept of JSON is JSON, keeps nothing more when it is redacted
// again, and holds no private key.
func FuzzRedact(f *testing.F) {
	f.Add([]byte(planted()))
	f.Add([]byte(`{"configs": [{"a": {"match": 1}}], "typed_config": {"typed_config": {"@type": "RedisProxy"}}}`))
	f.Add([]byte("a: 1\nb: x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, path := range []string{"/config_dump", "/clusters?format=json", "/stats", "/server_info", "/ready", "nothing"} {
			once, err := redacted(path, bytes.NewReader(text))
			if err != nil {
				continue
			}
			if len(text) > 0 && (text[0] == '{' || text[0] == '[') && !json.Valid(once) {
				t.Fatalf("%s: no JSON any more: %q", path, once)
			}
			twice, err := redacted(path, bytes.NewReader(once))
			if err != nil || !bytes.Equal(once, twice) && path == "/config_dump" && json.Valid(once) {
				t.Fatalf("%s: redacted again: %v\n%q\n%q", path, err, once, twice)
			}
			if bytes.Contains(once, []byte("BEGIN PRIVATE KEY")) {
				t.Fatalf("%s: %q", path, once)
			}
		}
	})
}

// TestDeep: configurations thousands deep inside each other take no memory to speak of.
func TestDeep(t *testing.T) {
	const depth = 2000
	text := `{"configs": [` + strings.Repeat(`{"typed_config": `, depth) + `{"name": "` + strings.Repeat("x", 1<<20) + `"}` + strings.Repeat("}", depth) + `]}`
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	out, err := redacted("/config_dump", strings.NewReader(text))
	runtime.ReadMemStats(&after)
	if err != nil || !json.Valid(out) || len(out) > 1<<20 {
		t.Errorf("%v, %d bytes", err, len(out))
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 200<<20 {
		t.Errorf("%d MiB were used for 1 MiB", used>>20)
	}
}
