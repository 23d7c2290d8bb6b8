package build

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Cache is the directory of the parts built from one set of pinned versions.
// What lies under its final name is complete: unfinished work has another.
type Cache string

// Bin is the directory of the programs.
func (c Cache) Bin() string { return filepath.Join(string(c), "bin") }

// Images is the archive of the pods' images.
func (c Cache) Images() string { return filepath.Join(string(c), "images.tar") }

func (c Cache) rootfs() string { return filepath.Join(string(c), "rootfs") }
func (c Cache) envoy() string  { return filepath.Join(string(c), "envoy") }

// stage is where an unfinished file or directory lies.
func (c Cache) stage(name string) string { return filepath.Join(string(c), "unfinished", name) }

// Ready says what is missing for starting an instance.
func (c Cache) Ready() error {
	var missing []string
	for _, p := range demoParts {
		if !exists(filepath.Join(c.Bin(), p.Name)) {
			missing = append(missing, p.Name)
		}
	}
	if !exists(c.Images()) {
		missing = append(missing, "images")
	}
	if !exists(filepath.Join(c.Bin(), "redis-server")) {
		missing = append(missing, "redis-server")
	}
	if len(missing) > 0 {
		return fmt.Errorf("not built yet: %s: run \"lab build\" (about 20 minutes on 2 cores, once)", strings.Join(missing, ", "))
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
