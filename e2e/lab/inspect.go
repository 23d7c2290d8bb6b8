package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/cluster"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/fixture"
)

func (l *lab) status(_ context.Context, args []string) error {
	if _, err := parse(flags("status"), args, 0, 0); err != nil {
		return err
	}
	cache, _, err := l.cache()
	if err != nil {
		return err
	}
	fmt.Fprintf(l.out, "parts: %s\n", cache)
	if err := cache.Ready(); err != nil {
		fmt.Fprintf(l.out, "  %s\n", err)
	}
	list, err := cluster.List(l.dirs)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(l.out, "no instance runs: \"lab up a\" starts one")
	}
	for _, c := range list {
		state := "running"
		if !c.Ready {
			state = "not ready: its start runs, or was interrupted"
		}
		if dead := c.Dead(); len(dead) > 0 {
			state = "broken, not running: " + strings.Join(dead, ", ")
		}
		fmt.Fprintf(l.out, "%s: %s (index %d, node %s, gateway %t)\n  kubeconfig %s\n", c.Name, state, c.Index, c.Node(), c.Gateway, c.Run.Kubeconfig())
		for _, s := range fixture.List(c.Run) {
			fmt.Fprintf(l.out, "  serves %s\n", s)
		}
	}
	return nil
}

func (l *lab) kubeconfig(_ context.Context, args []string) error {
	rest, err := parse(flags("kubeconfig"), args, 1, 1)
	if err != nil {
		return err
	}
	c, err := l.load(rest[0])
	if err != nil {
		return err
	}
	fmt.Fprintln(l.out, c.Run.Kubeconfig())
	return nil
}

// exec replaces this process, so that signals, the terminal and the exit code
// are the command's own.
func (l *lab) exec(_ context.Context, args []string) error {
	if len(args) < 3 || args[1] != "--" {
		return fmt.Errorf("exec: write it as: lab exec NAME -- COMMAND [ARGUMENT...]")
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("entering a network namespace needs root: run it with sudo")
	}
	c, err := l.load(args[0])
	if err != nil {
		return err
	}
	nsenter, err := exec.LookPath("nsenter")
	if err != nil {
		return fmt.Errorf("find nsenter: %w: install util-linux", err)
	}
	env := append(os.Environ(), "PATH="+c.Bin+":"+os.Getenv("PATH"), "KUBECONFIG="+c.Run.InsideKubeconfig())
	return syscall.Exec(nsenter, append([]string{"nsenter", "--net=" + c.NetnsPath(), "--"}, args[2:]...), env)
}

func (l *lab) logs(_ context.Context, args []string) error {
	rest, err := parse(flags("logs"), args, 1, 2)
	if err != nil {
		return err
	}
	c, err := l.load(rest[0])
	if err != nil {
		return err
	}
	if len(rest) == 1 {
		files, err := filepath.Glob(filepath.Join(c.Run.Logs(), "*.log"))
		for _, f := range files {
			fmt.Fprintln(l.out, strings.TrimSuffix(filepath.Base(f), ".log"))
		}
		return err
	}
	f, err := os.Open(filepath.Join(c.Run.Logs(), filepath.Base(rest[1])+".log"))
	if err != nil {
		return fmt.Errorf("no log of %q: \"lab logs %s\" lists them: %w", rest[1], c.Name, err)
	}
	defer f.Close()
	_, err = io.Copy(l.out, f)
	return err
}
