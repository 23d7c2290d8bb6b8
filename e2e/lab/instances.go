package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/cluster"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/host"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/plan"
)

// runSpace is what an instance was seen to need: its copy of the images, etcd
// and logs, and some room.
const runSpace = 3 << 30

func (l *lab) up(ctx context.Context, args []string) error {
	fs := flags("up")
	index := fs.Int("index", -1, "")
	gateway := fs.Bool("gateway", false, "")
	rest, err := parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if err := host.Check(); err != nil {
		return err
	}
	if err := plan.CheckName(rest[0]); err != nil {
		return err
	}
	unlock, err := l.lock(rest[0])
	if err != nil {
		return err
	}
	defer unlock()
	c, fresh, err := l.prepare(ctx, rest[0], *index)
	if err != nil {
		return err
	}
	if fresh {
		c.Gateway = c.Gateway || *gateway
		return c.Up(ctx)
	}
	if *gateway && !c.Gateway {
		return c.InstallGateway(ctx)
	}
	fmt.Fprintf(l.diag, "lab: %s: already up: export KUBECONFIG=%s\n", c.Name, c.Run.Kubeconfig())
	return nil
}

// prepare finds the instance or plans a new one; fresh says that it must be
// started. What a crash or a reboot left of it is removed first.
func (l *lab) prepare(ctx context.Context, name string, index int) (c cluster.Cluster, fresh bool, err error) {
	c, err = l.load(name)
	if err == nil {
		if c.Ready && len(c.Dead()) == 0 {
			if index >= 0 && index != c.Index {
				return c, false, fmt.Errorf("%s has index %d: run \"lab down %s\" before you change it", name, c.Index, name)
			}
			return c, false, nil
		}
		fmt.Fprintf(l.diag, "lab: %s: its last start did not finish, or parts have ended (%s): starting anew\n", name, strings.Join(c.Dead(), ", "))
		if index < 0 {
			index = c.Index
		}
		if err := c.Down(ctx); err != nil {
			return c, false, err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return c, false, err
	}
	gateway := c.Gateway
	c, err = l.reserve(name, index)
	c.Gateway = gateway
	return c, true, err
}

// reserve checks what a start needs and records the instance, under a lock so
// that two new ones do not take the same index.
func (l *lab) reserve(name string, index int) (c cluster.Cluster, err error) {
	if err := l.ready(); err != nil {
		return c, err
	}
	if err := host.CheckSpace(l.dirs.State, runSpace); err != nil {
		return c, err
	}
	unlock, err := l.lock("INDEX")
	if err != nil {
		return c, err
	}
	defer unlock()
	others, err := cluster.List(l.dirs)
	if err != nil {
		return c, err
	}
	var used []plan.Instance
	for _, o := range others {
		used = append(used, o.Instance)
		if o.Index == index && index >= 0 && o.Name != name {
			return c, fmt.Errorf("index %d belongs to instance %s: choose another --index", index, o.Name)
		}
	}
	if index < 0 {
		if index, err = plan.FreeIndex(used); err != nil {
			return c, err
		}
	}
	c.Instance = plan.Instance{Name: name, Index: index}
	if err := c.Validate(); err != nil {
		return c, err
	}
	c.Run = l.dirs.Run(name)
	c = l.equip(c)
	return c, c.Record()
}

// lock keeps commands on one instance apart, or on the list of them. Neither
// "." nor capitals can be in an instance's name.
func (l *lab) lock(what string) (unlock func(), err error) {
	return host.Lock(filepath.Join(l.dirs.State, ".lock-"+what), func() {
		fmt.Fprintf(l.diag, "lab: %s: another lab command works on it: waiting\n", what)
	})
}

// load reads an instance and gives it what commands need.
func (l *lab) load(name string) (cluster.Cluster, error) {
	c, err := cluster.Load(l.dirs, name)
	return l.equip(c), err
}

// equip adds the built parts, if there are any.
func (l *lab) equip(c cluster.Cluster) cluster.Cluster {
	c.Out, c.Now = l.diag, l.now
	if cache, _, err := l.cache(); err == nil {
		c.Bin, c.Images = cache.Bin(), cache.Images()
	}
	return c
}

func (l *lab) ready() error {
	cache, _, err := l.cache()
	if err != nil {
		return err
	}
	return cache.Ready()
}

func (l *lab) down(ctx context.Context, args []string) error {
	fs := flags("down")
	all := fs.Bool("all", false, "")
	rest, err := parse(fs, args, 0, 1)
	if err != nil {
		return err
	}
	if *all == (len(rest) == 1) {
		return fmt.Errorf("down: give the name of an instance, or --all")
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("taking an instance down needs root: run it with sudo")
	}
	list, err := cluster.List(l.dirs)
	if err != nil {
		return err
	}
	var errs []error
	found := false
	for _, c := range list {
		if *all || c.Name == rest[0] {
			found = true
			errs = append(errs, l.takeDown(ctx, l.equip(c)))
		}
	}
	if !found {
		fmt.Fprintln(l.diag, "lab: no such instance, nothing to take down")
	}
	return errors.Join(errs...)
}

func (l *lab) takeDown(ctx context.Context, c cluster.Cluster) error {
	unlock, err := l.lock(c.Name)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.Down(ctx); err != nil {
		return err
	}
	fmt.Fprintf(l.diag, "lab: %s: down\n", c.Name)
	return nil
}

func (l *lab) join(ctx context.Context, args []string) error {
	rest, err := parse(flags("join"), args, 2, 2)
	if err != nil {
		return err
	}
	if err := host.Check(); err != nil {
		return err
	}
	a, err := l.load(rest[0])
	if err != nil {
		return err
	}
	b, err := l.load(rest[1])
	if err != nil {
		return err
	}
	return a.JoinTo(ctx, b)
}
