//go:build e2e

package krew

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// built is what the tests share and do not change: krew's programs and one release for this machine.
var built struct{ tools, dist string }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "mesh-tls-krew-")
	if err == nil {
		err = buildAll(dir)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, "preparing the tests with krew:", err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

func buildAll(dir string) error {
	built.tools, built.dist = filepath.Join(dir, "tools"), filepath.Join(dir, "dist")
	if err := os.Mkdir(built.tools, 0o755); err != nil {
		return err
	}
	tools := exec.Command("go", "build", "-o", built.tools, "sigs.k8s.io/krew/cmd/krew", "sigs.k8s.io/krew/cmd/validate-krew-manifest")
	tools.Dir = filepath.Join(root, "tools")
	if out, err := tools.CombinedOutput(); err != nil {
		return fmt.Errorf("building krew from its module: %w\n%s", err, out)
	}
	release := exec.Command("go", "run", "./scripts/release", "-version", version, "-dirty", "-platforms", "local", "-out", built.dist, "-manifests", built.dist)
	release.Dir = root
	if out, err := release.CombinedOutput(); err != nil {
		return fmt.Errorf("building the release: %w\n%s", err, out)
	}
	return nil
}
