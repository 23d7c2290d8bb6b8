package cli

import (
	"context"

	archive "github.com/mesh-tls/kubectl-mesh-tls/pkg/bundle"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// scene adds what a status reads beside rules and proxies: Services, the pods without a sidecar too, unfinished changes. What
// may not be read is told in the bundle, and does not keep a verify from it.
func (s *saver) scene(ctx context.Context, recorded *recordedObjects) (archive.Objects, error) {
	if _, err := recorded.EachObject(ctx, kube.Query{Kinds: []string{kube.KindService}}, nil); err != nil {
		return archive.Objects{}, err
	}
	saved, err := recorded.saved()
	if err != nil {
		return saved, err
	}
	namespaces := []string{s.c.Namespace()}
	if s.o.allNamespaces {
		namespaces = nil
	}
	saved.Pods = &archive.Pods{Namespaces: namespaces}
	if saved.Pods.Items, err = s.c.Pods(ctx, namespaces...); err != nil {
		saved.Pods.Error = err.Error()
	}
	changes := unfinishedIn(ctx, s.c, namespaces)
	saved.Changes = &changes
	return saved, stopped(ctx)
}
