package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// read is the part of a krew manifest that the tests look at.
type read struct {
	Metadata struct{ Name string }
	Spec     struct {
		Version, Homepage, ShortDescription, Description, Caveats string

		Platforms []struct {
			Selector         struct{ MatchLabels map[string]string }
			URI, SHA256, Bin string
		}
	}
}

func parseManifest(t *testing.T, text []byte) read {
	t.Helper()
	var m read
	if err := yaml.UnmarshalStrict(text, &struct {
		APIVersion, Kind string
		*read
	}{read: &m}); err != nil {
		t.Fatalf("reading the manifest: %v", err)
	}
	return m
}

// TestCommittedManifests: the two manifests are the same, and are what the template gives for their own sums.
func TestCommittedManifests(t *testing.T) {
	t.Chdir("../..")
	var texts [][]byte
	for _, name := range manifests {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatalf("%v: make release VERSION=... writes it", err)
		}
		texts = append(texts, text)
	}
	if diff := cmp.Diff(string(texts[0]), string(texts[1])); diff != "" {
		t.Fatalf("%s and %s differ; make release writes both:\n%s", manifests[0], manifests[1], diff)
	}
	m := parseManifest(t, texts[0])
	o := options{version: m.Spec.Version, uri: homepage + "/releases/download/" + m.Spec.Version}
	var built []archive
	for _, p := range m.Spec.Platforms {
		labels := p.Selector.MatchLabels
		pl := platform{labels["os"], labels["arch"]}
		o.platforms = append(o.platforms, pl)
		built = append(built, archive{platform: pl, name: pl.archive(o.version), sha256: p.SHA256})
	}
	if diff := cmp.Diff(everywhere, platformNames(o.platforms)); diff != "" {
		t.Errorf("the manifests do not name every platform (-want +got):\n%s", diff)
	}
	want, err := render(o, built)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(texts[0])); diff != "" {
		t.Errorf("%s is not what its template gives; run make release (-want +got):\n%s", manifests[0], diff)
	}
}

// TestManifestsNameTheArchives compares the sums with the archives of the same version in dist/, when they are there.
func TestManifestsNameTheArchives(t *testing.T) {
	t.Chdir("../..")
	text, err := os.ReadFile(manifests[0])
	if err != nil {
		t.Fatal(err)
	}
	m := parseManifest(t, text)
	compared := 0
	for _, p := range m.Spec.Platforms {
		packed, err := os.ReadFile(filepath.Join("dist", filepath.Base(p.URI)))
		if err != nil {
			continue
		}
		compared++
		sum := sha256.Sum256(packed)
		if got := hex.EncodeToString(sum[:]); got != p.SHA256 {
			t.Errorf("dist/%s has the sum %s, the manifest says %s: run make release VERSION=%s", filepath.Base(p.URI), got, p.SHA256, m.Spec.Version)
		}
	}
	if compared == 0 {
		t.Skipf("dist/ holds no archive of %s to compare with; make release VERSION=%s builds them", m.Spec.Version, m.Spec.Version)
	}
}

// TestTemplate holds the rules of krew's index that its validator checks late or not at all.
func TestTemplate(t *testing.T) {
	t.Chdir("../..")
	o := options{version: "v1.2.3", uri: "https://example.com/v1.2.3"}
	for _, s := range everywhere {
		ps, err := parsePlatforms(s)
		if err != nil {
			t.Fatal(err)
		}
		o.platforms = append(o.platforms, ps...)
	}
	var built []archive
	for _, p := range o.platforms {
		built = append(built, archive{platform: p, name: p.archive(o.version), sha256: strings.Repeat("a", 64)})
	}
	text, err := render(o, built)
	if err != nil {
		t.Fatal(err)
	}
	m := parseManifest(t, text)
	if m.Metadata.Name != "mesh-tls" || m.Spec.Version != "v1.2.3" {
		t.Errorf("got name %q and version %q", m.Metadata.Name, m.Spec.Version)
	}
	if short := m.Spec.ShortDescription; short == "" || len(short) > 80 || strings.Contains(short, "\n") {
		t.Errorf("the short description must be one line of at most 80 letters, got %q", short)
	}
	if m.Spec.Description == "" || m.Spec.Caveats == "" {
		t.Error("the manifest lacks a description or caveats")
	}
	for i, p := range m.Spec.Platforms {
		want := built[i]
		if p.URI != o.uri+"/"+want.name || p.SHA256 != want.sha256 || p.Bin != want.platform.bin() {
			t.Errorf("platform %s: got %+v", want.platform, p)
		}
		if strings.HasSuffix(p.Bin, ".exe") != (p.Selector.MatchLabels["os"] == "windows") {
			t.Errorf("platform %s: the program is named %s", want.platform, p.Bin)
		}
	}
	if bytes.Contains(text, []byte("<no value>")) {
		t.Error("the template uses a field that does not exist")
	}
}

func platformNames(ps []platform) []string {
	var out []string
	for _, p := range ps {
		out = append(out, p.String())
	}
	return out
}
