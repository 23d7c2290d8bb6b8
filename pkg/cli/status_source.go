package cli

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	archive "github.com/mesh-tls/kubectl-mesh-tls/pkg/bundle"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/status"
)

// statusSource is where a status reads: a cluster, or a bundle of it.
type statusSource struct {
	context, namespace, root string
	at                       func() time.Time // of the judgement
	objects                  objectSource
	pods                     func(ctx context.Context, namespaces ...string) ([]facts.Pod, error)
	// resolve gives the pods behind names; one without a sidecar comes as a *kube.NoSidecarError.
	resolve func(ctx context.Context, names []string, services []facts.Service) ([]facts.Target, error)
	// absent is an error where a namespace surely does not exist; a bundle cannot tell, and has none.
	absent  func(ctx context.Context, namespace string) error
	changes func(ctx context.Context, namespaces []string) archive.Changes
	// proxies fills in the proxies, or why they could not be read.
	proxies func(ctx context.Context, wanted []*status.Seen, scope envoy.Scope) error
}

// fromCluster reads the cluster itself.
func fromCluster(d *deps, o statusOptions) (statusSource, error) {
	c, err := kube.New(d.kube)
	if err != nil {
		return statusSource{}, err
	}
	c.Timeout, c.AdminPort = min(o.timeout, kube.DefaultTimeout), int(o.adminPort)
	return statusSource{context: c.Context(), namespace: c.Namespace(), root: c.RootNamespace, at: d.judged, objects: c, pods: c.Pods, absent: c.NoNamespace,
		resolve: func(ctx context.Context, names []string, _ []facts.Service) ([]facts.Target, error) {
			return c.Resolve(ctx, c.Namespace(), names, "", false)
		},
		changes: func(ctx context.Context, namespaces []string) archive.Changes {
			return unfinishedIn(ctx, c, namespaces)
		},
		proxies: func(ctx context.Context, wanted []*status.Seen, scope envoy.Scope) error {
			liveProxies(ctx, d, c, o, wanted, scope)
			return stopped(ctx)
		},
	}, nil
}

// liveProxies reads the sidecars of servers and clients, a few at a time, and says how
// far it is. One that cannot be read is told, not passed over.
func liveProxies(ctx context.Context, d *deps, c *kube.Client, o statusOptions, wanted []*status.Seen, scope envoy.Scope) {
	var done atomic.Int32
	var wg sync.WaitGroup
	slots := make(chan struct{}, statusWorkers)
	talk := d.talk()
	for _, p := range wanted {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			liveProxy(ctx, c, o, p, scope)
			fmt.Fprintf(talk, "\rread %d of %d sidecars ", done.Add(1), len(wanted))
		})
	}
	wg.Wait()
	fmt.Fprint(talk, "\r\x1b[K")
}

// liveProxy reads one sidecar: the clusters of the rows, and what it takes in.
func liveProxy(ctx context.Context, c *kube.Client, o statusOptions, p *status.Seen, scope envoy.Scope) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("gave up after %s (--timeout)", o.timeout))
	defer cancel()
	admin, err := c.Admin(ctx, p.Pod.Target)
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
