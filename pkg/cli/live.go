package cli

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// workers bounds how many proxies are read at once.
const workers = 8

// verifyLive resolves the targets, reads the objects once and every proxy by
// itself. A target that cannot be read is a target with an error, not the end.
func verifyLive(ctx context.Context, d *deps, o verifyOptions) ([]report.TargetReport, error) {
	c, err := kube.New(d.kube)
	if err != nil {
		return nil, err
	}
	c.Timeout, c.AdminPort = min(o.timeout, kube.DefaultTimeout), int(o.adminPort)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.Expect(ctx, o.likelyProbes())()
	m := o.wantedOf(startMesh(ctx, c))
	if err := readPairs(ctx, c, &o); err != nil {
		return nil, err
	}
	targets, err := o.resolve(ctx, c)
	lost, err := notFound(targets, err)
	if err != nil {
		return nil, err
	}
	results := make([]report.TargetReport, len(targets))
	var wg sync.WaitGroup
	slots := make(chan struct{}, workers)
	for i, t := range targets {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i] = verifyOne(ctx, d, c, m, t, o)
		})
	}
	wg.Wait()
	if _, err := m(); err != nil {
		return nil, err
	}
	return append(results, lost...), stopped(ctx)
}

// stopped says that the command was ended from outside, nil where it was not.
func stopped(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return fmt.Errorf("interrupted before everything was read: %w", ctx.Err())
}

func verifyOne(ctx context.Context, d *deps, c *kube.Client, m meshReader, t facts.Target, o verifyOptions) report.TargetReport {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("gave up after %s (--timeout)", o.timeout))
	defer cancel()
	in, err := readInput(ctx, d, c, m, t, o)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", err, cause)
		}
		return report.TargetError(t, err)
	}
	return o.placed(report.Judge(check.All(), in, o.all, o.format), t)
}

// inputOf is readInput with the objects at hand.
func inputOf(ctx context.Context, d *deps, c *kube.Client, m *mesh, t facts.Target, o verifyOptions) (check.Input, error) {
	return readInput(ctx, d, c, func() (*mesh, error) { return m, nil }, t, o)
}

// readInput reads one proxy, as much of it as the question needs, and probes.
func readInput(ctx context.Context, d *deps, c *kube.Client, m meshReader, t facts.Target, o verifyOptions) (check.Input, error) {
	in := check.Input{To: o.to, Pairs: o.pairs, All: o.all, Policy: o.policy, Now: d.judged(), Warn: o.warn}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // of probes that nobody waits for
	p := newProber(d, c.Dialer(t), o)
	defer p.close()
	p.prepare(ctx)
	admin, err := c.Admin(ctx, t)
	if err != nil {
		return in, err
	}
	defer func() { _ = admin.Close() }()
	scope, err := scopeOf(m, t, o)
	if err != nil {
		return in, err
	}
	scope.Found = func(upstreams []facts.Upstream) { p.early(ctx, t, upstreams) }
	heard := o.told.listen("admin port of "+t.String(), admin)
	in.Proxy, err = envoy.Read(ctx, t, heard, scope)
	if err != nil {
		return in, err
	}
	objects, err := m()
	if err != nil {
		return in, err
	}
	in.Config, in.Intents = objects.config, aboutHosts(objects.intents, o.hosts)
	in.Void, in.To = o.everything(), in.Named()
	if more, to, yes := wider(in, scope, len(o.hosts) > 0); yes {
		if in.Proxy, err = envoy.Read(ctx, t, o.told.listen("admin port of "+t.String(), admin), more); err != nil {
			return in, err
		}
		in.To = to(in)
	}
	in.Proxy.TakenAt, in.Proxy.Upstreams = in.Now, ofHosts(in.Proxy.Upstreams, o.hosts)
	cas := startCAs(ctx, c, in.Proxy)
	p.probe(ctx, &in)
	in.CAs = cas()
	if o.traffic.on() {
		err = o.traffic.run(ctx, d, c, heard, scope, &in)
	}
	return in, err
}

// scopeOf is what to ask the proxy for: what the user named, else what rules and
// intents name, else (with --all) everything. Only the second waits for the objects.
func scopeOf(m meshReader, t facts.Target, o verifyOptions) (envoy.Scope, error) {
	if o.all {
		return envoy.Scope{All: true}, nil
	}
	var s envoy.Scope
	for _, to := range o.to {
		s.Hosts = append(s.Hosts, to.Host)
	}
	if len(o.to) > 0 {
		return s, nil
	}
	objects, err := m()
	if err != nil {
		return s, err
	}
	if len(o.hosts) > 0 && !objects.atGateway(t) {
		return envoy.Scope{Hosts: o.hosts, Inbound: true}, nil
	}
	if objects.atGateway(t) {
		return envoy.Scope{All: true}, nil
	}
	if s.Hosts, s.Inbound = objects.hosts(t), true; slices.Contains(s.Hosts, "*") {
		return envoy.Scope{All: true}, nil // a rule for everything: no name tells its clusters
	}
	return s, nil
}

// aboutHosts are the intents that can be judged when only these hosts were read: of
// another host's intent nothing was seen, which is no verdict on it.
func aboutHosts(intents []intent.Intent, hosts []string) []intent.Intent {
	if len(hosts) == 0 {
		return intents
	}
	return slices.DeleteFunc(slices.Clone(intents), func(it intent.Intent) bool { return it.Host != "" && !slices.Contains(hosts, it.Target()) })
}
