package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// settleTime is how long --exercise alone waits after its connections: Envoy's threads count each for themselves.
const settleTime = 500 * time.Millisecond

// trafficFlags ask for what happens, beside what is.
type trafficFlags struct {
	watch    time.Duration
	exercise bool
}

func (f *trafficFlags) add(fs *pflag.FlagSet) {
	fs.DurationVar(&f.watch, "watch-traffic", 0, "read the counters twice, this long apart, and tell what happened in between: connections, TLS handshakes, failures")
	fs.BoolVar(&f.exercise, "exercise", false, "open one connection to each judged upstream as the application does, through the sidecar, and tell what its counters made of it; HTTP upstreams get one HEAD request")
}

func (f trafficFlags) on() bool { return f.watch > 0 || f.exercise }

func (f trafficFlags) validate(timeout time.Duration, saved bool) error {
	switch {
	case f.watch < 0:
		return fmt.Errorf("--watch-traffic %s: must be more than 0", f.watch)
	case f.watch >= timeout:
		return fmt.Errorf("--watch-traffic %s: must be shorter than --timeout, which is %s", f.watch, timeout)
	case f.on() && saved:
		return fmt.Errorf("--watch-traffic and --exercise need the live proxy: --dump and --bundle have none")
	}
	return nil
}

// run reads the counters twice and puts what happened in between, and the newer counters, into the input.
func (f trafficFlags) run(ctx context.Context, d *deps, c *kube.Client, g envoy.Getter, scope envoy.Scope, in *check.Input) error {
	before, err := envoy.Recount(ctx, g, in.Proxy, scope)
	if err != nil {
		return fmt.Errorf("watch the traffic: %w", err)
	}
	start := d.now()
	tried := map[string]string{}
	if f.exercise {
		tried = exerciseAll(ctx, c, *in)
	}
	wait := f.watch - d.now().Sub(start)
	if f.exercise {
		wait = max(wait, settleTime)
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return fmt.Errorf("watch the traffic: %w", context.Cause(ctx))
	}
	after, err := envoy.Recount(ctx, g, in.Proxy, scope)
	if err != nil {
		return fmt.Errorf("watch the traffic: %w", err)
	}
	t := facts.Between(before, after, d.now().Sub(start))
	for i := range t.Upstreams {
		t.Upstreams[i].Exercise = tried[t.Upstreams[i].Cluster]
	}
	in.Proxy.Upstreams, in.Traffic = after.Upstreams, &t
	return nil
}

// exerciseAll makes one connection to each upstream that is judged, some at once, and tells by cluster what came of it.
func exerciseAll(ctx context.Context, c *kube.Client, in check.Input) map[string]string {
	out := map[string]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, probeParallelism)
	n := 0
	for _, s := range check.Subjects(in) {
		if !s.Meant || s.Active == nil {
			continue
		}
		if n++; n > maxProbes {
			out[s.Cluster] = fmt.Sprintf("was not made: it makes no more than %d connections", maxProbes)
			continue
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			said := exercise(ctx, c, in.Proxy.Target, s)
			mu.Lock()
			defer mu.Unlock()
			out[s.Cluster] = said
		})
	}
	wg.Wait()
	return out
}
