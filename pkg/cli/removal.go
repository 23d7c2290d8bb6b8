package cli

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// removal is one disable on its way through a cluster.
type removal struct {
	d               *deps
	namespace, name string
	force           bool
	writer          *apply.Client
	kinds           []schema.GroupVersionKind
	earlier         *apply.Journal // the last change of that name; nil when there is none
	found           []apply.Change // what goes, and what is given back
}

func (r *removal) options(dryRun bool) apply.Options {
	return apply.Options{OwnerKey: istio.LabelName, OwnerValue: r.name, DryRun: dryRun, ForceConflicts: r.force}
}

// prepare finds out what would be done.
func (r *removal) prepare(ctx context.Context, c *kube.Client) error {
	version, err := c.NetworkingVersion(ctx)
	if err != nil {
		return err
	}
	security, err := c.SecurityVersion(ctx)
	if err != nil && !errors.Is(err, kube.ErrNoPolicies) {
		return err
	}
	mapper, err := c.Mapper()
	if err != nil {
		return err
	}
	r.writer, r.kinds = apply.New(c.Dynamic(), mapper), istio.OwnedKinds(version, security)
	if r.earlier, err = r.writer.Journal(ctx, r.namespace, r.name); err != nil {
		return err
	}
	if r.earlier != nil && r.earlier.Unfinished() {
		return failure{fmt.Errorf("%w: wait for it, or take it back first: %s",
			&apply.UnfinishedError{Journal: *r.earlier}, r.d.command("undo", r.name, r.namespace))}
	}
	gone, err := r.writer.Delete(ctx, r.kinds, r.namespace, r.options(true))
	if apierrors.IsForbidden(err) && !gaveAccess(ctx, c, r.namespace, r.name) {
		r.kinds = istio.WithoutAccess(r.kinds)
		gone, err = r.writer.Delete(ctx, r.kinds, r.namespace, r.options(true))
	}
	if err != nil {
		return failure{err}
	}
	if err := r.disowned(ctx); err != nil {
		return failure{fmt.Errorf("nothing was removed: %w", err)}
	}
	return r.sort(ctx, gone)
}

// disowned tells of what this name made and can no longer remove.
func (r *removal) disowned(ctx context.Context) error {
	if r.earlier == nil {
		return nil
	}
	lost, err := r.writer.Disowned(ctx, r.earlier, r.options(true))
	for _, object := range lost {
		fmt.Fprintf(r.d.Err, "Note: %s is of %q and has lost the label %s=%s: it is left as it is, and goes on acting\n", object, r.name, istio.LabelName, r.name)
	}
	return err
}

// sort tells what was made, which goes, from what was taken over, which is given back.
func (r *removal) sort(ctx context.Context, owned []apply.Change) error {
	for _, c := range owned {
		e, taken := r.origin(c.Object)
		if !taken {
			r.found = append(r.found, c)
			continue
		}
		back, err := r.writer.RevertOrigin(ctx, e, r.options(true))
		if err != nil {
			return failure{fmt.Errorf("nothing was removed: %w", err)}
		}
		r.found = append(r.found, back)
	}
	return nil
}

// origin is what an object was before it was taken over.
func (r *removal) origin(object string) (apply.Entry, bool) {
	if r.earlier != nil {
		for _, e := range r.earlier.Origins {
			if e.Object == object {
				return e, true
			}
		}
	}
	return apply.Entry{}, false
}

// run writes the state before, gives back, deletes, and forgets: afterwards nothing
// of that name is left.
func (r *removal) run(ctx context.Context) error {
	j, err := r.writer.Begin(ctx, r.found, r.namespace, apply.StepRemoving, r.d.now(), r.options(false))
	if err != nil {
		return failure{fmt.Errorf("nothing was removed: %w", err)}
	}
	var done []apply.Change
	for _, c := range r.found {
		e, taken := r.origin(c.Object)
		if !taken {
			continue
		}
		back, err := r.writer.RevertOrigin(ctx, e, r.options(false))
		if err != nil {
			return r.halfway(done, err)
		}
		done = append(done, back)
	}
	gone, err := r.writer.Delete(ctx, r.kinds, r.namespace, r.options(false))
	done = append(done, gone...)
	if err != nil {
		return r.halfway(done, err)
	}
	if err := printChanges(r.d, done, "", ""); err != nil {
		return err
	}
	if err := r.writer.Drop(ctx, j); err != nil {
		return failure{err}
	}
	return nil
}

func (r *removal) halfway(done []apply.Change, err error) error {
	return failure{errors.Join(printChanges(r.d, done, "", ""),
		fmt.Errorf("%w\nrun the command again after: %s", err, r.d.command("undo", r.name, r.namespace)))}
}

// forgetEmpty drops the journal of a name that has no objects any more.
func (r *removal) forgetEmpty(ctx context.Context, dryRun string) error {
	if r.earlier == nil || dryRun == "server" {
		return nil
	}
	if err := r.writer.Drop(ctx, r.earlier); err != nil {
		return failure{err}
	}
	return nil
}
