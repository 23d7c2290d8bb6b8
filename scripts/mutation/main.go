// Command mutation asks whether the tests would notice: it inverts every condition, turns every bad outcome into a
// good one, takes out every check and every line that adds a finding, one at a time, and runs the tests of the
// package. What no test notices survives and is listed. It works on a copy (go's -overlay): the tree is never touched.
//
// All changes of a package are compiled into one test binary, which is told by a variable which one is on: a mutant
// costs a run of the tests, not a build.
//
//	go run ./scripts/mutation [-sample 100] [-time 10m] [-only REGEXP] [-v] [PACKAGE...]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"time"
)

// packages are those whose every condition decides a verdict, and whose tests are asked.
var packages = []target{
	{"./pkg/check", []string{"./pkg/check", "./pkg/status"}}, // status asks what verify does not
	{"./pkg/conflict", []string{"./pkg/conflict"}},
	{"./pkg/status", []string{"./pkg/status"}},
	{"./pkg/facts", []string{"./pkg/facts", "./pkg/check", "./pkg/status", "./pkg/conflict"}},
}

// target is a package and the packages whose tests speak for it.
type target struct {
	dir   string
	tests []string
}

// options are the flags.
type options struct {
	sample  int // mutants of each package, evenly over its files; 0 is all
	limit   time.Duration
	only    *regexp.Regexp
	verbose bool
	least   float64
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("mutation", flag.ContinueOnError)
	var o options
	only := fs.String("only", "", "only mutants whose place (file:line) fits this `REGEXP`")
	fs.IntVar(&o.sample, "sample", 0, "try `N` mutants of each package, evenly spread; 0 is all")
	fs.DurationVar(&o.limit, "time", 30*time.Minute, "stop after this long, and say how far it got")
	fs.Float64Var(&o.least, "least", 0, "fail when fewer `PERCENT` are noticed")
	fs.BoolVar(&o.verbose, "v", false, "show every mutant, not only those that survive")
	if err := fs.Parse(args); err != nil {
		return err
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	chosen := packages
	if fs.NArg() > 0 {
		chosen = nil
		for _, dir := range fs.Args() {
			chosen = append(chosen, known(dir))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	killed, tried := 0, 0
	for _, t := range chosen {
		s, err := try(ctx, t, o, out)
		killed, tried = killed+s.killed, tried+s.tried
		if err != nil {
			return fmt.Errorf("%s: %w", t.dir, err)
		}
	}
	if tried == 0 {
		return errors.New("no mutant was tried: check the packages, -only and -time")
	}
	score := percent(killed, tried)
	fmt.Fprintf(out, "mutation: %d of %d mutants noticed, %.1f %%\n", killed, tried, score)
	if score < o.least {
		return fmt.Errorf("%.1f %% is less than -least %.1f", score, o.least)
	}
	return nil
}

// known gives the tests of a package; its own where nothing else is said.
func known(dir string) target {
	for _, t := range packages {
		if t.dir == dir {
			return t
		}
	}
	return target{dir, []string{dir}}
}

func percent(part, whole int) float64 { return 100 * float64(part) / float64(max(whole, 1)) }
