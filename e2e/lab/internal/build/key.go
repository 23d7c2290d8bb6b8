package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Sources is the directory e2e/lab/parts of the project.
type Sources string

// FindSources looks for the project from the directories given (the working
// directory, the program's own) upwards.
func FindSources(from ...string) (Sources, error) {
	for _, at := range from {
		for ; at != "" && at != filepath.Dir(at); at = filepath.Dir(at) {
			dir := filepath.Join(at, "e2e", "lab", "parts")
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				return Sources(dir), nil
			}
		}
	}
	return "", fmt.Errorf("cannot find e2e/lab/parts/go.mod from %s upwards: run the lab inside the project's tree", strings.Join(from, " or "))
}

// Key hashes everything that decides what is built: the pinned modules, our
// own sources, the versions and flags in this package.
func (s Sources) Key() (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, EnvoyVersion, Suite, debianPackages, goFlags, imageRecipe)
	for _, f := range []string{"go.mod", "go.sum", "coredns/main.go", "kwok/go.mod", "kwok/go.sum", "krew/go.mod", "krew/go.sum"} {
		b, err := os.ReadFile(filepath.Join(string(s), f))
		if err != nil {
			return "", fmt.Errorf("read the pinned versions: %w", err)
		}
		fmt.Fprintln(h, f, len(b))
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}
