package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/probe"
)

// prober opens one TLS connection to the endpoints of the external upstreams of
// one proxy that are judged. Workloads of the mesh are not probed: without a mesh
// certificate they refuse, which proves nothing.
//
// A process in the pod takes most of a verify's time to start, so it is started,
// and its handshake made, while the rest of the proxy is read. What is probed is
// decided once, when everything is known: what began too early and is not wanted
// is dropped, and what was not foreseen is probed then.
type prober struct {
	d      *deps
	dialer *kube.Dialer
	o      verifyOptions
	slots  chan struct{}
	saved  func(probe.Request) facts.Handshake // answers out of a bundle; nil: nothing is asked but the server

	mu    sync.Mutex
	begun map[string]func() facts.Handshake // waits for the answer, by what was asked
}

func newProber(d *deps, dialer *kube.Dialer, o verifyOptions) *prober {
	return &prober{d: d, dialer: dialer, o: o, slots: make(chan struct{}, probeParallelism), begun: map[string]func() facts.Handshake{}}
}

// prepare starts a helper in the pod where it is likely to be wanted.
func (p *prober) prepare(ctx context.Context) {
	if p.o.likelyProbes() {
		p.dialer.Prepare(ctx)
	}
}

// likelyProbes tells whether the user named a host that is likely to be outside the mesh.
func (o verifyOptions) likelyProbes() bool {
	return o.probe != probeNever && slices.ContainsFunc(o.to, func(to check.To) bool {
		return strings.Contains(to.Host, ".") && !strings.HasSuffix(to.Host, ".svc") && !strings.HasSuffix(to.Host, ".svc.cluster.local")
	})
}

func (p *prober) close() { _ = p.dialer.Close() }

// early begins with what the user named, as far as clusters and endpoints tell what will be asked. A name to send that
// hangs on the protocol is not known yet.
func (p *prober) early(ctx context.Context, t facts.Target, upstreams []facts.Upstream) {
	if p.o.probe == probeNever || len(p.o.to) == 0 {
		return
	}
	in := check.Input{To: p.o.to, Proxy: &facts.Proxy{Target: t, Upstreams: upstreams}}
	for _, r := range probeRequests(in, p.o.probe == probeAlways) {
		if r.SNI != "" {
			p.begin(ctx, r)
		}
	}
}

// begin makes a probe in the background, the same one once.
func (p *prober) begin(ctx context.Context, r probe.Request) func() facts.Handshake {
	if p.saved != nil {
		return func() facts.Handshake { return p.saved(r) }
	}
	key := fmt.Sprintf("%+v", r)
	p.mu.Lock()
	defer p.mu.Unlock()
	if answer, known := p.begun[key]; known {
		return answer
	}
	done := make(chan facts.Handshake, 1)
	go func() {
		p.slots <- struct{}{}
		defer func() { <-p.slots }()
		r.Now, r.Timeout = p.d.judged(), probeTimeout
		done <- handshake(ctx, p.dialer, r)
	}()
	p.begun[key] = sync.OnceValue(func() facts.Handshake { return <-done })
	return p.begun[key]
}

// probe adds to the proxy what was seen, or why nothing was.
func (p *prober) probe(ctx context.Context, in *check.Input) {
	if p.o.probe == probeNever {
		in.Proxy.Missing[facts.FactHandshakes] = "probing is switched off (--probe never)"
		return
	}
	requests := probeRequests(*in, p.o.probe == probeAlways)
	in.Proxy.Missing[facts.FactHandshakes] = "no upstream that is judged is outside the mesh: none was probed"
	var answers []func() facts.Handshake
	for _, r := range requests {
		answers = append(answers, p.begin(ctx, r))
	}
	if len(requests) > 0 {
		delete(in.Proxy.Missing, facts.FactHandshakes)
	}
	for _, answer := range answers {
		h := answer()
		if h.Failure == facts.FailureInternal {
			in.Proxy.Missing[facts.FactHandshakes] = h.ErrorText
			continue
		}
		in.Proxy.Handshakes = append(in.Proxy.Handshakes, h)
	}
}
