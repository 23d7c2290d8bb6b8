package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// hopsOf splits intents that lead through a gateway: what is judged at a sidecar is
// another cluster than what is judged at the gateway.
func hopsOf(intents []intent.Intent) []intent.Intent {
	var out []intent.Intent
	for _, it := range intents {
		out = append(out, it.Hops()...)
	}
	return out
}

// viaGateway tells whether the proxy's calls to a host that the user named are led to an
// egress gateway, and what must be read of the proxy to judge them then: the gateway's
// clusters beside the host's, which tell whether something goes past it.
func viaGateway(in check.Input, scope envoy.Scope) (envoy.Scope, bool) {
	via := in.Via()
	if slices.Equal(via, in.To) {
		return scope, false
	}
	for _, to := range via {
		if !slices.Contains(scope.Hosts, to.Host) {
			scope.Hosts = append(scope.Hosts, to.Host)
		}
	}
	scope.Found = nil // the early probes have begun
	return scope, true
}

// wider tells what more must be read of the proxy before it can be judged: the way through a gateway, or everything, where
// something has no cluster of its own name. to is what is judged then. An intent is about its own host (exact): while its
// cluster is waited for, a large proxy is not to be read in full twice a second.
func wider(in check.Input, scope envoy.Scope, exact bool) (more envoy.Scope, to func(check.Input) []check.To, yes bool) {
	if more, led := viaGateway(in, scope); led {
		return more, check.Input.Via, true
	}
	return envoy.Scope{All: true}, check.Input.Named, !scope.All && !exact && in.Lost()
}

// targetsThrough are the sidecars of every namespace that sees the way, and the gateway's
// own proxies. Without one of those nothing gets out, so that is an error.
func targetsThrough(ctx context.Context, c *kube.Client, it intent.Intent) ([]facts.Target, error) {
	hop := it.FromGateway()
	out, err := c.Resolve(ctx, it.Namespace, nil, selectorText(hop), false)
	if len(out) == 0 {
		return nil, err
	}
	for _, to := range it.ExportTo {
		if to == intent.ExportHere {
			to = it.Namespace
		}
		clients, err := c.Resolve(ctx, to, nil, selectorText(it), to == intent.ExportEverywhere)
		var none *kube.NoPodsError
		if err != nil && len(clients) == 0 && !errors.As(err, &none) {
			return nil, err
		}
		for _, t := range clients {
			if !slices.ContainsFunc(out, func(o facts.Target) bool { return o.String() == t.String() }) {
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// clientNamespaces are the namespaces, other than its own, whose sidecars an intent with a
// gateway is for; "" is every one.
func clientNamespaces(it intent.Intent) []string {
	var out []string
	for _, to := range it.ExportTo {
		switch {
		case !it.ThroughGateway() || to == intent.ExportHere || to == it.Namespace:
		case to == intent.ExportEverywhere:
			out = append(out, "")
		default:
			out = append(out, to)
		}
	}
	return out
}

// namespacesOf are the namespaces of all proxies that an intent concerns; none is all.
func namespacesOf(it intent.Intent) []string {
	clients := clientNamespaces(it)
	if slices.Contains(clients, "") {
		return nil
	}
	return append([]string{it.Namespace}, clients...)
}

// ofHosts leaves out what was not asked for: of a gateway everything is read.
func ofHosts(upstreams []facts.Upstream, hosts []string) []facts.Upstream {
	if len(hosts) == 0 {
		return upstreams
	}
	return slices.DeleteFunc(upstreams, func(u facts.Upstream) bool { return u.Host != "" && !slices.Contains(hosts, u.Host) })
}
