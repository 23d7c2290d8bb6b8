package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// visit is one sidecar to ask about one part.
type visit struct {
	p      *part
	m      *mesh
	target facts.Target
}

// waited asks the sidecars that the intents cover until each has what was asked for,
// with its secrets, a few at once. It is the proxy's word that counts, not the API
// server's. Sidecars that cannot be asked are an uncertain error.
func (t *transaction) waited(ctx context.Context) error {
	if !t.wait {
		return nil
	}
	visits, err := t.visits(ctx)
	if err != nil {
		return t.interrupted(ctx, uncertain{err})
	}
	if len(visits) == 0 {
		return t.unsure
	}
	start := t.d.now()
	late, doubtful := t.waitForAll(ctx, visits, t.timeout)
	took := t.d.now().Sub(start)
	if len(late) > 0 {
		var more []lateSidecar
		late, more = t.again(ctx, late)
		doubtful = append(doubtful, more...)
	}
	switch {
	case len(late) > 0:
		return t.interrupted(ctx, lateError(late, len(visits), took))
	case len(doubtful) > 0 && !t.verify: // else verify says it, with its finding
		return t.interrupted(ctx, errors.Join(lateError(doubtful, len(visits), took), t.unsure))
	case len(doubtful) > 0:
		fmt.Fprintf(t.d.Err, "waited     %d of %d sidecars have it (%s)\n", len(visits)-len(doubtful), len(visits), took.Round(100*time.Millisecond))
		return nil
	}
	fmt.Fprintf(t.d.Err, "waited     %d of %d sidecars have it (%s)\n", len(visits), len(visits), took.Round(100*time.Millisecond))
	return nil
}

// visits finds the sidecars of every part. Parts without any are told, or make the
// whole unsure.
func (t *transaction) visits(ctx context.Context) ([]visit, error) {
	read := map[*cluster]*mesh{}
	var out []visit
	for _, p := range t.parts {
		var err error
		if p.targets, err = targetsOf(ctx, p.c, p.plan.Intent); len(p.targets) == 0 {
			if err = t.nobody(p, err); err != nil {
				t.unsure = errors.Join(t.unsure, t.of(p, err))
			}
			continue
		}
		if read[p.cluster] == nil {
			if read[p.cluster], err = readMesh(ctx, p.c); err != nil {
				return nil, t.of(p, err)
			}
		}
		m := &mesh{config: read[p.cluster].config, intents: p.plan.Intent.Hops()}
		for _, target := range p.targets {
			out = append(out, visit{p, m, target})
		}
	}
	if t.unsure != nil {
		t.unsure = uncertain{t.unsure}
	}
	return out, nil
}

// nobody: no sidecar is there to ask. Without any pod that is told, and no more can be
// done; anything else (pods without a sidecar, pods that may not be listed) leaves open
// whether the change has any effect.
func (t *transaction) nobody(p *part, err error) error {
	var none *kube.NoPodsError
	if err == nil || errors.As(err, &none) {
		it := p.plan.Intent
		fmt.Fprintf(t.d.Err, "not waited for and not verified: no pod of %s runs that %s/%s is for\n", scopeText(it), it.Namespace, it.Name)
		return nil
	}
	return fmt.Errorf("no sidecar has it: %w", err)
}

// interrupted makes an error one that the change is taken back for when it comes of the
// command being ended from outside: what the sidecars have is not the question then.
func (t *transaction) interrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("interrupted before the sidecars were seen to have it: %w", ctx.Err())
}

// targetsOf are the sidecars that an intent is for. A PeerAuthentication is nothing to a
// gateway of the mesh, whose listeners are made from Gateways (istio: pkg/networking/core/gateway.go).
func targetsOf(ctx context.Context, c *kube.Client, it intent.Intent) ([]facts.Target, error) {
	if it.ThroughGateway() {
		return targetsThrough(ctx, c, it)
	}
	everywhere := it.Mesh || len(it.Workload) == 0 && slices.Contains(it.ExportTo, "*")
	all, err := c.Resolve(ctx, it.Namespace, nil, selectorText(it), everywhere)
	if it.Recipe != intent.RecipeStrict || len(all) == 0 {
		return all, err
	}
	sidecars := slices.DeleteFunc(slices.Clone(all), func(t facts.Target) bool { return t.Gateway })
	if len(sidecars) == 0 {
		err = errors.Join(err, fmt.Errorf("%s is a gateway of the mesh, and so is every other: policies of workloads are nothing to them", all[0]))
	}
	return sidecars, err
}

