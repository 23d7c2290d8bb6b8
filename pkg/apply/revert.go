package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// ChangedError says that somebody else changed an object after the change that is to
// be taken back.
type ChangedError struct{ Object string }

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s was changed by somebody else since: look at it, then take it back all the same with --force-conflicts", e.Object)
}

// Revert puts the objects of a journal back to what they were before its change, the
// last first, however far the change had come: what was created is deleted if it
// still is the owner's, what was changed or deleted has its content, labels,
// annotations and field managers again. An object that somebody else changed since
// is a *ChangedError and stays, unless o.ForceConflicts; the others are put back all
// the same. The changes made come with the errors.
func (c *Client) Revert(ctx context.Context, j *Journal, o Options) ([]Change, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	var done []Change
	var errs []error
	for i := len(j.Entries) - 1; i >= 0; i-- {
		if o.Ahead != nil && !o.DryRun {
			o.Ahead(ctx, j.Entries[i])
		}
		change, err := c.revertOne(ctx, j.Entries[i], o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		done = append(done, change)
	}
	return done, errors.Join(errs...)
}

// RevertOrigin puts one object that was taken over back to what it was before.
func (c *Client) RevertOrigin(ctx context.Context, e Entry, o Options) (Change, error) {
	o, err := o.check()
	if err != nil {
		return Change{}, err
	}
	return c.revertOne(ctx, e, o)
}

func (c *Client) revertOne(ctx context.Context, e Entry, o Options) (Change, error) {
	if o.May != nil {
		if err := o.May(e); err != nil {
			return Change{}, err
		}
	}
	at, err := c.resource(schema.FromAPIVersionAndKind(e.APIVersion, e.Kind), e.Namespace)
	if err != nil {
		return Change{}, err
	}
	live, err := at.Get(ctx, e.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		live, err = nil, nil
	}
	if err != nil {
		return Change{}, fmt.Errorf("get %s: %w", e.Object, err)
	}
	if e.Action == Created {
		return revertCreated(ctx, at, e, live, o)
	}
	if e.Completed && (live == nil || fingerprint(live) != e.After && fingerprint(live) != e.Was) {
		return c.release(ctx, at, e, live, o)
	}
	unchanged := live != nil && e.Was != "" && fingerprint(live) == e.Was
	if unchanged && !restoredHalf(live) {
		return Change{Object: e.Object, Action: Unchanged, Before: live, After: live}, nil
	}
	before, err := c.before(ctx, e)
	if err != nil {
		return Change{}, err
	}
	if before == nil {
		return Change{}, fmt.Errorf("the journal does not say what %s was before the change: restore it by hand", e.Object)
	}
	if unchanged {
		if !o.DryRun {
			live, err = restoreManagers(ctx, at, live, before)
		}
		return Change{Object: e.Object, Action: Configured, Before: live, After: live}, err
	}
	return c.putBack(ctx, at, e, live, before, o)
}

// restoredHalf tells that an undo was interrupted between the content and the field
// managers: only there do we own fields by an update and not by an apply, and the
// next apply would be in conflict with ourselves.
func restoredHalf(live *unstructured.Unstructured) bool {
	for _, m := range live.GetManagedFields() {
		if m.Manager == FieldManager && m.Operation == metav1.ManagedFieldsOperationUpdate {
			return true
		}
	}
	return false
}

func revertCreated(ctx context.Context, at dynamic.ResourceInterface, e Entry, live *unstructured.Unstructured, o Options) (Change, error) {
	if live == nil {
		return Change{Object: e.Object, Action: Unchanged}, nil
	}
	if live.GetLabels()[o.OwnerKey] != o.OwnerValue {
		if applied(live) && !o.ForceConflicts {
			return Change{}, &DisownedError{e.Object, o.OwnerKey + "=" + o.OwnerValue}
		}
		return Change{Object: e.Object, Action: Skipped, Before: live, After: live}, nil
	}
	if o.DryRun {
		_, err := deleteOne(ctx, at, live, o)
		return Change{Object: e.Object, Action: Deleted, Before: live}, ifForbidden(err)
	}
	return deleteOne(ctx, at, live, o)
}

// ifForbidden leaves of a dry run's errors the right that is missing: it is found before anything is put back, so that no undo
// ends halfway for want of it. A quota or a namespace that ends may look another way by the time of the write.
func ifForbidden(err error) error {
	if apierrors.IsForbidden(err) && strings.Contains(err.Error(), " cannot ") && !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) && !strings.Contains(err.Error(), "exceeded quota") {
		return err
	}
	return nil
}

func explainAny(doing string, u *unstructured.Unstructured, err error) error {
	if err == nil {
		return nil
	}
	return explain(doing, u, err)
}

// putBack gives an object its earlier content.
func (c *Client) putBack(ctx context.Context, at dynamic.ResourceInterface, e Entry, live, before *unstructured.Unstructured, o Options) (Change, error) {
	change := Change{Object: e.Object, Action: Configured, Before: live, After: before}
	switch {
	case live != nil && live.GetDeletionTimestamp() != nil:
		return Change{}, terminating(live)
	case live == nil:
		change.Action = Created
		if o.DryRun {
			_, err := at.Create(ctx, reborn(before), metav1.CreateOptions{FieldManager: FieldManager, DryRun: o.dryRun()})
			return change, ifForbidden(explainAny("make again", before, err))
		}
		made, err := at.Create(ctx, reborn(before), metav1.CreateOptions{FieldManager: FieldManager})
		if err != nil {
			return Change{}, explain("make again", before, err)
		}
		change.After, err = restoreManagers(ctx, at, made, before)
		return change, err
	case fingerprint(live) != e.After && !o.ForceConflicts:
		return Change{}, &ChangedError{e.Object}
	case o.DryRun:
		old := before.DeepCopy()
		old.SetUID(live.GetUID())
		old.SetResourceVersion(live.GetResourceVersion())
		_, err := at.Update(ctx, old, metav1.UpdateOptions{FieldManager: FieldManager, DryRun: o.dryRun()})
		return change, ifForbidden(explainAny("restore", before, err))
	}
	if live.GetUID() != before.GetUID() {
		before = before.DeepCopy() // it was deleted and made again in between
		before.SetUID(live.GetUID())
		before.SetCreationTimestamp(live.GetCreationTimestamp())
	}
	after, err := restore(ctx, at, Change{Object: e.Object, Action: Configured, Before: before, After: live})
	change.After = after
	return change, err
}
