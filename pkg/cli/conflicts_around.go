package cli

import (
	"context"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/conflict"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// surroundings are the objects of a cluster that a plan could meet, and what of them
// could not be read.
type surroundings struct {
	config   *facts.Config
	steering facts.Steering
	missing  []conflict.Missing
}

// surroundings reads them once for all parts of the cluster: of all namespaces, or, where
// that is forbidden, of these and the root namespace, which is told.
func (c *cluster) surroundings(ctx context.Context, strict bool, instead []string) (*surroundings, error) {
	if s := c.around[strict]; s != nil {
		return s, nil
	}
	var s surroundings
	var err error
	if s.config, s.steering, s.missing, err = readAround(ctx, c.c, strict, instead...); err != nil {
		return nil, err
	}
	if c.around == nil {
		c.around = map[bool]*surroundings{}
	}
	c.around[strict] = &s
	return &s, nil
}

// beside are the objects that the other parts make in the same cluster.
func (t *transaction) beside(p *part) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, other := range t.parts {
		if other != p && other.cluster == p.cluster {
			out = append(out, other.plan.Objects...)
		}
	}
	return out
}

// namespaces are those of the parts in a cluster, and those that they are exported to.
func (t *transaction) namespaces(c *cluster) []string {
	var out []string
	for _, p := range t.parts {
		if p.cluster == c {
			out = append(out, p.intent.Namespace)
			out = append(out, p.intent.ExportTo...)
		}
	}
	return slices.DeleteFunc(out, func(n string) bool { return n == intent.ExportHere || n == intent.ExportEverywhere })
}

// with is the cluster as it will be when the other parts are written, too. What is new is
// of now; what is there keeps its age, and the settings that nobody writes.
func (t *transaction) with(s *surroundings, p *part, now time.Time) (*surroundings, error) {
	var more facts.Config
	var lead facts.Steering
	for _, other := range t.parts {
		if other == p || other.cluster != p.cluster {
			continue
		}
		read, err := other.read(s.config.RootNamespace)
		if err != nil {
			return nil, err
		}
		more.Rules, more.Services, more.Policies = append(more.Rules, read.config.Rules...), append(more.Services, read.config.Services...), append(more.Policies, read.config.Policies...)
		lead.Routes, lead.Gateways = append(lead.Routes, read.steering.Routes...), append(lead.Gateways, read.steering.Gateways...)
	}
	config, steering := *s.config, s.steering
	config.Rules = laid(config.Rules, more.Rules, now, func(r *facts.Rule) (level, *time.Time) { return level{r.Object, r.Subset, r.Port}, &r.Created })
	config.Services = laid(config.Services, more.Services, now, func(o *facts.Service) (level, *time.Time) { return level{of: o.Object}, &o.Created })
	config.Policies = laid(config.Policies, more.Policies, now, func(o *facts.Policy) (level, *time.Time) { return level{of: o.Object}, &o.Created })
	steering.Routes = laid(steering.Routes, lead.Routes, now, func(o *facts.Route) (level, *time.Time) { return level{of: o.Object}, &o.Created })
	steering.Gateways = laid(steering.Gateways, lead.Gateways, now, func(o *facts.Gateway) (level, *time.Time) { return level{of: o.Object}, new(time.Time) })
	return &surroundings{config: &config, steering: steering, missing: s.missing}, nil
}

// level is an object, or that part of a DestinationRule which a plan replaces: the
// others stay as they are.
type level struct {
	of     facts.Ref
	subset string
	port   int
}

// laid puts what will be written over what is there.
func laid[T any](there, more []T, now time.Time, look func(*T) (level, *time.Time)) []T {
	born := map[facts.Ref]time.Time{}
	written := map[level]bool{}
	for i := range more {
		at, _ := look(&more[i])
		written[at] = true
	}
	var out []T
	for i := range there {
		at, created := look(&there[i])
		born[at.of] = *created
		if !written[at] {
			out = append(out, there[i])
		}
	}
	for _, m := range more {
		at, created := look(&m)
		*created = now
		if first, old := born[at.of]; old {
			*created = first
		}
		out = append(out, m)
	}
	return out
}

// readAround reads the objects of the whole cluster: rules of other namespaces count too.
func readAround(ctx context.Context, c *kube.Client, strict bool, instead ...string) (*facts.Config, facts.Steering, []conflict.Missing, error) {
	kinds := []string{kube.KindDestinationRule, kube.KindServiceEntry, kube.KindService, kube.KindVirtualService, kube.KindSidecar, kube.KindGateway}
	if strict {
		kinds = []string{kube.KindPeerAuthentication, kube.KindService}
	}
	byKind := map[string]*facts.Config{}
	var steering facts.Steering
	var failed error
	missing, err := c.EachObject(ctx, kube.Query{Kinds: kinds, Instead: instead}, func(u *unstructured.Unstructured) {
		one, err := istio.Config([]*unstructured.Unstructured{u}, c.RootNamespace)
		if err != nil {
			failed = err
			return
		}
		addConfig(byKind, u.GetKind(), one)
		lead := istio.Steering([]*unstructured.Unstructured{u})
		steering.Routes, steering.Sidecars, steering.Gateways = append(steering.Routes, lead.Routes...), append(steering.Sidecars, lead.Sidecars...), append(steering.Gateways, lead.Gateways...)
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, steering, nil, err
	}
	config, err := istio.Config(nil, c.RootNamespace)
	if err != nil {
		return nil, steering, nil, err
	}
	for _, kind := range kinds {
		if of := byKind[kind]; of != nil {
			config.Rules, config.Services, config.Policies = slices.Concat(config.Rules, of.Rules), slices.Concat(config.Services, of.Services), slices.Concat(config.Policies, of.Policies)
		}
	}
	var lacks []conflict.Missing
	for _, kind := range slices.Sorted(maps.Keys(missing)) {
		lacks = append(lacks, conflict.Missing{What: kind, Why: missing[kind], IDs: blindTo[kind]})
	}
	return config, steering, lacks, nil
}
