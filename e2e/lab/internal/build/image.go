package build

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/host"
)

// imageRecipe changes whenever the layout of the images does, so that older
// ones are not used.
const imageRecipe = "images 1"

// image is one tag: all tags share one layer and differ in what they start.
type image struct{ Tag, Entrypoint, User string }

var images = []image{
	{"docker.io/lab/base:1", "/pause", ""},
	{"docker.io/lab/proxyv2:1", "/usr/local/bin/pilot-agent", ""},
	{"docker.io/lab/pilot:1", "/usr/local/bin/pilot-discovery", "1337:1337"},
}

// images writes the archive that containerd imports.
func (b *builder) images(ctx context.Context) error {
	bootstrap, err := b.bootstrap(ctx)
	if err != nil {
		return err
	}
	extra := []extra{
		{path: "pause", mode: 0o755, text: "#!/bin/sh\nexec sleep infinity\n"},
		{path: "usr/local/bin/pilot-agent", mode: 0o755, file: filepath.Join(b.cache.Bin(), "pilot-agent")},
		{path: "usr/local/bin/pilot-discovery", mode: 0o755, file: filepath.Join(b.cache.Bin(), "pilot-discovery")},
		{path: "usr/local/bin/envoy", mode: 0o755, file: b.cache.envoy()},
		{path: "var/lib/istio", mode: 0o755, dir: true},
		{path: "var/lib/istio/envoy", mode: 0o755, dir: true},
		{path: "var/lib/istio/envoy/envoy_bootstrap_tmpl.json", mode: 0o644, file: bootstrap},
		{path: "etc/istio", mode: 0o755, dir: true},
		{path: "etc/istio/proxy", mode: 0o777, dir: true}, // the sidecar writes its configuration here as another user
	}
	layer := b.cache.stage("layer.tar")
	defer os.Remove(layer)
	digest, err := writeLayer(ctx, layer, b.cache.rootfs(), extra)
	if err != nil {
		return explain(fmt.Errorf("write the images' layer: %w", err))
	}
	staged := b.cache.stage("images.tar")
	if err := writeArchive(staged, layer, digest); err != nil {
		return explain(fmt.Errorf("write the images: %w", err))
	}
	if err := os.Rename(staged, b.cache.Images()); err != nil {
		return err
	}
	// The archive holds all of it.
	return os.RemoveAll(b.cache.rootfs())
}

// bootstrap is the template of Envoy's start configuration, which belongs to
// the pinned istio module.
func (b *builder) bootstrap(ctx context.Context) (string, error) {
	dir, err := host.Run(ctx, goEnv(), "go", "-C", string(b.sources), "list", "-m", "-f", "{{.Dir}}", "istio.io/istio")
	if err != nil {
		return "", explain(fmt.Errorf("find the istio module: %w", err))
	}
	return filepath.Join(dir, "tools/packaging/common/envoy_bootstrap.json"), nil
}

// writeArchive writes a docker-archive: the layer, one configuration for each
// image, and a manifest that lists them.
func writeArchive(to, layer, digest string) error {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	w := tar.NewWriter(f)
	if err := addFile(w, extra{path: "layer.tar", mode: 0o644, file: layer}); err != nil {
		return err
	}
	type entry struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	var manifest []entry
	for _, i := range images {
		config, err := i.config(digest)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(append(config, i.Tag...))
		name := hex.EncodeToString(sum[:]) + ".json"
		if err := addFile(w, extra{path: name, mode: 0o644, text: string(config)}); err != nil {
			return err
		}
		manifest = append(manifest, entry{name, []string{i.Tag}, []string{"layer.tar"}})
	}
	m, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	if err := addFile(w, extra{path: "manifest.json", mode: 0o644, text: string(m)}); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}

// config is the image's configuration in Docker's format.
func (i image) config(digest string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{
			"Env":        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
			"Entrypoint": []string{i.Entrypoint}, "User": i.User,
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest}},
	})
}
