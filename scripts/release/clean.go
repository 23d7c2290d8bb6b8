package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// clean refuses sources that are not committed: nobody could build the same archives again. The manifests are
// what the release itself changes.
func clean(ctx context.Context, o options) error {
	if o.dirty {
		return nil
	}
	out, err := exec.CommandContext(ctx, "git", "status", "--porcelain").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = errors.New(strings.TrimSpace(string(exit.Stderr)))
		}
		return fmt.Errorf("asking git what is not committed: %w", err)
	}
	if changed := uncommitted(string(out)); len(changed) > 0 {
		return fmt.Errorf("%d files are not committed, such as %s: commit first, or use -dirty for a test", len(changed), changed[0])
	}
	return nil
}

// uncommitted reads the answer of git status --porcelain: two letters, a space, a file.
func uncommitted(status string) []string {
	var out []string
	for _, line := range strings.Split(status, "\n") {
		if len(line) > 3 && !slices.Contains(manifests, line[3:]) {
			out = append(out, line[3:])
		}
	}
	return out
}
