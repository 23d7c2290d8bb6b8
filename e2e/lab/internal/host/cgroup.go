package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// CgroupDirs returns the directories of the cgroup called name in every
// mounted hierarchy: one on cgroup v2, about ten on v1. mounts is the content
// of /proc/self/mounts.
func CgroupDirs(mounts, name string) []string {
	var dirs []string
	for _, line := range strings.Split(mounts, "\n") {
		if f := strings.Fields(line); len(f) > 2 && (f[2] == "cgroup" || f[2] == "cgroup2") {
			dirs = append(dirs, filepath.Join(f[1], name))
		}
	}
	return dirs
}

// Tracker picks the hierarchy in which the lab's own processes are kept: v2,
// or the one of pids on v1 (kubelet and runc use it for every pod, too).
func Tracker(dirs []string) (string, bool) {
	for _, d := range dirs {
		if filepath.Base(filepath.Dir(d)) == "pids" {
			return d, true
		}
	}
	if len(dirs) == 1 {
		return dirs[0], true
	}
	return "", false
}

// MakeCgroups makes the directories, and the controllers available below them
// on cgroup v2 (there they must be passed down level by level).
func MakeCgroups(dirs []string) error {
	for _, d := range dirs {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("make cgroup %s: %w", d, err)
		}
		if len(dirs) > 1 {
			continue
		}
		for _, level := range []string{filepath.Dir(d), d} {
			b, err := os.ReadFile(filepath.Join(level, "cgroup.controllers"))
			if err != nil {
				return fmt.Errorf("read the controllers of cgroup %s: %w", level, err)
			}
			for _, c := range strings.Fields(string(b)) {
				// Not every controller can be passed down everywhere; kubelet names those it misses.
				_ = os.WriteFile(filepath.Join(level, "cgroup.subtree_control"), []byte("+"+c), 0o644)
			}
		}
	}
	return nil
}

// RemoveCgroups removes the directories and those below, deepest first. They
// must hold no process.
func RemoveCgroups(dirs []string) error {
	var all []error
	for _, dir := range dirs {
		var found []string
		filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				found = append(found, p)
			}
			return nil
		})
		for _, p := range slices.Backward(found) {
			if err := removeBusy(p); err != nil {
				all = append(all, fmt.Errorf("remove cgroup: %w", err))
			}
		}
	}
	return errors.Join(all...)
}

// removeBusy removes a cgroup, for up to 10 s: it stays busy for a moment after
// its last process has ended.
func removeBusy(dir string) error {
	var err error
	for range 100 {
		err = os.Remove(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}
