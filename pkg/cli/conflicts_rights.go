package cli

import (
	"context"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/conflict"
)

// readRights asks for everything that the enable will do: all that is missing is told
// at once, and before the journal is written. What was asked for another part is known.
func readRights(ctx context.Context, p *part) []conflict.Right {
	rights := p.needs()
	if p.rights == nil {
		p.rights = map[string]conflict.Right{}
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, workers)
	for i := range rights {
		r := &rights[i]
		if known, asked := p.rights[rightKey(*r)]; asked {
			r.Allowed, r.Unread = known.Allowed, known.Unread
		}
		if r.Unread != "" || r.Allowed {
			continue
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			var err error
			if r.Allowed, err = p.c.May(ctx, r.Verb, r.Resource, r.Namespace); err != nil {
				r.Unread = err.Error()
			}
		})
	}
	wg.Wait()
	for _, r := range rights {
		p.rights[rightKey(r)] = r
	}
	return rights
}

func rightKey(r conflict.Right) string {
	return strings.Join([]string{r.Namespace, r.Resource, r.Verb}, " ")
}

// needs lists the rights, each once: server-side apply needs create and patch, what is new
// must be deleted when it is taken back, and the journal is replaced as a whole.
func (p *part) needs() []conflict.Right {
	var out []conflict.Right
	seen := map[string]bool{}
	add := func(namespace, resource, why string, writes bool, verbs ...string) {
		for _, verb := range verbs {
			r := conflict.Right{Verb: verb, Resource: resource, Namespace: namespace, For: why, Writes: writes}
			if !seen[rightKey(r)] {
				seen[rightKey(r)] = true
				out = append(out, r)
			}
		}
	}
	for _, o := range p.plan.Objects {
		resource, err := p.resourceOf(o)
		if err != nil {
			out = append(out, conflict.Right{Unread: err.Error()})
			continue
		}
		add(o.GetNamespace(), resource, "its "+o.GetKind(), true, "get", "create", "patch", "delete")
	}
	add(p.plan.Intent.Namespace, "configmaps", "the journal", true, "get", "create", "update", "delete")
	if p.dryRun == "none" && p.wait {
		where := p.plan.Intent.Namespace
		if p.plan.Intent.Mesh {
			where = ""
		}
		for _, ns := range append([]string{where}, clientNamespaces(p.plan.Intent)...) {
			add(ns, "pods", "finding the sidecars", false, "list")
			add(ns, "pods/portforward", "asking the sidecars", false, "create")
		}
	}
	return out
}

func (p *part) resourceOf(o *unstructured.Unstructured) (string, error) {
	mapper, err := p.c.Mapper()
	if err != nil {
		return "", err
	}
	kind := o.GroupVersionKind()
	m, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return "", err
	}
	if kind.Group == "" {
		return m.Resource.Resource, nil
	}
	return m.Resource.Resource + "." + kind.Group, nil
}
