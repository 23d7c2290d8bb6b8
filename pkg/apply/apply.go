package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// step is one object on its way through the check.
type step struct {
	want   *unstructured.Unstructured
	live   *unstructured.Unstructured // nil: does not exist
	result *unstructured.Unstructured // of the dry run
	action Action
	force  bool
	at     dynamic.ResourceInterface

	manager string // the field manager of the writes
}

// Apply brings the objects into the cluster, in their order, each with the
// owner label. All are checked first (ownership, and the server's own dry run);
// only when every check passes is anything written. A write that then fails
// takes back what this call wrote: the error is a *HalfwayError. Other errors:
// *NotOwnedError, *ConflictError, *NoNamespaceError, *TerminatingError, and
// *MovedError where o.Planned is another state than is found. An object that is
// already as wanted is not written at all, so its resourceVersion stays.
func (c *Client) Apply(ctx context.Context, objects []*unstructured.Unstructured, o Options) ([]Change, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	steps, err := c.checkAll(ctx, objects, o)
	if err != nil {
		return nil, err
	}
	var done []Change
	for _, s := range steps {
		if !o.DryRun {
			if s, err = c.writeOne(ctx, s, o); err != nil {
				return nil, c.takeBack(ctx, err, s, done)
			}
		}
		done = append(done, Change{Object: name(s.want), Action: s.action, Before: s.live, After: s.result, Completes: o.completes(s.want)})
	}
	return done, nil
}

// writeOne writes what was checked. When the object has moved since, all of the
// check is done again: it may no longer be ours. With an error comes the step that
// may have been done all the same, nil when it certainly was not.
func (c *Client) writeOne(ctx context.Context, s *step, o Options) (*step, error) {
	var err error
	for range tries {
		if s.action == Unchanged {
			return s, nil
		}
		var got *unstructured.Unstructured
		if got, err = s.write(ctx, o); err == nil {
			s.result = got
			return s, nil
		}
		if refused(err) {
			return nil, err
		}
		if !moved(err) {
			return s, err
		}
		if s, err = c.checkOne(ctx, s.want, o); err != nil {
			return nil, err
		}
	}
	return nil, err
}

// checkAll looks at every object and reports every refusal at once, so that the
// user need not find them one by one.
func (c *Client) checkAll(ctx context.Context, objects []*unstructured.Unstructured, o Options) ([]*step, error) {
	var steps []*step
	var refused []error
	for _, u := range objects {
		s, err := c.checkOne(ctx, u, o)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		steps = append(steps, s)
	}
	return steps, errors.Join(refused...)
}

func (c *Client) checkOne(ctx context.Context, u *unstructured.Unstructured, o Options) (*step, error) {
	var s *step
	var err error
	for range tries {
		if s, err = c.lookOne(ctx, u, o); !moved(err) {
			break
		}
	}
	return s, err
}

func (c *Client) lookOne(ctx context.Context, u *unstructured.Unstructured, o Options) (*step, error) {
	s := &step{want: labelled(u, o), force: o.ForceConflicts, manager: o.FieldManager}
	guest := o.completes(u)
	if guest {
		s.want = u.DeepCopy()
	}
	var err error
	if s.at, err = c.resource(u.GroupVersionKind(), u.GetNamespace()); err != nil {
		return nil, fmt.Errorf("apply %s: %w", name(u), err)
	}
	s.live, err = s.at.Get(ctx, u.GetName(), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) && guest:
		return nil, fmt.Errorf("apply %s: it was deleted meanwhile, and there is nothing to complete; run the command again", name(u))
	case apierrors.IsNotFound(err):
		s.live, s.action = nil, Created
	case err != nil:
		return nil, explain("get", u, err)
	case s.live.GetDeletionTimestamp() != nil:
		return nil, terminating(s.live)
	case guest && s.live.GetResourceVersion() != u.GetResourceVersion():
		return nil, fmt.Errorf("apply %s: somebody changed it meanwhile; run the command again", name(u))
	case guest:
		s.action, s.force = Configured, true
	default:
		s.action = Configured
		owner := s.live.GetLabels()[o.OwnerKey]
		if owner != o.OwnerValue {
			// What another owner made or took over is given back by that owner, and by nobody else.
			if !o.Adopt || owner != "" {
				return nil, &NotOwnedError{Object: name(u), Owner: owner}
			}
			s.force = true
		}
		if o.MarkTaken {
			s.markTaken(owner == "")
		}
		// The object must still be the one that was checked when it is written.
		s.want.SetResourceVersion(s.live.GetResourceVersion())
	}
	if err := o.asPlanned(name(u), s.live); err != nil {
		return nil, err
	}
	dry := o
	dry.DryRun = true
	if s.result, err = s.write(ctx, dry); err != nil {
		return nil, err
	}
	if s.live != nil && same(s.live, s.result) {
		s.action = Unchanged
	}
	return s, nil
}

func labelled(u *unstructured.Unstructured, o Options) *unstructured.Unstructured {
	want := u.DeepCopy()
	labels := want.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[o.OwnerKey] = o.OwnerValue
	want.SetLabels(labels)
	want.SetManagedFields(nil) // the server refuses them in an apply
	want.SetResourceVersion("")
	return want
}

func (s *step) write(ctx context.Context, o Options) (*unstructured.Unstructured, error) {
	got, err := s.at.Apply(ctx, s.want.GetName(), s.want, metav1.ApplyOptions{
		FieldManager: o.FieldManager, Force: s.force, DryRun: o.dryRun(),
	})
	if err != nil {
		return nil, explain("apply", s.want, err)
	}
	if s.live == nil && !o.DryRun {
		return got, madeByUs(got, o.FieldManager)
	}
	return got, nil
}

// madeByUs notices that someone else created the object between the check and
// the write: server-side apply then merges into it, and cannot be told not to. became
// takes our fields out again.
func madeByUs(u *unstructured.Unstructured, manager string) error {
	for _, m := range u.GetManagedFields() {
		if m.Manager != manager && m.Subresource == "" { // a controller may have noted its status already
			return fmt.Errorf("apply %s: %s created it at the same moment; choose another name, or take it over with --adopt", name(u), m.Manager)
		}
	}
	return nil
}

// takeBackTimeout bounds the way back; it also works when ctx is already over.
const takeBackTimeout = 30 * time.Second

// takeBack undoes what was done, and the last step too if it was done in spite of its
// error.
func (c *Client) takeBack(ctx context.Context, cause error, last *step, done []Change) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackTimeout)
	defer cancel()
	change, unknown := last.became(ctx)
	if change.Action != "" {
		done = append(done, change)
	}
	back, err := c.Undo(ctx, done)
	return &HalfwayError{Cause: cause, PutBack: back, Leftover: errors.Join(unknown, err)}
}
