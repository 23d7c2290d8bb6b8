package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	archive "github.com/mesh-tls/kubectl-mesh-tls/pkg/bundle"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/probe"
)

// savers bounds how many proxies are saved at once: each answer is held whole.
const savers = 4

// saver writes the targets of one bundle.
type saver struct {
	d    *deps
	o    verifyOptions
	c    *kube.Client
	mesh *mesh
	w    *archive.Writer

	mu                     sync.Mutex
	targets, read, objects int
	failed                 []string
}

// saveAll writes a whole bundle. A proxy that cannot be read is in it with the
// reason, as in a report.
func saveAll(ctx context.Context, d *deps, o verifyOptions, to io.Writer) (*saver, error) {
	c, err := kube.New(d.kube)
	if err != nil {
		return nil, err
	}
	c.Timeout, c.AdminPort = min(o.timeout, kube.DefaultTimeout), int(o.adminPort)
	s := &saver{d: d, o: o, c: c}
	targets, err := c.Resolve(ctx, c.Namespace(), o.targets, o.selector, o.allNamespaces)
	if len(targets) == 0 && err != nil {
		return nil, err
	}
	var lost []archive.Target
	if err != nil {
		for _, e := range flatten(err) {
			lost = append(lost, lostTarget(targets[0].Context, e))
		}
	}
	recorded := &recordedObjects{from: c}
	if s.mesh, err = meshFrom(ctx, recorded, c.RootNamespace); err != nil {
		return nil, err
	}
	m := archive.Manifest{Tool: archive.Tool{Name: "kubectl-mesh-tls", Version: d.version}, CreatedAt: d.judged().UTC(),
		Context: c.Context(), Namespace: c.Namespace(), RootNamespace: c.RootNamespace}
	for _, t := range targets {
		m.Targets = append(m.Targets, t.String())
	}
	for _, t := range lost {
		m.Targets = append(m.Targets, t.Target.String())
	}
	saved, err := s.scene(ctx, recorded)
	if err != nil {
		return nil, err
	}
	s.targets, s.objects = len(m.Targets), len(saved.Items)
	if s.w, err = archive.NewWriter(to, m, saved); err != nil {
		return nil, err
	}
	if err := s.each(ctx, targets, lost); err != nil {
		return nil, err
	}
	return s, s.w.Close()
}

func lostTarget(kubeContext string, err error) archive.Target {
	t := facts.Target{Context: kubeContext, Source: "target"}
	var without *kube.NoSidecarError
	if errors.As(err, &without) {
		t = without.Target
	}
	return archive.Target{Target: t, Error: err.Error()}
}

// each saves all targets, a few at a time, and then what was lost before.
func (s *saver) each(ctx context.Context, targets []facts.Target, lost []archive.Target) error {
	errs := make([]error, len(targets))
	slots := make(chan struct{}, savers)
	var wg sync.WaitGroup
	for i, t := range targets {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = s.one(ctx, t)
		})
	}
	wg.Wait()
	for _, t := range lost {
		errs = append(errs, s.add(t, nil))
	}
	slices.Sort(s.failed)
	return errors.Join(append(errs, ctx.Err())...)
}

func (s *saver) one(ctx context.Context, t facts.Target) error {
	fmt.Fprintf(s.d.talk(), "saving %s\n", t)
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.timeout, fmt.Errorf("gave up after %s (--timeout)", s.o.timeout))
	defer cancel()
	saved := archive.Target{Target: t, TakenAt: s.d.judged().UTC()}
	recorder, err := s.answers(ctx, t, &saved)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", err, cause)
		}
		saved.Error = err.Error()
	}
	return s.add(saved, recorder)
}

func (s *saver) add(t archive.Target, r *archive.Recorder) error {
	if err := s.w.Add(&t, r); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Error == "" {
		s.read++
	} else {
		s.failed = append(s.failed, t.Target.String()+": "+t.Error)
	}
	return nil
}

// answers records the whole proxy, and probes what any later question may be about.
func (s *saver) answers(ctx context.Context, t facts.Target, saved *archive.Target) (*archive.Recorder, error) {
	admin, err := s.c.Admin(ctx, t)
	if err != nil {
		return nil, err
	}
	defer func() { _ = admin.Close() }()
	r := archive.NewRecorder(s.o.told.listen("admin port of "+t.String(), admin))
	proxy, err := envoy.Read(ctx, t, r, envoy.Scope{All: true})
	if err != nil {
		return r, err
	}
	saved.Envoy, saved.Istio = proxy.Envoy, proxy.Istio
	saved.CAs = startCAs(ctx, s.c, proxy)()
	if s.o.probe == probeNever {
		saved.NoProbe = "it was made with --probe never"
		return r, nil
	}
	requests, err := s.requests(ctx, t, proxy, r)
	if err != nil {
		return r, err
	}
	p := newProber(s.d, s.c.Dialer(t), s.o)
	defer p.close()
	var answers []func() facts.Handshake
	for _, q := range requests {
		answers = append(answers, p.begin(ctx, q))
	}
	for _, answer := range answers {
		saved.Probes = append(saved.Probes, answer())
	}
	return r, nil
}

// requests are what a verify without flags would probe, and then one with --all.
func (s *saver) requests(ctx context.Context, t facts.Target, whole *facts.Proxy, r *archive.Recorder) ([]probe.Request, error) {
	in := check.Input{Config: s.mesh.config, Intents: s.mesh.intents, Now: s.d.judged(), Proxy: whole, All: true}
	all := probeRequests(in, s.o.probe == probeAlways)
	scope, err := scopeOf(func() (*mesh, error) { return s.mesh, nil }, t, verifyOptions{})
	if err != nil {
		return nil, err
	}
	if in.Proxy, err = envoy.Read(ctx, t, r.Replay(), scope); err != nil {
		return nil, err
	}
	in.All = false
	out := probeRequests(in, s.o.probe == probeAlways)
	for _, q := range all {
		if !slices.ContainsFunc(out, func(o probe.Request) bool { return o.Cluster == q.Cluster && o.Address == q.Address }) {
			out = append(out, q)
		}
	}
	return out, nil
}
