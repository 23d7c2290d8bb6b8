package cli

import (
	"context"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/conflict"
)

// readRights asks for everything that the enable will do: all that is missing is told
// at once, and before the journal is written.
func readRights(ctx context.Context, t *transaction) []conflict.Right {
	rights := t.rights()
	var wg sync.WaitGroup
	slots := make(chan struct{}, workers)
	for i := range rights {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			r := &rights[i]
			var err error
			if r.Unread != "" {
				return
			}
			if r.Allowed, err = t.c.May(ctx, r.Verb, r.Resource, r.Namespace); err != nil {
				r.Unread = err.Error()
			}
		})
	}
	wg.Wait()
	return rights
}

// rights lists them, each once: server-side apply needs create and patch, what is new
// must be deleted when it is taken back, and the journal is replaced as a whole.
func (t *transaction) rights() []conflict.Right {
	var out []conflict.Right
	seen := map[string]bool{}
	add := func(namespace, resource, why string, writes bool, verbs ...string) {
		for _, verb := range verbs {
			if key := strings.Join([]string{namespace, resource, verb}, " "); !seen[key] {
				seen[key] = true
				out = append(out, conflict.Right{Verb: verb, Resource: resource, Namespace: namespace, For: why, Writes: writes})
			}
		}
	}
	for _, o := range t.plan.Objects {
		resource, err := t.resourceOf(o)
		if err != nil {
			out = append(out, conflict.Right{Unread: err.Error()})
			continue
		}
		add(o.GetNamespace(), resource, "its "+o.GetKind(), true, "get", "create", "patch", "delete")
	}
	add(t.plan.Intent.Namespace, "configmaps", "the journal", true, "get", "create", "update", "delete")
	if t.dryRun == "none" && t.wait {
		where := t.plan.Intent.Namespace
		if t.plan.Intent.Mesh {
			where = ""
		}
		add(where, "pods", "finding the sidecars", false, "list")
		add(where, "pods/portforward", "asking the sidecars", false, "create")
	}
	return out
}

func (t *transaction) resourceOf(o *unstructured.Unstructured) (string, error) {
	mapper, err := t.c.Mapper()
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
