package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// Undo takes changes back, the last one first: created objects are deleted,
// configured ones restored, deleted ones made again (with a new UID). An object
// that someone else has changed since is left alone and named in the error.
// Undo goes on after an error; the changes that it returns are those it made.
func (c *Client) Undo(ctx context.Context, changes []Change) ([]Change, error) {
	var done []Change
	var failed []error
	for i := len(changes) - 1; i >= 0; i-- {
		change, err := c.undoOne(ctx, changes[i])
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if change.Action != "" {
			done = append(done, change)
		}
	}
	return done, errors.Join(failed...)
}

func (c *Client) undoOne(ctx context.Context, was Change) (Change, error) {
	u := was.Before
	if u == nil {
		u = was.After
	}
	if u == nil || was.Action == Unchanged || was.Action == Skipped {
		return Change{}, nil
	}
	at, err := c.resource(u.GroupVersionKind(), u.GetNamespace())
	if err != nil {
		return Change{}, err
	}
	switch was.Action {
	case Created:
		return undoCreate(ctx, at, was)
	case Configured:
		after, err := restore(ctx, at, was)
		return Change{Object: was.Object, Action: Configured, Before: was.After, After: after}, err
	case Deleted:
		after, err := at.Create(ctx, reborn(was.Before), metav1.CreateOptions{FieldManager: FieldManager})
		if err != nil {
			return Change{}, explain("make again", was.Before, err)
		}
		return Change{Object: was.Object, Action: Created, After: after}, nil
	}
	return Change{}, fmt.Errorf("undo %s: unknown action %q", was.Object, was.Action)
}

func undoCreate(ctx context.Context, at dynamic.ResourceInterface, was Change) (Change, error) {
	uid := was.After.GetUID()
	err := at.Delete(ctx, was.After.GetName(), metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	if err != nil && !apierrors.IsNotFound(err) {
		return Change{}, explain("take back", was.After, err)
	}
	return Change{Object: was.Object, Action: Deleted, Before: was.After}, nil
}

// restore writes the whole object as it was, if it is still as we left it. The
// update makes us the manager of every field that it sets, which would be a
// conflict at the next apply; so the former field managers are put back too.
func restore(ctx context.Context, at dynamic.ResourceInterface, was Change) (*unstructured.Unstructured, error) {
	old := was.Before.DeepCopy()
	old.SetResourceVersion(was.After.GetResourceVersion())
	var got *unstructured.Unstructured
	var err error
	for range tries {
		if got, err = at.Update(ctx, old, metav1.UpdateOptions{FieldManager: FieldManager}); !moved(err) {
			break
		}
		live, getErr := at.Get(ctx, old.GetName(), metav1.GetOptions{})
		if getErr != nil || live.GetUID() != was.After.GetUID() || !sameButStatus(live, was.After) {
			break
		}
		old.SetResourceVersion(live.GetResourceVersion())
	}
	if err != nil {
		return nil, explain("restore", was.Before, err)
	}
	return restoreManagers(ctx, at, got, was.Before)
}

// restoreManagers needs no lock on the resourceVersion: it touches nothing that
// anyone else writes but a controller's own entry for the status, which comes
// back with its next write.
func restoreManagers(ctx context.Context, at dynamic.ResourceInterface, got, before *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	patch, err := json.Marshal([]map[string]any{
		{"op": "test", "path": "/metadata/uid", "value": got.GetUID()},
		{"op": "replace", "path": "/metadata/managedFields", "value": before.GetManagedFields()},
	})
	if err != nil {
		return nil, explain("restore the field managers of", before, err)
	}
	got, err = at.Patch(ctx, before.GetName(), types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: FieldManager})
	if err != nil {
		return nil, explain("restore the field managers of", before, err)
	}
	return got, nil
}

// reborn is an object without what belongs to its former life.
func reborn(u *unstructured.Unstructured) *unstructured.Unstructured {
	c := u.DeepCopy()
	for _, field := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields",
		"deletionTimestamp", "deletionGracePeriodSeconds"} {
		unstructured.RemoveNestedField(c.Object, "metadata", field)
	}
	return c
}
