package proc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// Spec is what Start runs.
type Spec struct {
	Name    string // of the log and pid file
	Args    []string
	Netns   string   // file of the network namespace
	Env     []string // the whole environment
	Dir     string
	Logs    string   // directory
	Pids    string   // directory
	Cgroups []string // directories to join: children stay in them, so they can be found
}

// Start runs s in the background in a session of its own and writes its pid
// file. nsenter leaves the other namespaces alone ("ip netns exec" would
// unshare mounts, and kubelet and containerd must share theirs), and replaces
// itself by the command, so the pid is the command's.
func Start(s Spec) error {
	for _, d := range []string{s.Logs, s.Pids} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("start %s: %w", s.Name, err)
		}
	}
	log, err := os.Create(filepath.Join(s.Logs, s.Name+".log"))
	if err != nil {
		return fmt.Errorf("start %s: %w", s.Name, err)
	}
	defer log.Close()
	// The shell waits for a line, so that the process is in its cgroups before
	// it can start children.
	script := `read go && exec nsenter --net="$0" -- "$@"`
	cmd := exec.Command("/bin/sh", append([]string{"-c", script, s.Netns}, s.Args...)...)
	cmd.Stdout, cmd.Stderr, cmd.Env, cmd.Dir = log, log, s.Env, s.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	gate, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", s.Name, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", s.Name, err)
	}
	err = record(s, cmd.Process.Pid)
	if err == nil {
		_, err = gate.Write([]byte("go\n"))
	}
	gate.Close()
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return fmt.Errorf("start %s: %w", s.Name, err)
	}
	// Reaps the process if it ends while this command still runs: the pid file
	// would otherwise name a zombie.
	go cmd.Wait()
	return nil
}

func record(s Spec, pid int) error {
	id, ok := identify(pid)
	if !ok {
		return fmt.Errorf("it ended at once: see %s", filepath.Join(s.Logs, s.Name+".log"))
	}
	for _, c := range s.Cgroups {
		if err := os.WriteFile(filepath.Join(c, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
			return fmt.Errorf("put it into its cgroup: %w", err)
		}
	}
	return os.WriteFile(filepath.Join(s.Pids, s.Name), []byte(id.String()), 0o644)
}
