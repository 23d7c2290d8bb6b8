package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// forgetStart lets go of the pages of the program's own file that only its start needed: Kubernetes' and Envoy's types
// register themselves, which touches 25 MB of the file, and a command uses 15 of them. The kernel has them in its page
// cache and gives back, at the next touch, what is needed after all. Whatever goes wrong, nothing is lost.
func forgetStart() {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer func() { _ = maps.Close() }()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		f := strings.Fields(lines.Text()) // address range, rights, offset, device, inode, file (man 5 proc_pid_maps)
		if len(f) != 6 || f[5] != exe || strings.Contains(f[1], "w") {
			continue
		}
		from, to, _ := strings.Cut(f[0], "-")
		start, errFrom := strconv.ParseUint(from, 16, 64)
		end, errTo := strconv.ParseUint(to, 16, 64)
		if errFrom == nil && errTo == nil && end > start {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, uintptr(start), uintptr(end-start), syscall.MADV_DONTNEED)
		}
	}
}