// lateSidecar is one that did not get there in time, and what it lacks.
type lateSidecar struct {
	target facts.Target
	err    error
	visit  visit
}

// waitForAll returns those that are late, and those of which it is not sure that they have
// the newest, in the order of visits.
func (t *transaction) waitForAll(ctx context.Context, visits []visit, limit time.Duration) (late, doubtful []lateSidecar) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	errs, doubts := make([]error, len(visits)), make([]error, len(visits))
	slots := make(chan struct{}, workers)
	var have atomic.Int64
	var wg sync.WaitGroup
	for i, v := range visits {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if errs[i], doubts[i] = waitForOne(ctx, v.p.d, v.p.c, v.m, v.target); errs[i] == nil && doubts[i] == nil {
				fmt.Fprintf(t.d.talk(), "\rwaiting    %d of %d sidecars have it", have.Add(1), len(visits))
			}
		})
	}
	wg.Wait()
	fmt.Fprint(t.d.talk(), "\r")
	for i, err := range errs {
		if err != nil {
			late = append(late, lateSidecar{visits[i].target, err, visits[i]})
		} else if doubts[i] != nil {
			doubtful = append(doubtful, lateSidecar{visits[i].target, uncertain{doubts[i]}, visits[i]})
		}
	}
	return late, doubtful
}

// maxNamed bounds how many late sidecars an error names.
const maxNamed = 3

// lateError names what is late. It is uncertain when none of them could be asked at
// all: what they have is not known then.
func lateError(late []lateSidecar, total int, took time.Duration) error {
	var lines []string
	unsure := 0
	var u uncertain
	for i, l := range late {
		if errors.As(l.err, &u) {
			unsure++
		}
		if i < maxNamed {
			lines = append(lines, fmt.Sprintf("%s: %v", l.target, l.err))
		}
	}
	if more := len(late) - maxNamed; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	err := fmt.Errorf("%d of %d sidecars do not have it after %s:\n  %s\nsee: kubectl mesh-tls verify pod/%s -n %s",
		len(late), total, took.Round(time.Second), strings.Join(lines, "\n  "), late[0].target.Pod, late[0].target.Namespace)
	if unsure == len(late) {
		return uncertain{err}
	}
	return err
}

// selectorText selects the pods of the intent; without a selector, every pod of
// the namespace.
func selectorText(it intent.Intent) string {
	if len(it.Workload) == 0 {
		return "!mesh-tls.io/none"
	}
	return labelText(it.Workload)
}

// waitEvery is how often a proxy is asked while waiting.
const waitEvery = 500 * time.Millisecond

// maxDoubts bounds how often a proxy is asked again that has all, where it is only not
// sure that this is of the newest rule: an EnvoyFilter can leave that open for good.
const maxDoubts = 20

// waitForOne asks one proxy until it has everything, or the time is over: what is still
// wrong then, or else whether what it has is of the newest rule.
func waitForOne(ctx context.Context, d *deps, c *kube.Client, m *mesh, t facts.Target) (lacks, doubt error) {
	return askUntil(ctx, func() (error, error) { return hasIntent(ctx, d, c, m, t) })
}

// askUntil asks until nothing is lacking, with some patience for a doubt. A question that
// the end of the time cut off says less than the answer before it.
func askUntil(ctx context.Context, ask func() (lacks, doubt error)) (lacking, doubting error) {
	answered, doubts := false, 0
	for {
		lacks, doubt := ask()
		if lacks == nil && (doubt == nil || doubts == maxDoubts) {
			return nil, doubt
		}
		if lacks == nil {
			doubts++
		}
		if ctx.Err() == nil || !answered {
			answered, lacking, doubting = true, lacks, doubt
		}
		select {
		case <-ctx.Done():
			return lacking, doubting
		case <-time.After(waitEvery):
		}
	}
}

// hostsOf are the hosts that an intent is about; none for what is about workloads.
func hostsOf(it intent.Intent) []string {
	if it.Host == "" || it.AtGateway() { // a gateway's listeners have names of no host
		return nil
	}
	if it.ThroughGateway() {
		return []string{it.Through.Service, it.Target()}
	}
	return []string{it.Host}
}

// questionOf is the question whether a proxy has what an intent asks for.
func questionOf(it intent.Intent, probe probeMode) verifyOptions {
	return verifyOptions{probe: probe, hosts: hostsOf(it), change: true}
}

// everything tells whether all that a proxy was read for is judged, or some hosts, or one change, only.
func (o verifyOptions) everything() bool { return len(o.to) == 0 && len(o.hosts) == 0 && !o.change }
