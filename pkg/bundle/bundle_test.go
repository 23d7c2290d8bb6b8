package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

func clock() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 123456789, time.UTC) }

// answers is a proxy that answers every path with a saved text, whatever the query.
type answers map[string]string

type refusal struct{ status int }

func (r refusal) Error() string   { return "answered 503 Service Unavailable: INITIALIZING" }
func (r refusal) StatusCode() int { return r.status }

func (a answers) Get(_ context.Context, path string) (io.ReadCloser, error) {
	base := baseOf(path)
	text, has := a[base]
	switch {
	case !has:
		return nil, errors.New("connection refused")
	case text == "503":
		return nil, refusal{503}
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

// lab is a recorded sidecar of the lab.
func lab(t *testing.T, name string) answers {
	t.Helper()
	out := answers{"/ready": "LIVE\n"}
	for path, file := range map[string]string{"/config_dump": "config_dump.json", "/clusters": "clusters.json", "/stats": "stats", "/server_info": "server_info.json"} {
		text, err := os.ReadFile(filepath.Join("../envoy/testdata/lab", name, file))
		if err == nil {
			out[path] = string(text)
		}
	}
	if out["/config_dump"] == "" {
		t.Fatalf("no recorded sidecar %s", name)
	}
	return out
}

// pack writes a bundle of one target, and gives it back as a reader does.
func pack(t *testing.T, from Getter, target Target) (packed []byte, saved *Saved) {
	t.Helper()
	r := NewRecorder(from)
	if _, err := envoy.Read(context.Background(), target.Target, r, envoy.Scope{All: true}); err != nil && target.Error == "" {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := NewWriter(&b, Manifest{CreatedAt: clock(), Targets: []string{"ns/pod"}}, Objects{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Add(&target, r), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), unpack(t, b.Bytes())
}

func unpack(t *testing.T, packed []byte) *Saved {
	t.Helper()
	rd, err := Open(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	saved, err := rd.Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rd.Next(); !errors.Is(err, io.EOF) {
		t.Fatalf("after the last target: %v", err)
	}
	return saved
}

func read(t *testing.T, g Getter, s envoy.Scope) *facts.Proxy {
	t.Helper()
	p, err := envoy.Read(context.Background(), facts.Target{Namespace: "ns", Pod: "pod"}, g, s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSameFacts: what is read out of a bundle is what the proxy said, every fact of it.
func TestSameFacts(t *testing.T) {
	starting := lab(t, "client")
	starting["/ready"] = "503"
	silent := lab(t, "client")
	delete(silent, "/stats")
	delete(silent, "/clusters")
	for name, proxy := range map[string]answers{"client": lab(t, "client"), "web": lab(t, "web"), "starting": starting, "silent": silent} {
		_, saved := pack(t, proxy, Target{})
		if diff := cmp.Diff(read(t, proxy, envoy.Scope{All: true}), read(t, saved.Replay(), envoy.Scope{All: true})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestSameFactsOnRecordedDumps is the same of the dumps of other people's proxies,
// as far as Envoy itself wrote them.
func TestSameFactsOnRecordedDumps(t *testing.T) {
	dumps, err := filepath.Glob("../../../shared/captures/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(dumps) == 0 {
		t.Skip("the recorded dumps are not on this machine")
	}
	same := 0
	for _, file := range dumps {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		proxy := answers{"/config_dump": string(text)}
		if !bytes.Contains(text, []byte(`ConfigDump"`)) || !bytes.Contains(text, []byte("_clusters")) || strings.HasSuffix(file, "-all.json") {
			continue // another tool's spelling of it, or several answers in one
		}
		if _, err := envoy.Read(context.Background(), facts.Target{}, proxy, envoy.Scope{All: true}); err != nil {
			continue // not a dump: pkg/envoy's own tests say which
		}
		_, saved := pack(t, proxy, Target{})
		if diff := cmp.Diff(read(t, proxy, envoy.Scope{All: true}), read(t, saved.Replay(), envoy.Scope{All: true})); diff != "" {
			t.Errorf("%s: %.2000s", filepath.Base(file), diff)
		}
		same++
	}
	if same < 8 {
		t.Errorf("only %d dumps were compared", same)
	}
}

// TestNarrow: a question about some hosts gets those, as from a proxy.
func TestNarrow(t *testing.T) {
	_, saved := pack(t, lab(t, "client"), Target{})
	whole := read(t, saved.Replay(), envoy.Scope{All: true})
	const host = "redis.example.internal"
	some := read(t, saved.Replay(), envoy.Scope{Hosts: []string{host}})
	var want []facts.Upstream
	for _, u := range whole.Upstreams {
		if u.Host == host {
			want = append(want, u)
		}
	}
	if diff := cmp.Diff(want, some.Upstreams); diff != "" || len(want) == 0 {
		t.Errorf("%d upstreams: %s", len(want), diff)
	}
	if len(some.Secrets) == 0 || len(some.Secrets) >= len(whole.Secrets) || len(some.Inbound) != 0 {
		t.Errorf("%d of %d secrets, %d inbound", len(some.Secrets), len(whole.Secrets), len(some.Inbound))
	}
	if in := read(t, saved.Replay(), envoy.Scope{Hosts: []string{host}, Inbound: true}); len(in.Inbound) == 0 {
		t.Error("no inbound ports")
	}
}

// TestKeepsWhatEnvoyReads: every member that pkg/envoy decodes is on a list, so that
// a new fact does not get lost in bundles.
func TestKeepsWhatEnvoyReads(t *testing.T) {
	sources, err := filepath.Glob("../envoy/*.go")
	if err != nil {
		t.Fatal(err)
	}
	tag := regexp.MustCompile("`json:\"([^\",]+)[^`]*`")
	section := regexp.MustCompile(`(?m)^\s+"([a-z]+)":\s+\{part`)
	plain := map[string]bool{}
	all := map[string]bool{}
	for _, list := range []map[string]bool{dumpMembers, listMembers, statMembers, infoMembers, bundleMapMembers, certMembers} {
		for name := range list {
			all[name], plain[strings.ToLower(strings.ReplaceAll(name, "_", ""))] = true, true
		}
	}
	found := 0
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range tag.FindAllStringSubmatch(string(text), -1) {
			if found++; !all[m[1]] {
				t.Errorf("%s reads %q: add it to allow.go, after a look at what it can hold", filepath.Base(file), m[1])
			}
		}
		for _, m := range section.FindAllStringSubmatch(string(text), -1) {
			if found++; !plain[m[1]] {
				t.Errorf("%s reads the section %q, which no list of allow.go has", filepath.Base(file), m[1])
			}
		}
	}
	if found < 150 {
		t.Errorf("only %d members found: has the way they are written changed?", found)
	}
}

// TestTargetComesBack: times, labels and probes survive the way through a file.
func TestTargetComesBack(t *testing.T) {
	want := Target{Target: facts.Target{Context: "c", Namespace: "ns", Pod: "p", Container: "istio-proxy", Labels: map[string]string{"app": "x"}, Annotations: map[string]string{}},
		TakenAt: clock(), Envoy: "1", Istio: "2", Error: "why", Probes: []facts.Handshake{{Cluster: "c", Address: "a:1", At: clock(), Chain: []facts.Certificate{{DER: []byte{1}, DNS: []string{"x"}}}, Failure: facts.FailureClosed}}}
	_, saved := pack(t, answers{}, want)
	want.Answers = saved.Answers
	if diff := cmp.Diff(want, saved.Target); diff != "" {
		t.Error(diff)
	}
	if len(saved.Answers) == 0 || saved.Answers[0].Error == "" {
		t.Errorf("the error is not kept: %+v", saved.Answers)
	}
}

// tarball makes a gzipped tar of entries; the name alone makes a link.
func tarball(t *testing.T, entries ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	w := tar.NewWriter(gz)
	for _, e := range entries {
		h := &tar.Header{Name: e[0], Size: int64(len(e[1])), Mode: 0o600, Typeflag: tar.TypeReg}
		if strings.HasPrefix(e[1], "->") {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, e[1][2:], 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, e[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), gz.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func drain(packed []byte) error {
	r, err := Open(bytes.NewReader(packed))
	for err == nil {
		_, err = r.Next()
	}
	return err
}

func TestHostileBundles(t *testing.T) {
	manifest := [2]string{"bundle.json", `{"apiVersion":"mesh-tls.io/v1alpha1","kind":"Bundle","targets":["a"]}`}
	objects := [2]string{"objects.json", `{}`}
	target := [2]string{"targets/000000/target.json", `{}`}
	if err := drain(tarball(t, manifest, objects, target)); !errors.Is(err, io.EOF) {
		t.Fatalf("the smallest bundle: %v", err)
	}
	for name, c := range map[string]struct {
		packed []byte
		want   string
	}{
		"empty":           {nil, "no bundle"},
		"text":            {[]byte("hello, this is a file"), "no bundle"},
		"gzip of text":    {gzipped(t, "hello"), "cut off"},
		"another tar":     {tarball(t, [2]string{"x", "y"}), "no bundle"},
		"no objects":      {tarball(t, manifest), "cut off"},
		"bad manifest":    {tarball(t, [2]string{"bundle.json", "{"}), "bundle.json"},
		"another version": {tarball(t, [2]string{"bundle.json", `{"apiVersion":"mesh-tls.io/v9","kind":"Bundle"}`}), "v9"},
		"manifest a link": {tarball(t, [2]string{"bundle.json", "->/etc/passwd"}), "no bundle"},
		"too few targets": {tarball(t, manifest, objects), "0 of 1"},
		"too many":        {tarball(t, manifest, objects, target, [2]string{"targets/000001/target.json", "{}"}), "more targets"},
		"traversal":       {tarball(t, manifest, objects, [2]string{"targets/000000/../../../../x.json", "{}"}), "wrong place"},
		"absolute":        {tarball(t, manifest, objects, [2]string{"/etc/cron.d/x", "{}"}), "wrong place"},
		"link":            {tarball(t, manifest, objects, [2]string{"targets/000000/stats.json", "->/etc/passwd"}), "wrong place"},
		"mixed targets":   {tarball(t, manifest, objects, [2]string{"targets/000000/stats.json", "{}"}, [2]string{"targets/000001/target.json", "{}"}), "wrong place"},
		"bad target":      {tarball(t, manifest, objects, [2]string{"targets/000000/target.json", `{"answers": 1}`}), "target.json"},
		"many objects":    {tarball(t, manifest, [2]string{"objects.json", `{"items":[` + strings.Repeat(`{"kind":"Secret"},`, maxObjects) + `{}]}`}), "more than 100000 objects"},
		"a time of words": {tarball(t, [2]string{"bundle.json", `{"apiVersion":"mesh-tls.io/v1alpha1","kind":"Bundle","createdAt":"SECRETOFTIME"}`}), "not what this tool writes"},
		"bomb":            {tarball(t, manifest, objects, [2]string{"targets/000000/stats.json", strings.Repeat("\x00", 60<<20)}), "hundreds of times"},
	} {
		if err := drain(c.packed); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "SECRETOFTIME") {
			t.Errorf("%s: %v, want %q and nothing of the text", name, err, c.want)
		}
	}
	whole, _ := pack(t, lab(t, "client"), Target{})
	for n := 0; n < len(whole); n += 1 + n/7 {
		if err := drain(whole[:n]); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("cut off after %d of %d bytes: %v", n, len(whole), err)
		}
	}
	damaged := slices.Clone(whole)
	damaged[len(damaged)/2] ^= 0xff
	if err := drain(damaged); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a damaged bundle: %v", err)
	}
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	if _, err := io.WriteString(gz, text); err != nil {
		t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
