package cli

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/conflict"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// maxSpeakers bounds how many sidecars are asked whether their applications speak TLS to
// the host already.
const maxSpeakers = 10

// readSpeakers finds the live clients that speak to the port where the plan puts TLS by
// themselves: with the plan they would get TLS inside TLS. Their sidecars know no host there
// yet and let them pass; one that knows it says so in a ServiceEntry.
func readSpeakers(ctx context.Context, p *part, in *conflict.Input) {
	it := in.Intent
	if !it.Leads() || it.Form != intent.FormVirtualService || it.Subset != "" || it.ThroughGateway() {
		return
	}
	targets, err := targetsOf(ctx, p.c, it)
	var none *kube.NoPodsError
	if errors.As(err, &none) {
		return // nobody is there who could speak
	}
	dark := func(what, why string) {
		in.Missing = append(in.Missing, conflict.Missing{What: what, Why: why, IDs: []string{"MT037"}})
	}
	if err != nil {
		dark(fmt.Sprintf("what the pods send to port %d", it.TLSPort), strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if more := len(targets) - maxSpeakers; more > 0 {
		dark(fmt.Sprintf("what %d more sidecars send to port %d", more, it.TLSPort), fmt.Sprintf("only %d are asked", maxSpeakers))
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, workers)
	for _, t := range targets[:min(len(targets), maxSpeakers)] {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			n, err := speaks(ctx, p.c, t, it)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				dark(fmt.Sprintf("what %s sends to port %d", t, it.TLSPort), err.Error())
			} else if n > 0 {
				in.Speakers = append(in.Speakers, conflict.Speaker{Pod: t.String(), Connections: n})
			}
		})
	}
	wg.Wait()
	slices.SortFunc(in.Speakers, func(a, b conflict.Speaker) int { return strings.Compare(a.Pod, b.Pod) })
}

// speaks counts the connections that a sidecar let pass to the host's TLS port.
func speaks(ctx context.Context, c *kube.Client, t facts.Target, it intent.Intent) (uint64, error) {
	admin, err := c.Admin(ctx, t)
	if err != nil {
		return 0, err
	}
	defer func() { _ = admin.Close() }()
	passed, err := envoy.ReadPassed(ctx, admin)
	if err != nil {
		return 0, err
	}
	for at := range passed {
		if int(at.Port()) != it.TLSPort {
			delete(passed, at)
		}
	}
	if len(passed) == 0 {
		return 0, nil
	}
	addresses, err := c.Lookup(ctx, t, it.Host)
	if err != nil {
		return 0, fmt.Errorf("connections to port %d pass its sidecar, and whose they are is not known: %w", it.TLSPort, err)
	}
	var n uint64
	for _, a := range addresses {
		n += passed[netip.AddrPortFrom(a, uint16(it.TLSPort))] //nolint:gosec // a port
	}
	return n, nil
}
