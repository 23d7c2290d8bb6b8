package host

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// oldest is the oldest kernel that the pinned kubelet supports on cgroup v1.
const oldest = "4.19"

// Check says what this machine lacks for running an instance, and what to do.
func Check() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("the lab makes network namespaces and cgroups, which needs root: run it with sudo")
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return fmt.Errorf("read the kernel's version (is /proc mounted?): %w", err)
	}
	if err := CheckKernel(strings.TrimSpace(string(release))); err != nil {
		return err
	}
	if _, err := os.Stat("/proc/self/ns/net"); err != nil {
		return fmt.Errorf("this kernel has no network namespaces (CONFIG_NET_NS): use another machine or a virtual machine: %w", err)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return fmt.Errorf("read the mounts: %w", err)
	}
	return CheckCgroups(string(mounts), func(d string) string {
		b, _ := os.ReadFile(filepath.Join(d, "cgroup.controllers"))
		return string(b)
	})
}

// CheckKernel refuses a release that is too old; one that cannot be read
// passes, because then nothing is known against it.
func CheckKernel(release string) error {
	have, ok := version(release)
	want, _ := version(oldest)
	if ok && (have[0] < want[0] || have[0] == want[0] && have[1] < want[1]) {
		return fmt.Errorf("kernel %s is too old for the lab's kubelet: use %s or newer", release, oldest)
	}
	return nil
}

func version(release string) (v [2]int, ok bool) {
	f := strings.SplitN(release, ".", 3)
	if len(f) < 2 {
		return v, false
	}
	for i := range v {
		digits := strings.TrimRight(f[i], "abcdefghijklmnopqrstuvwxyz-+_")
		n, err := strconv.Atoi(digits)
		if err != nil {
			return v, false
		}
		v[i] = n
	}
	return v, true
}

// CheckCgroups wants the controllers that kubelet and runc cannot do without.
// controllers reads cgroup.controllers of a cgroup v2 mount point.
func CheckCgroups(mounts string, controllers func(dir string) string) error {
	have := map[string]bool{}
	for _, d := range CgroupDirs(mounts, "") {
		for _, c := range strings.Split(filepath.Base(d), ",") { // v1 may mount "cpu,cpuacct" as one
			have[c] = true
		}
		for _, c := range strings.Fields(controllers(d)) {
			have[c] = true
		}
	}
	for _, want := range []string{"cpu", "memory", "pids"} {
		if !have[want] {
			return fmt.Errorf("cgroup controller %q is not available below /sys/fs/cgroup: mount cgroups, or (in a container) run it privileged with the host's cgroup namespace", want)
		}
	}
	return nil
}

// CheckSpace wants need bytes free where dir is or will be.
func CheckSpace(dir string, need uint64) error {
	for at := dir; ; at = filepath.Dir(at) {
		var s syscall.Statfs_t
		if err := syscall.Statfs(at, &s); err == nil {
			if free := s.Bavail * uint64(s.Bsize); free < need {
				return fmt.Errorf("disk: %s has %d MB free, %d MB are needed: free some, or set XDG_CACHE_HOME and XDG_STATE_HOME to a larger disk", at, free>>20, need>>20)
			}
			return nil
		}
		if at == filepath.Dir(at) {
			return fmt.Errorf("disk: cannot tell the free space of %s", dir)
		}
	}
}
