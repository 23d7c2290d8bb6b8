package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/build"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/plan"
)

const usage = `lab: real single-node clusters with Istio, each in a network namespace

  lab build [--with istioctl,kwok,krew]    build all parts once (about 20 minutes on 2 cores)
  lab up NAME [--index N] [--gateway]      start an instance (under a minute)
  lab down NAME | --all                    stop it and leave nothing behind
  lab join A B                             let the pods of two instances reach each other
  lab status                               what is built, what runs
  lab kubeconfig NAME                      print the path of the kubeconfig
  lab exec NAME -- CMD [ARG...]            run a command in the instance's network namespace
  lab logs NAME [PART]                     list the logs, or print one
  lab path [wordpress]                     print the directory of the programs, or of that extra

Servers outside the mesh, on the node's address:
  lab serve NAME redis --host HOST [--port 16222] [--cert FILE --key FILE] [--client-ca FILE] [--password WORD] [--plain]
  lab serve NAME web   --host HOST [--port 443] [--http-port 80] [--cert FILE --key FILE] [--client-ca FILE] [--plain]
  lab serve NAME stop redis|web [--port N] stop one kind (or the one on that port)
  lab name NAME HOST [--ip ADDRESS]        add a name to the instance's DNS
  lab certs DIR --ca NAME --host HOST[,HOST] [--days N | --expired]
                                           make a CA (if DIR has none of that name) and a server certificate

  lab manifests DIR                        render Istio's manifests again (needs istioctl built)
`

// lab holds what every command needs.
type lab struct {
	now   func() time.Time
	dirs  plan.Dirs
	out   io.Writer
	diag  io.Writer
	table map[string]func(context.Context, []string) error
}

func newLab(now func() time.Time) (*lab, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, fmt.Errorf("find the home directory: %w: set HOME", err)
	}
	l := &lab{now: now, dirs: plan.NewDirs(os.Getenv, home), out: os.Stdout, diag: os.Stderr}
	l.table = map[string]func(context.Context, []string) error{
		"build": l.build, "up": l.up, "down": l.down, "join": l.join, "status": l.status,
		"kubeconfig": l.kubeconfig, "exec": l.exec, "logs": l.logs, "path": l.path,
		"serve": l.serve, "name": l.name, "certs": l.certs, "manifests": l.manifests,
		"web-server": l.webServer, // what "serve NAME web" starts
	}
	return l, nil
}

func (l *lab) dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(l.out, usage)
		return nil
	}
	f, ok := l.table[args[0]]
	if !ok {
		return fmt.Errorf("no command %q: run \"lab help\"", args[0])
	}
	return f(ctx, args[1:])
}

func (l *lab) build(ctx context.Context, args []string) error {
	fs := flags("build")
	with := fs.String("with", "", "")
	if _, err := parse(fs, args, 0, 0); err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("building unpacks a Debian system and installs packages, which needs root: run it with sudo")
	}
	cache, src, err := l.cache()
	if err != nil {
		return err
	}
	var extras []string
	if *with != "" {
		extras = strings.Split(*with, ",")
	}
	return build.Run(ctx, build.Options{Sources: src, Cache: cache, With: extras, Out: l.diag, Terminal: isTerminal(os.Stderr), Now: l.now})
}

func (l *lab) path(_ context.Context, args []string) error {
	names, err := parse(flags("path"), args, 0, 1)
	if err != nil {
		return err
	}
	cache, _, err := l.cache()
	switch {
	case err != nil:
		return err
	case len(names) == 0:
		fmt.Fprintln(l.out, cache.Bin())
	case names[0] == "wordpress":
		fmt.Fprintln(l.out, cache.Wordpress())
	default:
		return fmt.Errorf("path %q: only the extra wordpress has a directory of its own", names[0])
	}
	return nil
}

// cache finds the built parts of the versions pinned in this tree.
func (l *lab) cache() (build.Cache, build.Sources, error) {
	wd, err := os.Getwd()
	if err != nil {
		return "", "", err
	}
	self, _ := os.Executable()
	src, err := build.FindSources(wd, filepath.Dir(self))
	if err != nil {
		return "", "", err
	}
	key, err := src.Key()
	if err != nil {
		return "", "", err
	}
	return build.Cache(filepath.Join(l.dirs.Cache, key)), src, nil
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
