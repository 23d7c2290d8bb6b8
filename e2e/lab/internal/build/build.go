package build

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/host"
)

// space is what a cold build was seen to need, with Go's build and module
// caches: 7 GB, and some room.
const space = 10 << 30

// Options say what to build and where to tell about it.
type Options struct {
	Sources  Sources
	Cache    Cache
	With     []string // extras by name
	Out      io.Writer
	Terminal bool
	Now      func() time.Time
}

type builder struct {
	sources  Sources
	cache    Cache
	progress *progress
	with     []string
}

// job is one thing to build: make runs only if the result is not there.
type job struct {
	step *step
	make func(context.Context) error
}

// Run builds everything that is not complete in the cache. Interrupted, it
// leaves complete parts in place, and Go's build cache keeps the rest.
func Run(ctx context.Context, o Options) error {
	parts, err := Select(o.With)
	if err != nil {
		return err
	}
	b := &builder{o.Sources, o.Cache, newProgress(o.Out, o.Terminal, o.Now), o.With}
	for _, d := range []string{o.Cache.Bin(), o.Cache.stage("")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	unlock, err := host.Lock(filepath.Join(string(o.Cache), "lock"), func() {
		b.progress.say("another build of the same versions runs: waiting for it")
	})
	if err != nil {
		return err
	}
	defer unlock()
	goJobs, hostJobs := b.plan(parts)
	if len(goJobs) > 1 {
		if err := host.CheckSpace(string(o.Cache), space); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go b.report(ctx)
	if err := b.both(ctx, cancel, goJobs, hostJobs); err != nil {
		return err
	}
	return b.finish(ctx)
}

// plan lists what is missing: Go programs, and what comes from elsewhere.
func (b *builder) plan(parts []Part) (goJobs, hostJobs []job) {
	for _, p := range parts {
		if exists(filepath.Join(b.cache.Bin(), p.Name)) {
			continue
		}
		s := b.progress.add(goLane, p.Name, p.Seconds)
		goJobs = append(goJobs, job{s, func(ctx context.Context) error {
			return b.goPart(ctx, p, func(string) { b.progress.tick(s) })
		}})
	}
	add := func(name string, seconds int, f func(context.Context) error) {
		hostJobs = append(hostJobs, job{b.progress.add(hostLane, name, seconds), f})
	}
	if len(goJobs) > 1 {
		add("the modules' sources", 60, func(ctx context.Context) error { return b.prefetch(ctx, parts) })
	}
	add("the machine's packages", 10, b.packages)
	if _, err := os.Lstat(filepath.Join(b.cache.Bin(), "redis-server")); err != nil {
		add("redis", 1, b.redis)
	}
	if !exists(b.cache.envoy()) {
		add("envoy", 5, b.fetchEnvoy)
	}
	if !exists(b.cache.Images()) && !exists(b.cache.rootfs()) {
		add("rootfs", 100, b.debian)
	}
	if b.lacksWordpress() {
		add(wordpressExtra, 10, b.wordpress)
	}
	return goJobs, hostJobs
}

// both runs the two lists side by side (one uses the processors, the other
// mostly the network); the first error stops the other list.
func (b *builder) both(ctx context.Context, cancel func(), lists ...[]job) error {
	errs := make(chan error, len(lists))
	for _, list := range lists {
		go func() { errs <- b.sequence(ctx, list) }()
	}
	var first error
	for range lists {
		if err := <-errs; err != nil && first == nil {
			first = err
			cancel()
		}
	}
	return first
}

func (b *builder) sequence(ctx context.Context, jobs []job) error {
	for _, j := range jobs {
		if err := ctx.Err(); err != nil {
			return err
		}
		b.progress.begin(j.step)
		if err := j.make(ctx); err != nil {
			if ctx.Err() != nil {
				return errors.New("interrupted: what is complete is kept, run \"lab build\" again to go on")
			}
			return err
		}
		b.progress.end(j.step)
	}
	return nil
}

// finish packs the images, which need parts of both lists.
func (b *builder) finish(ctx context.Context) error {
	if exists(b.cache.Images()) {
		return nil
	}
	s := b.progress.add(goLane, "images", 8)
	return b.sequence(ctx, []job{{s, b.images}})
}

// report shows what runs until ctx ends.
func (b *builder) report(ctx context.Context) {
	every := 20 * time.Second
	if b.progress.terminal {
		every = time.Second
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
			b.progress.show()
		}
	}
}
