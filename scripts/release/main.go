// Command release builds the archives of one version for every platform and writes the two krew manifests that
// name them. It publishes nothing, tags nothing and commits nothing. The same sources and the same Go give the
// same bytes, so that anyone can check the sums in the manifests:
//
//	make release VERSION=v0.1.0    and look at `git diff krew plugin.yaml`
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// options are the flags, checked.
type options struct {
	version   string
	out       string // where the archives go
	uri       string // where users will download them from, without the file name
	root      string // where plugin.yaml and krew/ are written
	platforms []platform
	dirty     bool // build what is not committed, too
}

// semver is what krew accepts as a version.
var semver = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)

func parse(args []string) (options, error) {
	var o options
	var platforms string
	fs := flag.NewFlagSet("release", flag.ContinueOnError)
	fs.StringVar(&o.version, "version", "", "the version to build, such as v0.1.0")
	fs.StringVar(&o.out, "out", "dist", "the folder for the archives and their sums")
	fs.StringVar(&o.uri, "uri", "", "the folder that the archives will be downloaded from (default: the project's releases)")
	fs.StringVar(&o.root, "manifests", ".", "the folder for plugin.yaml and krew/mesh-tls.yaml")
	fs.BoolVar(&o.dirty, "dirty", false, "build from sources that are not committed, for a test: nobody can build the same again")
	fs.StringVar(&platforms, "platforms", strings.Join(everywhere, ","), `comma-separated OS/ARCH, or "local"`)
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if !semver.MatchString(o.version) {
		return o, fmt.Errorf("the version %q is not of the form v1.2.3 that krew demands: make release VERSION=v0.1.0", o.version)
	}
	if o.uri == "" {
		o.uri = homepage + "/releases/download/" + o.version
	}
	var err error
	o.platforms, err = parsePlatforms(platforms)
	return o, err
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if err := clean(ctx, o); err != nil {
		return err
	}
	if err := emptied(o.out); err != nil {
		return err
	}
	var built []archive
	for _, p := range o.platforms {
		fmt.Printf("building %s for %s\n", o.version, p)
		a, err := build(ctx, o, p)
		if err != nil {
			return err
		}
		built = append(built, a)
	}
	if err := writeSums(o.out, built); err != nil {
		return err
	}
	return writeManifests(o, built)
}

// emptied makes the folder and takes away what an earlier release left in it, and nothing else.
func emptied(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder for the archives: %w", err)
	}
	old, err := filepath.Glob(filepath.Join(dir, "kubectl-mesh_tls_*"))
	if err != nil {
		return fmt.Errorf("looking for older archives in %s: %w", dir, err)
	}
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			return fmt.Errorf("removing an older archive: %w", err)
		}
	}
	return nil
}

func writeSums(dir string, built []archive) error {
	var b strings.Builder
	for _, a := range built {
		fmt.Fprintf(&b, "%s  %s\n", a.sha256, a.name)
	}
	file := filepath.Join(dir, "checksums.txt")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("writing the sums: %w", err)
	}
	fmt.Print(b.String())
	return nil
}
