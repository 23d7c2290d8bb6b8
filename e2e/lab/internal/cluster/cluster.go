// Package cluster starts, joins and removes the instances of the lab. It must
// not build anything, and must not touch what no instance made.
package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/conf"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/host"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/plan"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/proc"
)

// Cluster is one instance with the directories that it uses.
type Cluster struct {
	plan.Instance
	Run    plan.Run
	Bin    string // built programs; empty where only down, status or logs are wanted
	Images string // archive of the pods' images
	Out    io.Writer
	Now    func() time.Time
}

// Load reads the record of an instance. The error of an unknown one is
// fs.ErrNotExist.
func Load(d plan.Dirs, name string) (Cluster, error) {
	if err := plan.CheckName(name); err != nil {
		return Cluster{}, err
	}
	c := Cluster{Run: d.Run(name)}
	b, err := os.ReadFile(c.Run.Record())
	if errors.Is(err, fs.ErrNotExist) {
		return Cluster{}, fmt.Errorf("no instance %q: \"lab status\" lists them, \"lab up %s\" starts it: %w", name, name, fs.ErrNotExist)
	}
	if err != nil {
		return Cluster{}, err
	}
	if err := json.Unmarshal(b, &c.Instance); err != nil || c.Name != name {
		return Cluster{}, fmt.Errorf("read %s: not the record of instance %q: run \"lab down %s\"", c.Run.Record(), name, name)
	}
	return c, c.Validate()
}

// List reads all instances, sorted by name. A directory without a valid record
// is listed with its name only, so that it can be taken down.
func List(d plan.Dirs) ([]Cluster, error) {
	dirs, err := filepath.Glob(filepath.Join(d.State, "*"))
	if err != nil {
		return nil, err
	}
	sort.Strings(dirs)
	var all []Cluster
	for _, dir := range dirs {
		name := filepath.Base(dir)
		if plan.CheckName(name) != nil {
			continue
		}
		c, err := Load(d, name)
		if err != nil {
			c = Cluster{Instance: plan.Instance{Name: name, Index: -1}, Run: d.Run(name)}
		}
		all = append(all, c)
	}
	return all, nil
}

// Record writes down that the instance exists: from then on it is listed, and
// its index is taken.
func (c Cluster) Record() error {
	b, err := json.Marshal(c.Instance)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(c.Run), 0o755); err != nil {
		return err
	}
	return os.WriteFile(c.Run.Record(), append(b, '\n'), 0o644)
}

func (c Cluster) values() conf.Values { return conf.Values{Instance: c.Instance, Run: c.Run} }

// Dead names the daemons that do not run.
func (c Cluster) Dead() []string {
	var dead []string
	for _, name := range conf.Daemons(c.values()) {
		if _, ok := proc.Read(filepath.Join(c.Run.Pids(), name)); !ok {
			dead = append(dead, name)
		}
	}
	return dead
}

// env is the whole environment of the instance's processes: nothing of the
// caller's, whose proxy settings would send the cluster's own calls away.
func (c Cluster) env() []string {
	return []string{"HOME=" + string(c.Run), "LANG=C.UTF-8", "PATH=" + c.Bin + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
}

// Start runs a process of this instance in its namespace and cgroup.
func (c Cluster) Start(name string, args ...string) error {
	tracker, ok := host.Tracker(c.cgroups())
	if !ok {
		return fmt.Errorf("start %s: no cgroup hierarchy to keep it in: mount cgroup v2, or the pids controller of v1", name)
	}
	own := filepath.Join(tracker, "lab")
	if err := os.MkdirAll(own, 0o755); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	if filepath.Base(args[0]) == args[0] {
		if built := filepath.Join(c.Bin, args[0]); c.Bin != "" && exists(built) {
			args = append([]string{built}, args[1:]...)
		}
	}
	return proc.Start(proc.Spec{Name: name, Args: args, Netns: c.NetnsPath(), Env: c.env(), Dir: string(c.Run),
		Logs: c.Run.Logs(), Pids: c.Run.Pids(), Cgroups: []string{own}})
}

func (c Cluster) cgroups() []string {
	b, _ := os.ReadFile("/proc/self/mounts")
	return host.CgroupDirs(string(b), c.Netns())
}

// kubectl runs kubectl on this instance, from outside the namespace.
func (c Cluster) kubectl(ctx context.Context, args ...string) (string, error) {
	program, err := exec.LookPath("kubectl")
	if err != nil {
		program = filepath.Join(c.Bin, "kubectl")
	}
	return host.Run(ctx, c.env(), program, append([]string{"--kubeconfig", c.Run.Kubeconfig()}, args...)...)
}

func (c Cluster) say(format string, args ...any) {
	fmt.Fprintf(c.Out, "lab: "+c.Name+": "+format+"\n", args...)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
