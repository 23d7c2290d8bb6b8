package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// removal is one disable on its way through a cluster.
type removal struct {
	d               *deps
	c               *kube.Client
	namespace, name string
	force           bool
	writer          *apply.Client
	kinds           []schema.GroupVersionKind
	earlier         *apply.Journal // the last change of that name; nil when there is none
	found           []apply.Change // what goes, and what is given back
	gaveBack        bool           // or tried to
}

func (r *removal) options(dryRun bool) apply.Options {
	return apply.Options{OwnerKey: istio.LabelName, OwnerValue: r.name, DryRun: dryRun, ForceConflicts: r.force, Release: istio.Release,
		May: mayPutBack(r.namespace, r.name, nil, r.force)}
}

// prepare finds out what would be done.
func (r *removal) prepare(ctx context.Context, c *kube.Client) error {
	version, err := c.NetworkingVersion(ctx)
	if err != nil && !errors.Is(err, kube.ErrNoIstio) { // without Istio its objects are gone, and the Secrets and rights are not
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
	r.c = c
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
		if !taken && !r.force && c.Before != nil && apply.TakenOver(c.Before) {
			return failure{fmt.Errorf("nothing was removed: %s was somebody else's before %q took it over, and no journal says any more what it was: take the label %s and what is not theirs out of it by hand, or delete it by --force-conflicts",
				c.Object, r.name, istio.LabelName)}
		}
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
	for _, e := range r.completed() {
		back, err := r.writer.RevertOrigin(ctx, e, r.options(true))
		if meta.IsNoMatchError(err) { // gone with its kind
			continue
		}
		if err != nil {
			return failure{fmt.Errorf("nothing was removed: %w", err)}
		}
		if back.Action != apply.Skipped && back.Action != apply.Unchanged {
			r.found = append(r.found, back)
		}
	}
	return r.stranded(ctx)
}

// completed are the objects of others that fields were added to: they have no label of ours.
func (r *removal) completed() []apply.Entry {
	if r.earlier == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.earlier.Origins), func(e apply.Entry) bool { return !e.Completed })
}

// stranded refuses to take rules from clients that need them: a policy of somebody else,
// or of another intent, may keep their servers strict.
func (r *removal) stranded(ctx context.Context) error {
	if r.force || !slices.ContainsFunc(r.found, func(c apply.Change) bool { return strings.HasPrefix(c.Object, kube.KindDestinationRule+" ") }) {
		return nil
	}
	if where, _, err := autoMTLSOff(ctx, r.c); err != nil || where == "" {
		return err
	}
	around, err := readClients(ctx, r.c)
	if err != nil {
		return fmt.Errorf("auto mTLS is off, and whether clients still need these rules cannot be told, so nothing was removed (--force-conflicts goes on all the same): %w", err)
	}
	var after []*unstructured.Unstructured
	for _, u := range around.Objects {
		i := slices.IndexFunc(r.found, func(c apply.Change) bool {
			return c.Object == fmt.Sprintf("%s %s/%s", u.GetKind(), u.GetNamespace(), u.GetName())
		})
		switch {
		case i < 0:
			after = append(after, u)
		case r.found[i].After != nil:
			after = append(after, r.found[i].After)
		}
	}
	lost, err := istio.Stranded(around, after, r.c.RootNamespace)
	if err != nil || len(lost) == 0 {
		return err
	}
	return failure{fmt.Errorf("nothing was removed: other policies keep servers strict, and auto mTLS is off:\n  %s\nremove those policies first (kubectl get peerauthentications -A), or say --force-conflicts", strings.Join(lost, "\n  "))}
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

// run writes the state before, gives back, deletes, and forgets: afterwards nothing of
// that name is left. Policies go first: clients may need their rules until then.
func (r *removal) run(ctx context.Context) error {
	j, err := r.writer.Begin(ctx, r.found, r.namespace, apply.StepRemoving, r.d.now(), r.options(false))
	if err != nil {
		return failure{fmt.Errorf("nothing was removed: %w", err)}
	}
	if err := r.asShown(ctx, j); err != nil {
		return failure{fmt.Errorf("nothing was removed: %w", errors.Join(err, r.writer.Forget(ctx, j)))}
	}
	pace := newPace(r.d, r.c)
	isPolicy := func(kind string) bool { return kind == kube.KindPeerAuthentication }
	var done []apply.Change
	for _, now := range []func(kind string) bool{isPolicy, func(kind string) bool { return !isPolicy(kind) }} {
		more, err := r.some(ctx, now, pace)
		if done = append(done, more...); err != nil {
			return r.halfway(ctx, j, done, err)
		}
	}
	// Before it is said: who reads may be gone (| head), and no change that is done may look like one that was interrupted.
	if err = r.writer.Drop(ctx, j); err != nil {
		err = failure{err}
	}
	return errors.Join(printChanges(r.d, done, "", ""), err)
}

// asShown refuses what is not as it was shown: while a question is open somebody may change
// the objects, and another command may take more over under this name, which only its own
// journal could give back.
func (r *removal) asShown(ctx context.Context, j *apply.Journal) error {
	if !j.Follows(r.earlier) {
		return fmt.Errorf("another command changed what %q made in namespace %s since it was looked at: run the command again", r.name, r.namespace)
	}
	o := r.options(true)
	o.Planned = r.found
	_, err := r.writer.Delete(ctx, r.kinds, r.namespace, o)
	return err
}

// some gives back and deletes what is of these kinds.
func (r *removal) some(ctx context.Context, of func(kind string) bool, pace *pace) (done []apply.Change, err error) {
	for _, c := range r.found {
		kind, _, _ := strings.Cut(c.Object, " ")
		if !of(kind) {
			continue
		}
		pace.before(ctx, kind)
		e, taken := r.origin(c.Object)
		if !taken {
			continue
		}
		r.gaveBack = true
		back, err := r.writer.RevertOrigin(ctx, e, r.options(false))
		if err != nil {
			return done, err
		}
		done = append(done, back)
	}
	kinds := slices.DeleteFunc(slices.Clone(r.kinds), func(k schema.GroupVersionKind) bool { return !of(k.Kind) })
	o := r.options(false)
	o.Planned = r.found
	gone, err := r.writer.Delete(ctx, kinds, r.namespace, o)
	return append(done, gone...), err
}

// halfway ends a removal that came to a stop. Where nothing was done there is nothing to take back.
func (r *removal) halfway(ctx context.Context, j *apply.Journal, done []apply.Change, err error) error {
	changed := slices.ContainsFunc(done, func(c apply.Change) bool { return c.Action != apply.Skipped })
	if !changed && !r.gaveBack && apply.Nothing(err) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTimeout)
		defer cancel()
		return failure{fmt.Errorf("nothing was removed: %w", errors.Join(err, r.writer.Forget(ctx, j)))}
	}
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
