//go:build e2e

// Package krew proves that the plugin can be installed with krew: it builds krew from its Go module, and what is
// installed is the archive that the release script makes. Nothing is fetched but Go modules; the plugin is
// downloaded from this test's own server on the loopback address. No cluster is needed.
package krew

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	root    = "../.."
	version = "v0.0.0-e2e"
)

// TestCommittedManifest proves that krew's own validator accepts the manifest that would be sent to its index.
func TestCommittedManifest(t *testing.T) {
	m := newMachine(t)
	out := m.run("validate-krew-manifest", "-skip-install", "-manifest", abs(t, root, "krew", "mesh-tls.yaml"))
	if !strings.Contains(out, "structural validation OK") {
		t.Errorf("the validator did not say that it validated:\n%s", out)
	}
}

// TestInstall proves that krew installs the plugin from a local archive, that kubectl then finds it under its
// name in krew's bin, and not before.
func TestInstall(t *testing.T) {
	m := newMachine(t)
	dist := release(t)
	if out, err := m.command("kubectl", "mesh-tls", "version").CombinedOutput(); err == nil {
		t.Fatalf("the plugin answers before it is installed, so this test would prove nothing: %q", out)
	}
	m.run("kubectl", "krew", "install", "--manifest", filepath.Join(dist, "krew", "mesh-tls.yaml"), "--archive", archive(t, dist))
	if _, err := os.Stat(filepath.Join(m.krewRoot, "bin", "kubectl-mesh_tls")); err != nil {
		t.Errorf("krew did not link the plugin into its bin: %v", err)
	}
	if out := m.run("kubectl", "mesh-tls", "version"); !strings.Contains(out, version) {
		t.Errorf("kubectl mesh-tls version: got %q, want it to name %s", out, version)
	}
}

// TestInstallByDownload proves that the archive passes everything that the reviewers of krew's index run: the
// download by the manifest's address, its sum, the program in it, and the license.
func TestInstallByDownload(t *testing.T) {
	m := newMachine(t)
	dist := release(t)
	served := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served++
		http.ServeFile(w, r, filepath.Join(dist, filepath.Base(r.URL.Path)))
	}))
	defer server.Close()
	manifest := filepath.Join(dist, "krew", "mesh-tls.yaml")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	local := strings.ReplaceAll(string(text), "uri: https://github.com/", "uri: "+server.URL+"/")
	if err := os.WriteFile(manifest, []byte(local), 0o644); err != nil {
		t.Fatal(err)
	}
	out := m.run("validate-krew-manifest", "-manifest", manifest)
	if !strings.Contains(out, "spec.platforms installed fine") || served == 0 {
		t.Errorf("the validator did not install the plugin (%d downloads):\n%s", served, out)
	}
}

// TestTamperedArchive proves that the sum in the manifest is that of the archive: with one byte more krew refuses it.
func TestTamperedArchive(t *testing.T) {
	m := newMachine(t)
	dist := release(t)
	f, err := os.OpenFile(archive(t, dist), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte{0}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := m.command("kubectl", "krew", "install", "--manifest", filepath.Join(dist, "krew", "mesh-tls.yaml"), "--archive", archive(t, dist)).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "checksum does not match") {
		t.Errorf("krew installed an archive with another sum (error %v):\n%s", err, out)
	}
}

// release returns a folder of the test's own with the plugin's archive for this machine and the manifests that name it.
func release(t *testing.T) string {
	t.Helper()
	dist := t.TempDir()
	if err := os.CopyFS(dist, os.DirFS(built.dist)); err != nil {
		t.Fatal(err)
	}
	return dist
}

func archive(t *testing.T, dist string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dist, "kubectl-mesh_tls_"+version+"_*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("looking for the archive in %s: found %v, error %v", dist, found, err)
	}
	return found[0]
}

func abs(t *testing.T, parts ...string) string {
	t.Helper()
	p, err := filepath.Abs(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
