package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
)

const (
	homepage     = "https://github.com/mesh-tls/kubectl-mesh-tls"
	templateFile = "krew/mesh-tls.tmpl.yaml"
)

// manifests are two files with the same content. krew's validator takes the plugin's name from the file's
// name, so it passes only the one in krew/; people look for plugin.yaml.
var manifests = []string{"plugin.yaml", "krew/mesh-tls.yaml"}

// manifest fills the template's fields.
type manifest struct {
	Version, Homepage string
	Platforms         []manifestPlatform
}

type manifestPlatform struct{ OS, Arch, URI, SHA256, Bin string }

func writeManifests(o options, built []archive) error {
	text, err := render(o, built)
	if err != nil {
		return err
	}
	for _, name := range manifests {
		file := filepath.Join(o.root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("making the manifest's folder: %w", err)
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return fmt.Errorf("writing the manifest: %w", err)
		}
		fmt.Println("wrote", file)
	}
	return nil
}

func render(o options, built []archive) ([]byte, error) {
	text, err := os.ReadFile(templateFile)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest's template (run the release from the project's root): %w", err)
	}
	t, err := template.New(templateFile).Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("parsing the manifest's template: %w", err)
	}
	m := manifest{Version: o.version, Homepage: homepage}
	for _, a := range built {
		m.Platforms = append(m.Platforms, manifestPlatform{
			OS: a.platform.os, Arch: a.platform.arch, URI: o.uri + "/" + a.name, SHA256: a.sha256, Bin: a.platform.bin(),
		})
	}
	var b bytes.Buffer
	if err := t.Execute(&b, m); err != nil {
		return nil, fmt.Errorf("filling the manifest's template: %w", err)
	}
	return b.Bytes(), nil
}
