package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// sample is one run of one command.
type sample struct {
	took   time.Duration
	peak   int64 // bytes, the most that was resident
	output int64 // bytes
}

// command is what is run; codes are the exit codes that count as done.
type command struct {
	argv  []string
	codes []int
}

func cmd(argv ...string) command { return command{argv: argv, codes: []int{0}} }

// orFindings admits 1, the plugin's exit code for findings.
func (c command) orFindings() command { return command{c.argv, append(slices.Clone(c.codes), 1)} }

// once runs the command with its output thrown away. The peak is the kernel's (wait4): it includes this program's own
// pages at the moment of the fork, so this program holds nothing large.
func (c command) once(ctx context.Context) (sample, error) {
	run := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	var out counter
	var errs bytes.Buffer
	run.Stdout, run.Stderr = &out, &errs
	start := time.Now()
	err := run.Run()
	s := sample{took: time.Since(start), output: int64(out)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || run.ProcessState == nil || !slices.Contains(c.codes, run.ProcessState.ExitCode()) {
		return s, fmt.Errorf("running %q: %w\n%s", c.argv, err, errs.Bytes())
	}
	if usage, ok := run.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.peak = usage.Maxrss << 10 // Linux counts in KiB
	}
	return s, nil
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// result sums up the runs of two commands by turns.
type result struct {
	ours, theirs         time.Duration // medians
	ratio                float64       // median of the pairs' ratios
	ourPeak, theirPeak   int64         // the largest
	ourBytes, theirBytes int64         // of output, of the last run
}

// pairs runs two functions by turns, so that a machine that is busy for a while is busy for both. The first pair fills
// caches and is not counted; which of the two goes first changes each time.
func pairs(ctx context.Context, n int, ours, theirs func(context.Context) (sample, error)) (result, error) {
	var r result
	var a, b []time.Duration
	var ratios []float64
	for i := range n + 1 {
		order := []func(context.Context) (sample, error){ours, theirs}
		if i%2 == 1 {
			slices.Reverse(order)
		}
		var s [2]sample
		for k, f := range order {
			one, err := f(ctx)
			if err != nil {
				return r, err
			}
			s[(k+i)%2] = one
		}
		if i == 0 {
			continue
		}
		a, b = append(a, s[0].took), append(b, s[1].took)
		ratios = append(ratios, s[0].took.Seconds()/s[1].took.Seconds())
		r.ourPeak, r.theirPeak = max(r.ourPeak, s[0].peak), max(r.theirPeak, s[1].peak)
		r.ourBytes, r.theirBytes = s[0].output, s[1].output
	}
	r.ours, r.theirs, r.ratio = median(a), median(b), median(ratios)
	return r, nil
}

func median[T time.Duration | float64](v []T) T {
	v = slices.Clone(v)
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

// copyPrograms measures copies: how much of a program's file counts as resident depends on how the file came into the
// page cache, and a linker's fresh output has been seen to count twice.
func (o *options) copyPrograms() error {
	for _, place := range []*string{&o.plugin, &o.istioctl, &o.kubectl} {
		from, err := exec.LookPath(*place)
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %v: what needs it fails\n", err)
			continue
		}
		to := filepath.Join(o.work, filepath.Base(from))
		if err := copyFile(from, to); err != nil {
			return err
		}
		*place = to
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
