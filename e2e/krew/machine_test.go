//go:build e2e

package krew

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// machine is what a user has: kubectl and krew on the PATH, an empty home, and nothing else of the environment.
type machine struct {
	t        *testing.T
	bin      string // the only programs there are, and krew's bin after it
	home     string
	krewRoot string
}

func newMachine(t *testing.T) machine {
	t.Helper()
	m := machine{t: t, bin: t.TempDir(), home: t.TempDir()}
	m.krewRoot = filepath.Join(m.home, ".krew")
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Fatalf("%v: run the tests by make e2e, or put kubectl on the PATH", err)
	}
	if kubectl, err = filepath.EvalSymlinks(kubectl); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(kubectl, filepath.Join(m.bin, "kubectl")); err != nil {
		t.Fatal(err)
	}
	for file, name := range map[string]string{"krew": "kubectl-krew", "validate-krew-manifest": "validate-krew-manifest"} {
		if err := os.Symlink(filepath.Join(built.tools, file), filepath.Join(m.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// command runs one of the machine's programs in an environment built from nothing.
func (m machine) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(m.bin, name), args...)
	cmd.Dir = m.home
	cmd.Env = []string{
		"PATH=" + m.bin + string(os.PathListSeparator) + filepath.Join(m.krewRoot, "bin"),
		"HOME=" + m.home,
		"TMPDIR=" + m.t.TempDir(),
		"KREW_ROOT=" + m.krewRoot,
		"KREW_NO_UPGRADE_CHECK=1",
	}
	return cmd
}

// run is command for what must succeed.
func (m machine) run(name string, args ...string) string {
	m.t.Helper()
	cmd := m.command(name, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}
