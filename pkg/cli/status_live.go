package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
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
func readStatus(ctx context.Context, d *deps, from statusSource, o statusOptions) (report.StatusInput, error) {
	s := &statusRun{deps: d, statusSource: from, options: o, namespaces: []string{from.namespace}}
	if o.allNamespaces {
		s.namespaces = nil
	}
	if err := s.readObjects(ctx); err != nil {
		return report.StatusInput{}, err
	}
	if err := s.readPods(ctx); err != nil {
		return report.StatusInput{}, err
	}
	changes := s.unfinished(ctx)
	if err := s.choose(ctx, len(changes) > 0); err != nil {
		return report.StatusInput{}, err
	}
	failed, err := s.readProxies(ctx)
	if err != nil {
		return report.StatusInput{}, err
	}
	in := status.Input{Intents: s.mesh.intents, Config: s.mesh.config, Services: s.services, Seen: s.seen, Now: s.at(), Warn: expiring}
	rows := status.Of(in)
	return report.StatusInput{
		Scope: report.StatusScope{Context: s.context, Namespaces: s.namespaces, Targets: o.targets, From: slices.Concat(o.from, o.fromNamespaces), Pods: len(s.seen), Proxies: s.read},
		Rows:  rows, Plain: status.PlainOf(in, rows), Intents: s.ours(), Changes: changes, Errors: failed, Config: s.mesh.config, Now: in.Now, Version: d.version, FailOn: o.on,
	}, nil
}

// statusRun is one status while it is being read.
type statusRun struct {
	*deps
	statusSource
	options    statusOptions
	namespaces []string // nil: all

	mesh     *mesh
	services []facts.Service
	seen     []status.Seen
	read     int
}

// readObjects reads rules, policies and services of the whole cluster: rules of other
// namespaces count too.
func (s *statusRun) readObjects(ctx context.Context) error {
	rules := startMeshFrom(ctx, s.objects, s.root)
	var objects []*unstructured.Unstructured
	missing, err := s.objects.EachObject(ctx, kube.Query{Kinds: []string{kube.KindService}}, func(u *unstructured.Unstructured) { objects = append(objects, u) })
	if err != nil {
		return err
	}
	services, err := istio.Config(objects, s.root)
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

// readPods lists the pods of the namespaces, those of the clients' too.
func (s *statusRun) readPods(ctx context.Context) error {
	var where []string
	if s.namespaces != nil {
		where = slices.Concat(s.namespaces, s.options.fromNamespaces)
		slices.Sort(where)
		where = slices.Compact(where)
	}
	pods, err := s.pods(ctx, where...)
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
	targets, err := s.resolve(ctx, s.options.from, s.mesh.config.Services)
	if err != nil {
		return nil, fmt.Errorf("--from: %w", err)
	}
	var out []string
	for _, t := range targets {
		out = append(out, t.String())
	}
	return out, nil
}

// readProxies reads the sidecars of servers and clients; those that could not be read
// are told.
func (s *statusRun) readProxies(ctx context.Context) ([]report.StatusError, error) {
	var wanted []*status.Seen
	for i := range s.seen {
		if p := &s.seen[i]; p.Pod.Proxied() && (p.Client || s.serves(p.Pod)) {
			wanted = append(wanted, p)
		}
	}
	if err := s.proxies(ctx, wanted, s.scope()); err != nil {
		return nil, err
	}
	var failed []report.StatusError
	for _, p := range wanted {
		if p.Err != "" {
			failed = append(failed, report.StatusError{Pod: p.Pod.Target.String(), Error: p.Err})
			continue
		}
		s.read++
	}
	return failed, nil
}
