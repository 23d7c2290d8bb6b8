package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
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

// mayRestore asks for the right that only taking back needs: what was there before is put
// back by an update. Whether anything was there is not known before the dry run.
func (p *part) mayRestore(ctx context.Context) error {
	if p.dryRun != "none" || p.rollback == rollbackNever || slices.Contains(p.ignore, "MT043") {
		return nil
	}
	asked := map[string]bool{}
	for _, c := range p.checked {
		if c.Action != apply.Configured {
			continue
		}
		resource, err := p.resourceOf(c.Before)
		if err != nil {
			return err
		}
		at := c.Before.GetNamespace() + " " + resource
		if asked[at] {
			continue
		}
		asked[at] = true
		may, err := p.c.May(ctx, "update", resource, c.Before.GetNamespace())
		if err != nil {
			return fmt.Errorf("nothing was written: %w", err)
		}
		if !may {
			return failure{fmt.Errorf("nothing was written: %s is there already, and you have no right to put it back if this goes wrong: update %s in namespace %s; ask for it, or go on without by --rollback=never or --ignore=MT043",
				c.Object, resource, c.Before.GetNamespace())}
		}
	}
	return nil
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
