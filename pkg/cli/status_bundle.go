package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	archive "github.com/mesh-tls/kubectl-mesh-tls/pkg/bundle"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/status"
)

// savedStatus gives a status what a bundle holds.
type savedStatus struct {
	*archive.Reader
	namespace string
}

// fromBundle reads a bundle from front to end, once: the proxies come last in it. Its namespaces are those that it was made
// of, unless -n picks one.
func fromBundle(r *archive.Reader, typed string, o *statusOptions) (statusSource, error) {
	m, pods := r.Manifest, r.Objects.Pods
	switch {
	case pods == nil:
		return statusSource{}, fmt.Errorf("it holds no pods and no Services: version %q of this tool saved none; make it again with a newer one", m.Tool.Version)
	case pods.Error != "":
		return statusSource{}, fmt.Errorf("it holds no pods: %s", pods.Error)
	}
	for _, ns := range append([]string{typed}, o.fromNamespaces...) {
		if ns != "" && len(pods.Namespaces) > 0 && !slices.Contains(pods.Namespaces, ns) {
			return statusSource{}, fmt.Errorf("it holds the pods of namespace %s and none of %s: make one of that namespace, or of all (bundle -A)", strings.Join(pods.Namespaces, ", "), ns)
		}
	}
	if len(pods.Namespaces) > 0 && o.allNamespaces {
		return statusSource{}, fmt.Errorf("--all-namespaces: it holds the pods of namespace %s only", strings.Join(pods.Namespaces, ", "))
	}
	// Without -n it is all of the bundle; a name that is typed is one of some namespace.
	if typed == "" && len(pods.Namespaces) == 0 && len(o.targets)+len(o.from)+len(o.fromNamespaces) == 0 {
		o.allNamespaces = true
	}
	objects, err := newSavedObjects(r.Objects)
	if err != nil {
		return statusSource{}, err
	}
	s := savedStatus{Reader: r, namespace: typed}
	if s.namespace == "" {
		s.namespace = m.Namespace
	}
	return statusSource{context: m.Context, namespace: s.namespace, root: m.RootNamespace, at: func() time.Time { return m.CreatedAt }, objects: objects,
		pods: s.pods, resolve: s.resolve, changes: s.changes, proxies: s.proxies}, nil
}

func (s savedStatus) pods(_ context.Context, namespaces ...string) ([]facts.Pod, error) {
	var out []facts.Pod
	for _, p := range s.Objects.Pods.Items {
		if len(namespaces) == 0 || slices.Contains(namespaces, p.Target.Namespace) {
			out = append(out, p)
		}
	}
	return out, nil
}

// resolve finds pods by their names, their workloads and their services; other kinds no bundle can follow.
func (s savedStatus) resolve(_ context.Context, names []string, services []facts.Service) ([]facts.Target, error) {
	var out []facts.Target
	var failed []error
	for _, typed := range names {
		picks, err := s.named(typed, services)
		if err != nil {
			return nil, err
		}
		found := false
		for _, p := range s.Objects.Pods.Items {
			if p.Target.Namespace != s.namespace || !picks(p) {
				continue
			}
			if found = true; p.Proxied() {
				out = append(out, p.Target)
			} else {
				failed = append(failed, &kube.NoSidecarError{Target: p.Target})
			}
		}
		if !found {
			return nil, fmt.Errorf("%s: no running pod of namespace %s in the bundle is it or belongs to it", typed, s.namespace)
		}
	}
	return out, errors.Join(failed...)
}

// named tells which pods a name means.
func (s savedStatus) named(typed string, services []facts.Service) (func(facts.Pod) bool, error) {
	word, name, slash := strings.Cut(typed, "/")
	if !slash {
		word, name = "pod", typed
	}
	kind, known := kube.KindNamed(word)
	switch {
	case !known:
		return nil, fmt.Errorf("%s: a bundle does not tell the pods of %q: name pods (pod/NAME), workloads of Kubernetes (deploy/NAME) or services (svc/NAME)", typed, word)
	case kind == "pod":
		return func(p facts.Pod) bool { return p.Target.Pod == name }, nil
	case kind == "service":
		return func(p facts.Pod) bool {
			return slices.ContainsFunc(services, func(svc facts.Service) bool {
				return svc.Object.Kind == "Service" && svc.Object.Name == name && svc.Picks(p)
			})
		}, nil
	}
	return func(p facts.Pod) bool { return strings.EqualFold(p.Owner.Kind, kind) && p.Owner.Name == name }, nil
}

func (s savedStatus) changes(_ context.Context, namespaces []string) archive.Changes {
	saved := s.Objects.Changes
	if saved == nil {
		return archive.Changes{Problems: []string{"the bundle does not tell"}}
	}
	out := archive.Changes{Problems: saved.Problems}
	for _, c := range saved.Items {
		if namespaces == nil || slices.Contains(namespaces, c.Namespace) {
			out.Items = append(out.Items, c)
		}
	}
	return out
}

// proxies takes the wanted ones out of the bundle as they come; one that is not in it was not read.
func (s savedStatus) proxies(ctx context.Context, wanted []*status.Seen, scope envoy.Scope) error {
	for _, p := range wanted {
		p.Err = "the bundle does not hold what its proxy answered: make one of the namespace, or of all (bundle -A)"
	}
	for {
		saved, err := s.Next()
		if errors.Is(err, io.EOF) {
			return stopped(ctx)
		}
		if err != nil {
			return err
		}
		i := slices.IndexFunc(wanted, func(p *status.Seen) bool { return p.Pod.Target.String() == saved.Target.Target.String() })
		if i < 0 {
			continue
		}
		p := wanted[i]
		if p.Err = saved.Error; p.Err != "" {
			continue
		}
		if p.Proxy, err = envoy.Read(ctx, p.Pod.Target, saved.Replay(), scope); err != nil {
			p.Proxy, p.Err = nil, err.Error()
		}
	}
}
