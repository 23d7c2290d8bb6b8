package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// clientsHave waits until every sidecar and gateway of the mesh sends mutual TLS where a
// rule says so. It gives those that do not, and how many there are.
func clientsHave(ctx context.Context, d *deps, c *kube.Client, timeout time.Duration) (late []lateSidecar, total int, err error) {
	return settle(ctx, d, c, timeout, func(_ facts.Target) bool { return true }, sendsAsRuled)
}

// serversOpen waits until no sidecar demands mutual TLS where the policies do not: before,
// a client that loses its rule would be refused.
func serversOpen(ctx context.Context, d *deps, c *kube.Client, timeout time.Duration) (late []lateSidecar, total int, err error) {
	return settle(ctx, d, c, timeout, func(t facts.Target) bool { return !t.Gateway }, takesAsRuled)
}

// settle asks the sidecars of the mesh, a few at once, until each is as the objects say.
func settle(ctx context.Context, d *deps, c *kube.Client, timeout time.Duration, of func(facts.Target) bool, is func(check.Input) error) ([]lateSidecar, int, error) {
	m, err := readMesh(ctx, c)
	if err != nil {
		return nil, 0, uncertain{err}
	}
	for fact, why := range m.config.Missing {
		if fact == facts.FactBackends { // no policy of Gateway API makes mutual TLS of the mesh
			continue
		}
		return nil, 0, uncertain{fmt.Errorf("the sidecars cannot be compared with the objects: %s: %s", fact, why)}
	}
	pods, err := c.Pods(ctx)
	if err != nil {
		return nil, 0, uncertain{fmt.Errorf("find the sidecars of the mesh: %w", err)}
	}
	pods = slices.DeleteFunc(pods, func(p facts.Pod) bool { return !p.Proxied() || !of(p.Target) })
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	errs := make([]error, len(pods))
	slots := make(chan struct{}, workers)
	var wg sync.WaitGroup
	for i, p := range pods {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i], _ = askUntil(ctx, func() (error, error) { return hasSettled(ctx, d, c, m, p.Target, is), nil })
		})
	}
	wg.Wait()
	var late []lateSidecar
	for i, err := range errs {
		if err != nil {
			late = append(late, lateSidecar{target: pods[i].Target, err: err})
		}
	}
	return late, len(pods), nil
}

// hasSettled asks one proxy. A pod that is gone by now calls nobody and serves nobody.
func hasSettled(ctx context.Context, d *deps, c *kube.Client, m *mesh, t facts.Target, is func(check.Input) error) error {
	in, err := inputOf(ctx, d, c, m, t, verifyOptions{probe: probeNever})
	if err == nil {
		return is(in)
	}
	_, now := c.Resolve(ctx, t.Namespace, []string{"pod/" + t.Pod}, "", false)
	var none *kube.NoPodsError
	if apierrors.IsNotFound(now) || errors.As(now, &none) {
		return nil
	}
	return uncertain{err}
}

// sendsAsRuled looks at every upstream whose rule is mutual TLS of the mesh.
func sendsAsRuled(in check.Input) error {
	if why, lacks := in.Proxy.Lacks(facts.FactClusters); lacks {
		return uncertain{errors.New(why)}
	}
	who := facts.Client{Namespace: in.Proxy.Target.Namespace, Labels: in.Proxy.Target.Labels}
	index := in.Config.Index()
	for i := range in.Proxy.Upstreams {
		u := &in.Proxy.Upstreams[i]
		if u.Direction != "outbound" || u.Type == "STATIC" {
			continue
		}
		d := index.Effective(who, u.Host, u.Port, u.Subset)
		if !d.Found || d.Rule.Mode != "ISTIO_MUTUAL" {
			continue
		}
		for _, s := range u.Candidates() {
			if sends, _ := check.SendsOf(s); sends != check.SendsMesh && s.Through == "" {
				return fmt.Errorf("cluster %s does not send mutual TLS yet, as %s says", u.Cluster, d.Rule.Object)
			}
		}
	}
	return nil
}

// takesAsRuled looks at every inbound port that demands mutual TLS.
func takesAsRuled(in check.Input) error {
	if why, lacks := in.Proxy.Lacks(facts.FactListeners); lacks {
		return uncertain{errors.New(why)}
	}
	who := facts.Client{Namespace: in.Proxy.Target.Namespace, Labels: in.Proxy.Target.Labels}
	for _, port := range in.Proxy.Inbound {
		mode := port.Mode(in.Proxy)
		if port.Gateway || port.Port == hbonePort || mode != facts.ModeStrict && mode != facts.ModeUnknown {
			continue
		}
		if d := in.Config.InboundPolicy(who, port.Port); d.Mode != facts.ModeStrict {
			return fmt.Errorf("port %d is %s, and the policies say %s", port.Port, mode, d.Mode)
		}
	}
	return nil
}

// hbonePort is the mesh's own tunnel, which is always mutual TLS.
const hbonePort = 15008
