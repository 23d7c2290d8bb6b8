package proc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// End kills the process that a pid file names, waits until it is gone, and
// removes the file. A file that names a process that has ended is only
// removed.
func End(ctx context.Context, file string, sig syscall.Signal) error {
	id, ok := Read(file)
	if ok {
		if err := syscall.Kill(id.Pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end process %d (%s): %w", id.Pid, filepath.Base(file), err)
		}
		if err := gone(ctx, id); err != nil {
			return err
		}
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// gone waits up to 5 s for a process to end and kills it then.
func gone(ctx context.Context, id ID) error {
	for i := range 600 {
		if !id.Alive() {
			return nil
		}
		if i == 100 {
			syscall.Kill(id.Pid, syscall.SIGKILL)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("process %d does not end, even killed: look at /proc/%d/stack", id.Pid, id.Pid)
}

// EndGroup kills every process in the cgroup directories and those below, and
// comes back when none is left. The kernel fills cgroup.procs, so nothing else
// can be hit, and new children are found on the next round.
func EndGroup(ctx context.Context, dirs []string) error {
	left := 0
	for range 200 {
		left = 0
		for _, dir := range dirs {
			for _, pid := range members(dir) {
				if _, ok := identify(pid); ok && pid > 1 {
					left++
					syscall.Kill(pid, syscall.SIGKILL)
				}
			}
		}
		if left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("%d processes of the instance do not end, even killed", left)
}

// members lists the processes of a cgroup and of those below it.
func members(dir string) []int {
	var pids []int
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "cgroup.procs" {
			return nil // a cgroup may vanish while we walk
		}
		b, _ := os.ReadFile(p)
		for _, f := range strings.Fields(string(b)) {
			if pid, err := strconv.Atoi(f); err == nil {
				pids = append(pids, pid)
			}
		}
		return nil
	})
	return pids
}
