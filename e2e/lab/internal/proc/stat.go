// Package proc starts processes that outlive the lab command, remembers them
// in pid files, and ends only those. A pid alone is not enough: the kernel
// uses it again, so a pid file also holds the process's start time. It must
// not look for processes by their name.
package proc

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ID names one process for as long as the machine runs.
type ID struct {
	Pid   int
	Start uint64 // clock ticks after boot, /proc/PID/stat field 22
}

// parseStat reads a line of /proc/PID/stat. The second field is the command in
// brackets and may hold blanks and brackets itself, so fields are counted from
// the last bracket.
func parseStat(line string) (start uint64, state string, err error) {
	i := strings.LastIndexByte(line, ')')
	if i < 0 {
		return 0, "", fmt.Errorf("read process state: no command in %q", line)
	}
	f := strings.Fields(line[i+1:])
	if len(f) < 20 {
		return 0, "", fmt.Errorf("read process state: %d fields after the command, want 20", len(f))
	}
	start, err = strconv.ParseUint(f[19], 10, 64)
	if err != nil {
		return 0, "", fmt.Errorf("read process start time: %w", err)
	}
	return start, f[0], nil
}

// identify returns the ID of a running process; a zombie does not run.
func identify(pid int) (ID, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ID{}, false
	}
	start, state, err := parseStat(string(b))
	if err != nil || state == "Z" || state == "X" {
		return ID{}, false
	}
	return ID{pid, start}, true
}

// Alive says whether exactly this process still runs.
func (id ID) Alive() bool {
	now, ok := identify(id.Pid)
	return ok && now == id
}

func (id ID) String() string { return fmt.Sprintf("%d %d\n", id.Pid, id.Start) }

// parseID reads what String wrote.
func parseID(s string) (ID, error) {
	var id ID
	if _, err := fmt.Sscanf(s, "%d %d", &id.Pid, &id.Start); err != nil || id.Pid <= 1 {
		return ID{}, fmt.Errorf("pid file holds %q, want a pid and a start time", strings.TrimSpace(s))
	}
	return id, nil
}

// Read returns the process that a pid file names; ok is false if the file is
// absent, unreadable, or names a process that has ended.
func Read(file string) (id ID, ok bool) {
	b, err := os.ReadFile(file)
	if err != nil {
		return ID{}, false
	}
	id, err = parseID(string(b))
	if err != nil {
		return ID{}, false
	}
	return id, id.Alive()
}
