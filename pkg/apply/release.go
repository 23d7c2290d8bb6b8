package apply

import (
	"context"
	"encoding/json"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// release takes what was added to somebody's object out of it, where they changed it
// meanwhile: the rest is as they want it now. One that they deleted stays deleted.
func (c *Client) release(ctx context.Context, at dynamic.ResourceInterface, e Entry, live *unstructured.Unstructured, o Options) (Change, error) {
	if live == nil {
		return Change{Object: e.Object, Action: Skipped}, nil
	}
	before, err := c.before(ctx, e)
	if err != nil {
		return Change{}, err
	}
	if before == nil || o.Release == nil {
		return Change{}, &ChangedError{e.Object}
	}
	after := o.Release(live, before)
	change := Change{Object: e.Object, Action: Configured, Before: live, After: after}
	if same(live, after) {
		change.Action = Unchanged
		return change, nil
	}
	if o.DryRun {
		return change, nil
	}
	after, err = at.Update(ctx, after, metav1.UpdateOptions{FieldManager: FieldManager})
	if err != nil {
		return Change{}, explain("take what was added out of", live, err)
	}
	change.After, err = disown(ctx, at, after)
	return change, err
}

// disown ends our management of an object's fields: the next apply would be in conflict
// with ourselves.
func disown(ctx context.Context, at dynamic.ResourceInterface, u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	others := slices.DeleteFunc(slices.Clone(u.GetManagedFields()), func(m metav1.ManagedFieldsEntry) bool { return m.Manager == FieldManager })
	if len(others) == len(u.GetManagedFields()) || len(others) == 0 {
		return u, nil
	}
	patch, err := json.Marshal([]map[string]any{
		{"op": "test", "path": "/metadata/uid", "value": u.GetUID()},
		{"op": "replace", "path": "/metadata/managedFields", "value": others},
	})
	if err != nil {
		return nil, explain("give back the fields of", u, err)
	}
	got, err := at.Patch(ctx, u.GetName(), types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: FieldManager})
	if err != nil {
		return nil, explain("give back the fields of", u, err)
	}
	return got, nil
}
