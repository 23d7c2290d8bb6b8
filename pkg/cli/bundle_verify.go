package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	archive "github.com/mesh-tls/kubectl-mesh-tls/pkg/bundle"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/probe"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// withBundle opens a bundle; every error names it.
func withBundle(file string, do func(*archive.Reader) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("--bundle %s: %w", file, err)
		}
	}()
	f, err := openRegular(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	debug.SetGCPercent(dumpGCPercent)
	debug.SetMemoryLimit(dumpMemory)
	r, err := archive.Open(f)
	if err != nil {
		return err
	}
	return do(r)
}

// verifyBundle judges what was saved, as of then; the time is that of the bundle.
func verifyBundle(ctx context.Context, d *deps, o verifyOptions) (results []report.TargetReport, at time.Time, err error) {
	err = withBundle(o.bundle, func(r *archive.Reader) error {
		at = r.Manifest.CreatedAt
		results, err = judgeBundle(ctx, d, r, o)
		return err
	})
	return results, at, err
}

func judgeBundle(ctx context.Context, d *deps, r *archive.Reader, o verifyOptions) (results []report.TargetReport, err error) {
	objects, err := newSavedObjects(r.Objects)
	if err != nil {
		return nil, err
	}
	m, err := meshFrom(ctx, objects, r.Manifest.RootNamespace)
	if err != nil {
		return nil, err
	}
	namespace, others := *d.kube.Namespace, []string{}
	for {
		s, err := r.Next()
		if errors.Is(err, io.EOF) {
			if len(results) == 0 && len(others) > 0 {
				return nil, fmt.Errorf("it holds no proxy of namespace %s, only of %s", namespace, strings.Join(slices.Compact(slices.Sorted(slices.Values(others))), ", "))
			}
			return results, stopped(ctx)
		}
		if err != nil {
			return nil, err
		}
		if is := s.Target.Target.Namespace; namespace != "" && is != "" && is != namespace {
			others = append(others, is)
			continue
		}
		results = append(results, judgeSaved(ctx, d, m, s, o))
	}
}

func judgeSaved(ctx context.Context, d *deps, m *mesh, s *archive.Saved, o verifyOptions) report.TargetReport {
	if s.Error != "" {
		return report.TargetError(s.Target.Target, errors.New(s.Error))
	}
	in, err := savedInput(ctx, d, m, s, o)
	if err != nil {
		return report.TargetError(s.Target.Target, err)
	}
	return report.Judge(check.All(), in, o.all, o.format)
}

// savedInput is readInput with the answers of a bundle.
func savedInput(ctx context.Context, d *deps, m *mesh, s *archive.Saved, o verifyOptions) (check.Input, error) {
	in := check.Input{To: o.to, All: o.all, Policy: o.policy, Now: s.TakenAt, Warn: o.warn, Config: m.config, Intents: m.intents, CAs: s.CAs}
	scope, err := scopeOf(func() (*mesh, error) { return m, nil }, s.Target.Target, o)
	if err != nil {
		return in, err
	}
	admin := o.told.listen("bundle: "+s.Target.Target.String(), s.Replay())
	if in.Proxy, err = envoy.Read(ctx, s.Target.Target, admin, scope); err != nil {
		return in, err
	}
	in.Void, in.To = len(o.to) == 0, in.Named()
	if more, to, yes := wider(in, scope, false); yes {
		if in.Proxy, err = envoy.Read(ctx, s.Target.Target, admin, more); err != nil {
			return in, err
		}
		in.To = to(in)
	}
	in.Proxy.TakenAt = in.Now
	p := newProber(d, nil, o)
	p.saved = func(r probe.Request) facts.Handshake { return savedProbe(s, r) }
	p.probe(ctx, &in)
	return in, nil
}

// savedProbe finds the conversation that was made when the bundle was; a missing
// one says nothing of the server.
func savedProbe(s *archive.Saved, r probe.Request) facts.Handshake {
	for _, h := range s.Probes {
		if h.Cluster == r.Cluster && h.Address == r.Address {
			return h
		}
	}
	why := s.NoProbe
	if why == "" {
		why = "it was not among those that were made"
	}
	return facts.Handshake{Cluster: r.Cluster, Address: r.Address, SNI: r.SNI, Failure: facts.FailureInternal,
		ErrorText: fmt.Sprintf("the bundle holds no TLS conversation with %s: %s", r.Address, why)}
}
