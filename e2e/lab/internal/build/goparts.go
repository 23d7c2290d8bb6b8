package build

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// goTags leave out the file systems that need C libraries and, by disable_pgv,
// the validation code of the Envoy types.
const goTags = "no_btrfs,no_zfs,no_devmapper,disable_pgv"

// goFlags are the same for every part, so that what one compiled serves the
// next. Symbols and debug information are left out (nobody debugs the parts),
// and no profile is used (each would compile all dependencies once more).
var goFlags = []string{"-trimpath", "-buildvcs=false", "-pgo=off",
	"-tags", goTags, "-gcflags=all=-dwarf=false", "-ldflags=-s -w -X istio.io/istio/pkg/version.buildVersion=" + IstioVersion}

// goEnv: without cgo nothing is compiled by a C compiler and the programs run
// in any image. GOGC trades the compiler's memory for time.
func goEnv() []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off", "GOGC=400")
}

// goPart builds p into the cache's bin directory. seen is called for every
// package compiled.
func (b *builder) goPart(ctx context.Context, p Part, seen func(pkg string)) error {
	staged := b.cache.stage(p.Name)
	args := append([]string{"build", "-v", "-o", staged}, goFlags...)
	cmd := exec.CommandContext(ctx, "go", append(args, p.Package)...)
	cmd.Dir = filepath.Join(string(b.sources), p.Dir)
	cmd.Env = goEnv()
	// An interrupt lets the go command clean up and keep what it has compiled.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("build %s: %w (is Go installed?)", p.Name, err)
	}
	said := follow(out, seen)
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return explain(fmt.Errorf("build %s: %w: %s", p.Name, err, said))
	}
	return os.Rename(staged, filepath.Join(b.cache.Bin(), p.Name))
}

// prefetch fetches the sources of all parts of the main module while the first
// ones are compiled already; otherwise each part would wait for its own.
func (b *builder) prefetch(ctx context.Context, parts []Part) error {
	args := []string{"list", "-deps", "-tags", goTags, "-f", "{{with .Error}}{{.}}{{end}}"}
	for _, p := range parts {
		if p.Dir == "." {
			args = append(args, p.Package)
		}
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = string(b.sources), goEnv()
	if out, err := cmd.CombinedOutput(); err != nil {
		return explain(fmt.Errorf("fetch the modules: %w: %s", err, out[max(0, len(out)-1000):]))
	}
	return nil
}

// follow hands package paths on and keeps the last lines of everything else.
func follow(r io.Reader, seen func(string)) string {
	var last []string
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		if !strings.Contains(line, " ") {
			seen(line)
			continue
		}
		if last = append(last, line); len(last) > 8 {
			last = last[1:]
		}
	}
	io.Copy(io.Discard, r) // a line too long for the scanner must not block the build
	return strings.Join(last, "\n")
}
