// Command startup measures how long the plugin takes to answer --help, against `kubectl version --client`. The two
// run by turns, so that a machine that is busy for a while is busy for both. It needs no cluster and sends nothing.
//
//	go run ./scripts/startup -pairs 31 bin/kubectl-mesh_tls
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sort"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "startup:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet("startup", flag.ContinueOnError)
	pairs := fs.Int("pairs", 31, "how many times each is run; the first pair is not counted")
	kubectl := fs.String("kubectl", "kubectl", "the kubectl to compare with")
	most := fs.Float64("most", 0, "fail when the ratio of the medians is higher (0: only print it)")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() != 1 || *pairs < 2 {
		return errors.New("usage: startup [-pairs N] [-kubectl FILE] [-most RATIO] PLUGIN, with N at least 2")
	}
	compared, err := exec.LookPath(*kubectl)
	if err != nil {
		return fmt.Errorf("finding the kubectl to compare with: %w", err)
	}
	var plugin, other, ratios []float64
	for i := range *pairs {
		p, err := once(ctx, fs.Arg(0), "--help")
		if err != nil {
			return err
		}
		o, err := once(ctx, compared, "version", "--client")
		if err != nil {
			return err
		}
		if i > 0 {
			plugin, other, ratios = append(plugin, p), append(other, o), append(ratios, p/o)
		}
	}
	ratio := median(ratios)
	fmt.Printf("kubectl-mesh_tls --help  median %.1f ms (%.1f to %.1f)\n", median(plugin), plugin[0], plugin[len(plugin)-1])
	fmt.Printf("kubectl version --client median %.1f ms (%.1f to %.1f), %s\n", median(other), other[0], other[len(other)-1], compared)
	fmt.Printf("ratio, median of %d pairs: %.2f (goal: at most 1.00)\n", len(ratios), ratio)
	if *most > 0 && ratio > *most {
		return fmt.Errorf("the plugin starts slower than kubectl: %.2f, more than %.2f", ratio, *most)
	}
	return nil
}

// once returns how many milliseconds the command took.
func once(ctx context.Context, name string, args ...string) (float64, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(start)
	if err != nil {
		return 0, fmt.Errorf("running %s %v: %w\n%s", name, args, err, out)
	}
	return float64(took.Microseconds()) / 1000, nil
}

// median sorts its argument and returns the middle.
func median(v []float64) float64 {
	sort.Float64s(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
