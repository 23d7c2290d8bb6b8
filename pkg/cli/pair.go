package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// pairTo is a service of the mesh that --to names: both ends are asked.
type pairTo struct {
	namespace, service string // namespace "": that of the command
	port               int    // 0: every port
}

// parsePair reads svc/NAME[.NAMESPACE][:PORT]; ok is false for a host.
func parsePair(s string) (p pairTo, ok bool, err error) {
	kind, name, slash := strings.Cut(s, "/")
	if !slash {
		return p, false, nil
	}
	if !isService(kind) {
		return p, true, fmt.Errorf("--to %q: the other end is a host, or a service (svc/NAME[.NAMESPACE][:PORT])", s)
	}
	name, number, numbered := strings.Cut(name, ":")
	if p.service, p.namespace, _ = strings.Cut(name, "."); p.service == "" {
		return p, true, fmt.Errorf("--to %q: which service?", s)
	}
	if numbered {
		p.port, err = strconv.Atoi(number)
		if err != nil || p.port < 1 || p.port > 65535 {
			return p, true, fmt.Errorf("--to %q: %q is no port", s, number)
		}
	}
	return p, true, nil
}

// readPairs reads the services that --to names, the pods behind them and their
// sidecars, and adds their hosts to what is judged.
func readPairs(ctx context.Context, c *kube.Client, o *verifyOptions) error {
	for _, to := range o.pairTo {
		if to.namespace == "" {
			to.namespace = c.Namespace()
		}
		service, err := followed(ctx, c, &to)
		if err != nil {
			return err
		}
		if service.Alias != "" {
			o.to = append(o.to, check.To{Host: service.Alias, Port: to.port})
			continue
		}
		pods, err := c.Pods(ctx, to.namespace)
		if err != nil {
			return err
		}
		pair := check.Pair{Service: service}
		for _, p := range pods {
			if service.Picks(p) || service.Selector == nil {
				pair.Peers = append(pair.Peers, check.Peer{Pod: p})
			}
		}
		readPeers(ctx, c, pair.Peers, service.Hosts, *o)
		o.pairs = append(o.pairs, pair)
		for _, h := range service.Hosts {
			o.to = append(o.to, check.To{Host: h, Port: to.port})
		}
	}
	return nil
}

// maxAliases bounds how many Services of type ExternalName are followed: they may name each other.
const maxAliases = 4

// followed is the service that to names, or the one that it is another name of. Alias is left where that is a host outside
// the cluster.
func followed(ctx context.Context, c *kube.Client, to *pairTo) (facts.Service, error) {
	service, err := serviceOf(ctx, c, *to)
	for range maxAliases {
		name, namespace, inside := check.ServiceName(service.Alias)
		if err != nil || !inside {
			break
		}
		to.service, to.namespace = name, namespace
		service, err = serviceOf(ctx, c, *to)
	}
	return service, err
}

func serviceOf(ctx context.Context, c *kube.Client, to pairTo) (facts.Service, error) {
	objects, missing, err := c.Objects(ctx, kube.Query{Kinds: []string{kube.KindService}, Namespaces: []string{to.namespace}})
	if err != nil {
		return facts.Service{}, err
	}
	if why := missing[kube.KindService]; why != "" {
		return facts.Service{}, fmt.Errorf("--to svc/%s: %s", to.service, why)
	}
	config, err := istio.Config(objects, c.RootNamespace)
	if err != nil {
		return facts.Service{}, err
	}
	for _, s := range config.Services {
		if s.Object.Name != to.service {
			continue
		}
		if to.port != 0 && !slices.ContainsFunc(s.Ports, func(p facts.Port) bool { return p.Number == to.port }) {
			return s, fmt.Errorf("--to svc/%s: service %s/%s has no port %d", to.service, to.namespace, to.service, to.port)
		}
		return s, nil
	}
	if err := c.NoNamespace(ctx, to.namespace); err != nil {
		return facts.Service{}, fmt.Errorf("--to svc/%s.%s: %w", to.service, to.namespace, err)
	}
	return facts.Service{}, fmt.Errorf("--to svc/%s: namespace %s has no such service; those that are there: kubectl get services -n %[2]s", to.service, to.namespace)
}

// readPeers asks the sidecars at the other end. What goes wrong is told of the pod.
func readPeers(ctx context.Context, c *kube.Client, peers []check.Peer, hosts []string, o verifyOptions) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, workers)
	for i := range peers {
		if p := &peers[i]; p.Pod.Proxied() {
			wg.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				readPeer(ctx, c, p, hosts, o)
			})
		}
	}
	wg.Wait()
}

func readPeer(ctx context.Context, c *kube.Client, p *check.Peer, hosts []string, o verifyOptions) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("gave up after %s (--timeout)", o.timeout))
	defer cancel()
	admin, err := c.Admin(ctx, p.Pod.Target)
	if err == nil {
		defer func() { _ = admin.Close() }()
		p.Proxy, err = envoy.Read(ctx, p.Pod.Target, admin, envoy.Scope{Hosts: hosts, Inbound: true})
	}
	if err == nil {
		_ = envoy.ReadServed(ctx, admin, p.Proxy) // without it there is nothing to compare, and MT022 is listed as not run
		return
	}
	if cause := context.Cause(ctx); cause != nil {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	p.Proxy, p.Err = nil, err.Error()
}

// addTo takes one --to: a host, or a service of which both ends are asked.
func (o *verifyOptions) addTo(typed string) error {
	pair, ok, err := parsePair(typed)
	switch {
	case err != nil:
		return err
	case ok && o.dump != "":
		return fmt.Errorf("--to %s asks the pods behind the service, and a saved proxy has none at hand: name the host", typed)
	case ok:
		o.pairTo = append(o.pairTo, pair)
		return nil
	}
	to, err := parseTo(typed)
	if err != nil {
		return err
	}
	o.to = append(o.to, to)
	return nil
}
