package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/build"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/host"
)

// settings are what the lab changes in Istio's profiles. The pinned Envoy is
// the stock one and has none of Istio's own filters: with metadata exchange,
// the ALPN filter or telemetry on, every listener would be rejected. One
// thread and small requests let many sidecars fit on two cores. A default revision
// brings the webhook that validates objects without a label of a revision. TLS of a Sidecar's ingress listener is off
// by default, and changes nothing for who does not write it.
var settings = []string{
	"hub=docker.io/lab", "tag=1",
	"values.defaultRevision=default",
	"values.pilot.env.PILOT_ENABLE_METADATA_EXCHANGE=false",
	"values.pilot.env.PILOT_ENABLE_ALPN_FILTER=false",
	"values.pilot.env.ENABLE_TLS_ON_SIDECAR_INGRESS=true",
	"values.telemetry.enabled=false",
	"meshConfig.defaultConfig.concurrency=1",
	"values.global.proxy.resources.requests.cpu=10m",
	"values.global.proxy.resources.requests.memory=32Mi",
	"values.pilot.resources.requests.cpu=10m",
	"values.pilot.resources.requests.memory=64Mi",
	"values.pilot.autoscaleEnabled=false",
}

var gatewaySettings = []string{
	"values.gateways.istio-ingressgateway.autoscaleEnabled=false",
	"values.gateways.istio-ingressgateway.resources.requests.cpu=10m",
	"values.gateways.istio-ingressgateway.resources.requests.memory=32Mi",
}

// Render writes crds.yaml, istio.yaml and gateway.yaml into dir, by the
// istioctl in bin.
func Render(ctx context.Context, bin, dir string) error {
	istioctl := filepath.Join(bin, "istioctl")
	if _, err := os.Stat(istioctl); err != nil {
		return fmt.Errorf("render Istio's manifests: %w: run \"lab build --with istioctl\" first", err)
	}
	generate := func(profile string, more []string) (string, error) {
		args := []string{"manifest", "generate", "--set", "profile=" + profile}
		for _, s := range append(append([]string{}, settings...), more...) {
			args = append(args, "--set", s)
		}
		return host.Run(ctx, nil, istioctl, args...)
	}
	minimal, err := generate("minimal", nil)
	if err != nil {
		return err
	}
	full, err := generate("default", gatewaySettings)
	if err != nil {
		return err
	}
	crds, istio, gateway := split(minimal, full)
	for name, docs := range map[string][]string{"crds.yaml": crds, "istio.yaml": istio, "gateway.yaml": gateway} {
		if len(docs) == 0 {
			return fmt.Errorf("render Istio's manifests: nothing for %s: does this istioctl have the profiles minimal and default?", name)
		}
		text := "# Rendered by \"lab manifests\". Do not edit.\n" + released(strings.Join(docs, "\n---\n"), build.IstioVersion) + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

var placeholder = regexp.MustCompile(`(?m)^( +(?:app\.kubernetes\.io/version: |helm\.sh/chart: [a-z-]+-))1\.0\.0$`)

// released writes the version into the labels that carry the placeholder 1.0.0
// in Istio's tree: its releases have theirs there.
func released(text, version string) string {
	return placeholder.ReplaceAllString(text, "${1}"+version)
}

// split sorts the documents of the small profile into definitions and the
// rest, and takes from the large one what the small one does not have.
func split(minimal, full string) (crds, istio, gateway []string) {
	known := map[string]bool{}
	for _, d := range documents(minimal) {
		id := identity(d)
		known[id] = true
		if strings.HasPrefix(id, "CustomResourceDefinition ") {
			crds = append(crds, d)
		} else {
			istio = append(istio, d)
		}
	}
	for _, d := range documents(full) {
		if !known[identity(d)] {
			gateway = append(gateway, d)
		}
	}
	return crds, istio, gateway
}

func documents(text string) []string {
	var docs []string
	for _, d := range strings.Split("\n"+text, "\n---") {
		if d = strings.TrimSpace(d); d != "" {
			docs = append(docs, d)
		}
	}
	return docs
}

// identity is "KIND NAMESPACE NAME" as istioctl writes them: kind at the
// margin, name and namespace in metadata, two blanks deep.
func identity(doc string) string {
	var kind, namespace, name string
	inMetadata := false
	for _, line := range strings.Split(doc, "\n") {
		switch {
		case strings.HasPrefix(line, "kind: "):
			kind = strings.TrimPrefix(line, "kind: ")
		case line != "" && line[0] != ' ':
			inMetadata = line == "metadata:"
		case inMetadata && strings.HasPrefix(line, "  name: "):
			name = strings.TrimPrefix(line, "  name: ")
		case inMetadata && strings.HasPrefix(line, "  namespace: "):
			namespace = strings.TrimPrefix(line, "  namespace: ")
		}
	}
	return kind + " " + namespace + " " + name
}
