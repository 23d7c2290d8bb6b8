package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const command = "./cmd/kubectl-mesh_tls"

// archive is one finished file of the release.
type archive struct {
	platform platform
	name     string
	sha256   string // hex
}

// build compiles the plugin for one platform and packs it with the licenses.
func build(ctx context.Context, o options, p platform) (archive, error) {
	work, err := os.MkdirTemp("", "mesh-tls-release-")
	if err != nil {
		return archive{}, fmt.Errorf("making a folder to build in: %w", err)
	}
	defer os.RemoveAll(work)
	bin := filepath.Join(work, p.bin())
	if err := compile(ctx, o.version, p, bin); err != nil {
		return archive{}, err
	}
	notices, err := notices(ctx, p)
	if err != nil {
		return archive{}, err
	}
	license, err := os.ReadFile("LICENSE")
	if err != nil {
		return archive{}, fmt.Errorf("reading the license (run the release from the project's root): %w", err)
	}
	program, err := os.ReadFile(bin)
	if err != nil {
		return archive{}, fmt.Errorf("reading the program just built: %w", err)
	}
	packed, err := pack(p, []file{
		{"LICENSE", 0o644, license},
		{"THIRD_PARTY_LICENSES.txt", 0o644, notices},
		{p.bin(), 0o755, program},
	})
	if err != nil {
		return archive{}, fmt.Errorf("packing for %s: %w", p, err)
	}
	sum := sha256.Sum256(packed)
	a := archive{platform: p, name: p.archive(o.version), sha256: hex.EncodeToString(sum[:])}
	if err := os.WriteFile(filepath.Join(o.out, a.name), packed, 0o644); err != nil {
		return archive{}, fmt.Errorf("writing the archive: %w", err)
	}
	return a, nil
}

// compile leaves out everything that differs from machine to machine: paths, the state of the clone, the
// user's GOFLAGS and the processor level.
func compile(ctx context.Context, version string, p platform, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-gcflags=all=-dwarf=false", "-buildvcs=false",
		"-ldflags=-s -w -buildid= -X main.version="+version, "-o", to, command)
	cmd.Env = goEnv(p)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s for %s: %w", command, p, err)
	}
	return nil
}

func goEnv(p platform) []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch, "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0")
}
