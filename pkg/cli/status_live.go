package cli

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/status"
)

// statusWorkers bounds how many proxies a status reads at once: it may be asked for
// every sidecar of a mesh, and each answer is held while it is decoded.
const statusWorkers = 4

// expiring: certificates that end within this time are told of, as by verify's default.
const expiring = 14 * 24 * time.Hour

// readStatus reads objects, pods and proxies, and judges them.
func readStatus(ctx context.Context, d *deps, o statusOptions) (report.StatusInput, error) {
	c, err := kube.New(d.kube)
	if err != nil {
		return report.StatusInput{}, err
	}
	c.Timeout, c.AdminPort = min(o.timeout, kube.DefaultTimeout), o.adminPort
	s := &statusRun{deps: d, client: c, options: o, namespaces: []string{c.Namespace()}}
	if o.allNamespaces {
		s.namespaces = nil
	}
	if err := s.objects(ctx); err != nil {
		return report.StatusInput{}, err
	}
	if err := s.pods(ctx); err != nil {
		return report.StatusInput{}, err
	}
	changes := s.unfinished(ctx)
	if err := s.choose(ctx, len(changes) > 0); err != nil {
		return report.StatusInput{}, err
	}
	failed := s.proxies(ctx)
	if err := ctx.Err(); err != nil {
		return report.StatusInput{}, err
	}
	in := status.Input{Intents: s.mesh.intents, Config: s.mesh.config, Services: s.services, Seen: s.seen, Now: d.now(), Warn: expiring}
	rows := status.Of(in)
	return report.StatusInput{
		Scope: report.StatusScope{Context: c.Context(), Namespaces: s.namespaces, Targets: o.targets, From: slices.Concat(o.from, o.fromNamespaces), Pods: len(s.seen), Proxies: s.read},
		Rows:  rows, Plain: status.PlainOf(in, rows), Intents: s.ours(), Changes: changes, Errors: failed, Config: s.mesh.config, Now: in.Now, Version: d.version, FailOn: o.on,
	}, nil
}

// statusRun is one status while it is being read.
type statusRun struct {
	*deps
	client     *kube.Client
	options    statusOptions
	namespaces []string // nil: all

	mesh     *mesh
	services []facts.Service
	seen     []status.Seen
	read     int
}

// objects reads rules, policies and services of the whole cluster: rules of other
// namespaces count too.
func (s *statusRun) objects(ctx context.Context) error {
	rules := startMesh(ctx, s.client)
	objects, missing, err := s.client.Objects(ctx, kube.Query{Kinds: []string{kube.KindService}})
	if err != nil {
		return err
	}
	services, err := istio.Config(objects, s.client.RootNamespace)
	if err != nil {
		return err
	}
	if s.mesh, err = rules(); err != nil {
		return err
	}
	config := s.mesh.config
	config.Services, config.Problems = slices.Concat(config.Services, services.Services), slices.Concat(config.Problems, services.Problems)
	if why := missing[kube.KindService]; why != "" {
		if config.Missing == nil {
			config.Missing = map[facts.Fact]string{}
		}
		config.Missing[factServices] = why
	}
	return nil
}

// factServices is what a status misses when Services may not be read everywhere.
const factServices facts.Fact = "services"

// pods lists the pods of the namespaces, those of the clients' too.
func (s *statusRun) pods(ctx context.Context) error {
	var where []string
	if s.namespaces != nil {
		where = slices.Concat(s.namespaces, s.options.fromNamespaces)
		slices.Sort(where)
		where = slices.Compact(where)
	}
	pods, err := s.client.Pods(ctx, where...)
	if err != nil {
		return err
	}
	from, err := s.from(ctx)
	if err != nil {
		return err
	}
	for _, p := range pods {
		chosen := true
		switch {
		case len(s.options.from) > 0:
			chosen = slices.Contains(from, p.Target.String())
		case len(s.options.fromNamespaces) > 0:
			chosen = slices.Contains(s.options.fromNamespaces, p.Target.Namespace)
		}
		s.seen = append(s.seen, status.Seen{Peer: check.Peer{Pod: p}, Client: chosen && p.Proxied(), Bare: chosen && !p.Proxied()})
	}
	return nil
}

// from gives the pods of --from.
func (s *statusRun) from(ctx context.Context) ([]string, error) {
	if len(s.options.from) == 0 {
		return nil, nil
	}
	targets, err := s.client.Resolve(ctx, s.client.Namespace(), s.options.from, "", false)
	if err != nil {
		return nil, fmt.Errorf("--from: %w", err)
	}
	var out []string
	for _, t := range targets {
		out = append(out, t.String())
	}
	return out, nil
}

// proxies reads the sidecars of servers and clients, a few at a time, and says how
// far it is. One that cannot be read is told, not passed over.
func (s *statusRun) proxies(ctx context.Context) []report.StatusError {
	scope := s.scope()
	var done atomic.Int32
	var wg sync.WaitGroup
	slots := make(chan struct{}, statusWorkers)
	var wanted []*status.Seen
	for i := range s.seen {
		if p := &s.seen[i]; p.Pod.Proxied() && (p.Client || s.serves(p.Pod)) {
			wanted = append(wanted, p)
		}
	}
	talk := s.talk()
	for _, p := range wanted {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			s.one(ctx, p, scope)
			fmt.Fprintf(talk, "\rread %d of %d sidecars ", done.Add(1), len(wanted))
		})
	}
	wg.Wait()
	fmt.Fprint(talk, "\r\x1b[K")
	var failed []report.StatusError
	for _, p := range wanted {
		if p.Err != "" {
			failed = append(failed, report.StatusError{Pod: p.Pod.Target.String(), Error: p.Err})
			continue
		}
		s.read++
	}
	return failed
}

// one reads one sidecar: the clusters of the rows, and what it takes in.
func (s *statusRun) one(ctx context.Context, p *status.Seen, scope envoy.Scope) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.timeout, fmt.Errorf("gave up after %s (--timeout)", s.options.timeout))
	defer cancel()
	admin, err := s.client.Admin(ctx, p.Pod.Target)
	if err == nil {
		p.Proxy, err = envoy.Read(ctx, p.Pod.Target, admin, scope)
		_ = admin.Close()
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = fmt.Errorf("%w: %w", err, cause)
		}
		p.Proxy, p.Err = nil, err.Error()
	}
}
