// Command bench measures the plugin against the tools that people use for the same work today, by turns, in one run
// on one machine, and prints the ratios beside their goals. It never judges the plugin's answers beyond their exit code.
//
//	go run ./e2e/bench -instance a            everything, on the lab's instance a
//	go run ./e2e/bench -only help,offline     what needs no cluster
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// options are what the user may choose.
type options struct {
	plugin, istioctl, kubectl, lab, instance string
	pairs                                    int
	only                                     string
	keep                                     bool
	work                                     string // a directory that is removed at the end
}

// part is one comparison or several that share their preparation.
type part struct {
	name    string
	cluster bool // needs the lab
	run     func(ctx context.Context, o options) ([]row, error)
}

var parts = []part{
	{"help", false, measureHelp},
	{"offline", false, measureOffline},
	{"small", true, measureSmall},
	{"large", true, measureLarge},
	{"rules", true, measureRules},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.work, err = os.MkdirTemp("", "mesh-tls-bench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.work)) }()
	if err := o.copyPrograms(); err != nil {
		return err
	}
	if !o.keep {
		defer func() { err = errors.Join(err, cleanUp(context.WithoutCancel(ctx), o)) }()
	}
	var rows []row
	for _, p := range parts {
		if o.only != "" && !slices.Contains(strings.Split(o.only, ","), p.name) {
			continue
		}
		if p.cluster && o.instance == "" {
			rows = append(rows, row{what: p.name, note: "skipped: no instance of the lab"})
			continue
		}
		fmt.Fprintf(os.Stderr, "bench: measuring %s\n", p.name)
		more, err := p.run(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		rows = append(rows, more...)
	}
	printTable(os.Stdout, rows, o.pairs)
	return nil
}

func parse(args []string) (options, error) {
	o := options{}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.StringVar(&o.plugin, "plugin", "bin/kubectl-mesh_tls", "the plugin's binary")
	fs.StringVar(&o.istioctl, "istioctl", "istioctl", "the istioctl to compare with")
	fs.StringVar(&o.kubectl, "kubectl", "kubectl", "the kubectl to compare with")
	fs.StringVar(&o.lab, "lab", "bin/lab", "the lab's program")
	fs.StringVar(&o.instance, "instance", "", "the lab's instance, which KUBECONFIG leads to; without it only what needs no cluster is measured")
	fs.IntVar(&o.pairs, "pairs", 11, "how many times each is run; one more pair goes before and is not counted")
	fs.StringVar(&o.only, "only", "", "a comma-separated list of help, offline, small, large, rules")
	fs.BoolVar(&o.keep, "keep", false, "leave the namespaces in the cluster")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 || o.pairs < 1 {
		return o, errors.New("usage: bench [flags], with -pairs at least 1")
	}
	for _, name := range strings.Split(o.only, ",") {
		if o.only != "" && !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return o, fmt.Errorf("-only %s: there is no such part", name)
		}
	}
	return o, nil
}
