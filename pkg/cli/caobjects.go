package cli

import (
	"context"
	"slices"
	"sync"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// mostCAObjects bounds how many CAs of one proxy are looked up in the cluster.
const mostCAObjects = 16

// startCAs begins to read the objects that the CAs of a proxy came from; the probes
// are made meanwhile. The answer is by the names that the CAs have in Envoy.
func startCAs(ctx context.Context, c *kube.Client, p *facts.Proxy) func() map[string]facts.CAObject {
	namespace := p.Target.Namespace
	names := caNames(p)
	found := make([]facts.CAObject, len(names))
	known := make([]bool, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { found[i], known[i] = c.CAObject(ctx, namespace, name) })
	}
	return func() map[string]facts.CAObject {
		wg.Wait()
		out := map[string]facts.CAObject{}
		for i, name := range names {
			if known[i] {
				out[name] = found[i]
			}
		}
		return out
	}
}

// caNames are the SDS names of the CAs that the proxy's upstreams validate with.
func caNames(p *facts.Proxy) []string {
	var out []string
	note := func(k facts.Socket) {
		if ca := k.Validation.CA; ca.Kind == facts.SourceSDS && ca.Name != "ROOTCA" && len(out) < mostCAObjects && !slices.Contains(out, ca.Name) {
			out = append(out, ca.Name)
		}
	}
	for i := range p.Upstreams {
		u := &p.Upstreams[i]
		note(u.Socket)
		for j := range u.Matches {
			note(u.Matches[j])
		}
	}
	return out
}
