package host

import (
	"slices"
	"testing"
)

const v1 = `tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
`
const v2 = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n"

func TestCgroupDirs(t *testing.T) {
	want := []string{"/sys/fs/cgroup/cpu,cpuacct/x", "/sys/fs/cgroup/memory/x", "/sys/fs/cgroup/pids/x", "/sys/fs/cgroup/unified/x"}
	if got := CgroupDirs(v1, "x"); !slices.Equal(got, want) {
		t.Errorf("v1: %q, want %q", got, want)
	}
	for mounts, want := range map[string]string{v1: "/sys/fs/cgroup/pids/x", v2: "/sys/fs/cgroup/x", "": ""} {
		if got, _ := Tracker(CgroupDirs(mounts, "x")); got != want {
			t.Errorf("Tracker = %q, want %q", got, want)
		}
	}
}

func TestCheckCgroups(t *testing.T) {
	for name, c := range map[string]struct {
		mounts, controllers string
		ok                  bool
	}{
		"v1":           {v1, "", true},
		"v2":           {v2, "cpuset cpu io memory pids\n", true},
		"v2 in a cage": {v2, "", false},
		"none":         {"", "", false},
	} {
		err := CheckCgroups(c.mounts, func(string) string { return c.controllers })
		if (err == nil) != c.ok {
			t.Errorf("%s: %v, want ok %v", name, err, c.ok)
		}
	}
}

func TestCheckKernel(t *testing.T) {
	for release, ok := range map[string]bool{
		"6.1.0-13-amd64": true, "4.19.0": true, "4.19-rc1": true, "5.4": true, "unknown": true,
		"4.18.0-553.el8": false, "3.10.0-1160.el7.x86_64": false, "2.6.32": false,
	} {
		if err := CheckKernel(release); (err == nil) != ok {
			t.Errorf("CheckKernel(%q) = %v, want ok %v", release, err, ok)
		}
	}
}

func TestMountsBelow(t *testing.T) {
	const mounts = `proc /proc proc rw 0 0
overlay /s/a/x overlay rw 0 0
tmpfs /s/a/x/y\040z tmpfs rw 0 0
tmpfs /s/ab tmpfs rw 0 0
`
	want := []string{"/s/a/x/y z", "/s/a/x"}
	if got := MountsBelow(mounts, "/s/a", "/none"); !slices.Equal(got, want) {
		t.Errorf("MountsBelow = %q, want %q", got, want)
	}
}
