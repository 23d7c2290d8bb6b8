package arch

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// mostBytes: the project promises 60 MB (istioctl has 140). It has 37 as long as nothing calls methods by names that are
// not known when it is built, as text/template does: then the linker keeps every method of every type, 12 MB and 6 MB of
// memory at each start. To find who does: go build -ldflags=-dumpdep ./cmd/kubectl-mesh_tls 2>&1 | grep ReflectMethod
const mostBytes = 42_000_000

// TestBinaryIsSmall builds the plugin as make build does, for the platform that most clusters run on.
func TestBinaryIsSmall(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "kubectl-mesh_tls")
	cmd := exec.Command("go", "build", "-trimpath", "-gcflags=all=-dwarf=false", "-ldflags=-s -w", "-o", bin, "./cmd/kubectl-mesh_tls")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the plugin: %v\n%s", err, out)
	}
	info, err := os.Stat(bin)
	if err != nil {
		t.Fatalf("looking at the plugin just built: %v", err)
	}
	t.Logf("the stripped binary has %.1f MB", float64(info.Size())/1e6)
	if info.Size() > mostBytes {
		t.Errorf("the stripped binary has %d bytes, more than %d: see mostBytes, or look for a new import with `go tool nm -size -sort size`", info.Size(), mostBytes)
	}
}
