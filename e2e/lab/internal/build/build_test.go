package build

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func sources(t *testing.T, change string) Sources {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "e2e/lab/parts")
	for _, f := range []string{"go.mod", "go.sum", "coredns/main.go", "kwok/go.mod", "kwok/go.sum", "krew/go.mod", "krew/go.sum"} {
		text := "x"
		if f == change {
			text = "y"
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, f)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := FindSources("/", filepath.Join(root, "e2e"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The same pins give the same cache wherever the tree lies, others another.
func TestKey(t *testing.T) {
	key := func(change string) string {
		k, err := sources(t, change).Key()
		if err != nil || len(k) != 12 {
			t.Fatalf("Key = %q, %v", k, err)
		}
		return k
	}
	if here, there := key(""), key(""); here != there {
		t.Error("the key depends on where the tree lies")
	}
	for _, f := range []string{"go.mod", "go.sum", "coredns/main.go", "kwok/go.mod"} {
		if key("") == key(f) {
			t.Errorf("a change of %s does not change the key", f)
		}
	}
	if _, err := FindSources("/nowhere"); err == nil {
		t.Error("found sources in /nowhere")
	}
}

// The version that the lab's Istio tells of itself is that of its API in parts/go.mod.
func TestIstioVersion(t *testing.T) {
	const parts = "../../parts"
	text, err := os.ReadFile(filepath.Join(parts, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range []string{"istio.io/api", "istio.io/client-go"} {
		if want := module + " v" + IstioVersion + " "; !strings.Contains(string(text), "\t"+want) {
			t.Errorf("%s/go.mod does not pin %s: set IstioVersion to the release that it pins, then \"lab manifests e2e/lab/manifests\"", parts, want)
		}
	}
	if !strings.Contains(strings.Join(goFlags, " "), "istio.io/istio/pkg/version.buildVersion="+IstioVersion) {
		t.Errorf("the flags of the parts do not name Istio %s: %q", IstioVersion, goFlags)
	}
}

// It is one of the minor release that the module's own tree says it is.
func TestIstioVersionOfTheModule(t *testing.T) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "istio.io/istio")
	cmd.Dir, cmd.Env = "../../parts", append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	dir := strings.TrimSpace(string(out))
	switch {
	case err != nil && strings.Contains(dir, "GOPROXY=off"), err == nil && dir == "":
		t.Skip("skipped: the module istio.io/istio is not in the cache (lab build fetches it)")
	case err != nil:
		t.Fatalf("go list: %v\n%s", err, dir)
	}
	file, err := os.ReadFile(filepath.Join(dir, "VERSION"))
	if minor := strings.TrimSpace(string(file)); err != nil || minor == "" || !strings.HasPrefix(IstioVersion, minor+".") {
		t.Errorf("the module's VERSION says %q (%v), IstioVersion %s", minor, err, IstioVersion)
	}
}

func TestSelect(t *testing.T) {
	parts, err := Select([]string{"krew"})
	if err != nil || parts[len(parts)-1].Name != "krew" {
		t.Errorf("Select(krew) = %v, %v, want krew last", parts, err)
	}
	if _, err := Select([]string{"docker"}); err == nil || !strings.Contains(err.Error(), "istioctl, kwok, krew") {
		t.Errorf("Select(docker): %v, want the names that exist", err)
	}
}

func TestTimeLeft(t *testing.T) {
	at := time.Unix(1000, 0)
	ago := func(s int) time.Time { return at.Add(-time.Duration(s) * time.Second) }
	for name, c := range map[string]struct {
		steps []*step
		want  time.Duration
	}{
		"not begun":                {[]*step{{seconds: 100}}, 100 * time.Second},
		"half":                     {[]*step{{seconds: 100, begun: ago(50)}}, 50 * time.Second},
		"over its time":            {[]*step{{seconds: 100, begun: ago(500)}}, 10 * time.Second},
		"all done":                 {[]*step{{seconds: 100, done: true, took: time.Second}}, 0},
		"twice as slow as planned": {[]*step{{seconds: 60, done: true, took: 180 * time.Second}, {seconds: 100}}, 200 * time.Second},
		"the slower lane decides":  {[]*step{{seconds: 10}, {lane: hostLane, seconds: 70}}, 70 * time.Second},
	} {
		if got := timeLeft(c.steps, at); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestExplain(t *testing.T) {
	for text, want := range map[string]string{
		"dial tcp 127.0.0.1:1: connect: connection refused": "GOPROXY",
		"write x: no space left on device":                  "disk is full",
		"syntax error":                                      "syntax error",
	} {
		in := errors.New(text)
		if err := explain(in); !strings.Contains(err.Error(), want) || !errors.Is(err, in) {
			t.Errorf("explain(%q) = %v, want %q and the cause", text, err, want)
		}
	}
}

func TestPickMirror(t *testing.T) {
	const targets = "bookworm-security main http://s.example/\nbookworm contrib http://c.example/\nbookworm main http://m.example/debian/\n"
	if got := pickMirror(targets, "bookworm"); got != "http://m.example/debian/" {
		t.Errorf("pickMirror = %q", got)
	}
	if got := pickMirror("trixie main http://m.example/\nx\n", "bookworm"); got != "" {
		t.Errorf("pickMirror of another suite = %q, want none", got)
	}
}

func TestFollow(t *testing.T) {
	var seen []string
	said := follow(strings.NewReader("a/b\ngo: downloading x v1\nc\n"), func(p string) { seen = append(seen, p) })
	if said != "go: downloading x v1" || strings.Join(seen, " ") != "a/b c" {
		t.Errorf("follow: said %q, saw %q", said, seen)
	}
}

func TestWriteLayer(t *testing.T) {
	root := t.TempDir()
	for _, d := range []string{"proc", "bin"} {
		if err := os.Mkdir(filepath.Join(root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "bin/x"), []byte("hello"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("x", filepath.Join(root, "bin/y")); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "layer.tar")
	extras := []extra{{path: "pause", mode: 0o755, text: "p"}, {path: "etc", mode: 0o777, dir: true}}
	if sum, err := writeLayer(context.Background(), to, root, extras); err != nil || len(sum) != 64 {
		t.Fatalf("writeLayer = %q, %v", sum, err)
	}
	f, err := os.Open(to)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got []string
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.TrimSpace(h.Name+" "+h.Linkname))
	}
	if want := "bin bin/x bin/y x pause etc/"; strings.Join(got, " ") != want {
		t.Errorf("layer holds %q, want %q", got, want)
	}
}
