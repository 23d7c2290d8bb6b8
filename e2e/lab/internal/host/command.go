// Package host looks at the machine and changes it: packages, mounts, links,
// cgroups. It must not know what a cluster is.
package host

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Run runs a command and returns its output without the last line end. The
// error holds what the command said.
func Run(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, tail(errs.String()+out.String()))
	}
	return strings.TrimRight(out.String(), "\n"), nil
}

// In runs a command in a network namespace.
func In(ctx context.Context, netns string, args ...string) (string, error) {
	return Run(ctx, nil, "nsenter", append([]string{"--net=" + netns, "--"}, args...)...)
}

// tail keeps the end of a message: programs say last what stopped them.
func tail(s string) string {
	s = strings.TrimSpace(s)
	if limit := 1000; len(s) > limit {
		s = "..." + s[len(s)-limit:]
	}
	return s
}
