package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	archive "github.com/mesh-tls/kubectl-mesh-tls/pkg/bundle"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// recordedObjects gives the objects of a cluster as a bundle keeps them, and keeps
// them: what is judged is what is saved.
type recordedObjects struct {
	from objectSource

	mu      sync.Mutex
	byKind  map[string][]json.RawMessage
	missing map[string]string
	failed  error
}

// EachObject implements objectSource; do may be nil.
func (r *recordedObjects) EachObject(ctx context.Context, q kube.Query, do func(*unstructured.Unstructured)) (map[string]string, error) {
	missing, err := r.from.EachObject(ctx, q, func(u *unstructured.Unstructured) {
		r.mu.Lock()
		defer r.mu.Unlock()
		text, err := archive.Object(u.Object)
		if err != nil {
			r.failed = err
			return
		}
		kept, err := objectOf(text)
		if err != nil {
			r.failed = err
			return
		}
		if r.byKind == nil {
			r.byKind = map[string][]json.RawMessage{}
		}
		r.byKind[u.GetKind()] = append(r.byKind[u.GetKind()], text)
		if do != nil {
			do(kept)
		}
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.missing == nil {
		r.missing = map[string]string{}
	}
	maps.Copy(r.missing, missing) // the caller may change its own
	return missing, errors.Join(err, r.failed)
}

// saved are the objects that were given, kind by kind.
func (r *recordedObjects) saved() (archive.Objects, error) {
	out := archive.Objects{Missing: map[string]string{}, Items: []json.RawMessage{}}
	for kind, why := range r.missing {
		out.Missing[kind] = redact.Text(why)
	}
	for _, kind := range slices.Sorted(maps.Keys(r.byKind)) {
		out.Items = append(out.Items, r.byKind[kind]...)
	}
	return out, r.failed
}

// savedObjects gives the objects of a bundle.
type savedObjects struct {
	missing map[string]string
	byKind  map[string][]json.RawMessage // in the order of the bundle: several ask, each for some kinds
}

func newSavedObjects(o archive.Objects) (savedObjects, error) {
	s := savedObjects{missing: o.Missing, byKind: map[string][]json.RawMessage{}}
	for n, text := range o.Items {
		var head struct {
			Kind string `json:"kind"`
		}
		if err := json.Unmarshal(text, &head); err != nil || head.Kind == "" {
			return s, fmt.Errorf("object %d in it has no kind: make the bundle again", n+1)
		}
		s.byKind[head.Kind] = append(s.byKind[head.Kind], text)
	}
	return s, nil
}

// EachObject implements objectSource. What was missing then is missing now.
func (s savedObjects) EachObject(_ context.Context, q kube.Query, do func(*unstructured.Unstructured)) (map[string]string, error) {
	for _, kind := range slices.Sorted(maps.Keys(s.byKind)) {
		if !slices.Contains(q.Kinds, kind) {
			continue
		}
		for _, text := range s.byKind[kind] {
			u, err := objectOf(text)
			if err != nil {
				return nil, err
			}
			do(u)
		}
	}
	missing := map[string]string{}
	for kind, why := range s.missing {
		if slices.Contains(q.Kinds, kind) {
			missing[kind] = why
		}
	}
	return missing, nil
}

func objectOf(text json.RawMessage) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(text); err != nil {
		return nil, errors.New("an object in it is not what this tool writes: make the bundle again") // the reason quotes the object
	}
	return u, nil
}
