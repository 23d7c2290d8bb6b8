package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	c, fresh, err := l.prepare(ctx, rest[0], *index)
	if err != nil {
		return err
	}
	if fresh {
		if err := host.CheckSpace(l.dirs.State, runSpace); err != nil {
			return err
		}
		c.Gateway = *gateway
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
		if index >= 0 && index != c.Index {
			return c, false, fmt.Errorf("%s has index %d: run \"lab down %s\" before you change it", name, c.Index, name)
		}
		if len(c.Dead()) == 0 {
			return c, false, nil
		}
		fmt.Fprintf(l.diag, "lab: %s: not running: %s: starting anew\n", name, strings.Join(c.Dead(), ", "))
		index = c.Index
		if err := c.Down(ctx); err != nil {
			return c, false, err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return c, false, err
	}
	others, err := cluster.List(l.dirs)
	if err != nil {
		return c, false, err
	}
	var used []plan.Instance
	for _, o := range others {
		used = append(used, o.Instance)
		if o.Index == index && index >= 0 && o.Name != name {
			return c, false, fmt.Errorf("index %d belongs to instance %s: choose another --index", index, o.Name)
		}
	}
	if index < 0 {
		if index, err = plan.FreeIndex(used); err != nil {
			return c, false, err
		}
	}
	c.Instance = plan.Instance{Name: name, Index: index}
	if err := c.Validate(); err != nil {
		return c, false, err
	}
	c.Run = l.dirs.Run(name)
	return l.equip(c), true, l.ready()
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
			errs = append(errs, l.equip(c).Down(ctx))
			fmt.Fprintf(l.diag, "lab: %s: down\n", c.Name)
		}
	}
	if !found {
		fmt.Fprintln(l.diag, "lab: no such instance, nothing to take down")
	}
	return errors.Join(errs...)
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
