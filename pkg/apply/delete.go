package apply

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Delete removes the objects of these kinds that carry our owner label with our
// value, and nothing else; the last kind first, which is the reverse of the
// order of Apply. Nothing there is no error. A kind that the cluster does not
// serve has no objects. What is not as o.Planned found it is a *MovedError. On an error,
// the changes made so far come with it.
func (c *Client) Delete(ctx context.Context, kinds []schema.GroupVersionKind, namespace string, o Options) ([]Change, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	var done []Change
	for i := len(kinds) - 1; i >= 0; i-- {
		at, err := c.resource(kinds[i], namespace)
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return done, err
		}
		owned, err := listOwned(ctx, at, o)
		if err != nil {
			return done, fmt.Errorf("list %s in namespace %s: %w", kinds[i].Kind, namespace, err)
		}
		for j := len(owned) - 1; j >= 0; j-- {
			if err := o.asFound(&owned[j]); err != nil {
				return done, err
			}
			// Items of one list may be of several namespaces.
			at, err := c.resource(kinds[i], owned[j].GetNamespace())
			if err != nil {
				return done, err
			}
			change, err := deleteOne(ctx, at, &owned[j], o)
			if err != nil {
				return done, err
			}
			done = append(done, change)
		}
	}
	return done, nil
}

func listOwned(ctx context.Context, at dynamic.ResourceInterface, o Options) ([]unstructured.Unstructured, error) {
	selector := labels.SelectorFromSet(labels.Set{o.OwnerKey: o.OwnerValue}).String()
	list, err := at.List(ctx, metav1.ListOptions{LabelSelector: selector})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// deleteOne deletes the very object that was seen with our label. When it was
// changed in between it looks again, a few times: the label may be gone.
func deleteOne(ctx context.Context, at dynamic.ResourceInterface, u *unstructured.Unstructured, o Options) (Change, error) {
	background := metav1.DeletePropagationBackground
	var err error
	for range tries {
		uid, version := u.GetUID(), u.GetResourceVersion()
		err = at.Delete(ctx, u.GetName(), metav1.DeleteOptions{
			DryRun: o.dryRun(), PropagationPolicy: &background,
			Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version},
		})
		if err == nil {
			return Change{Object: name(u), Action: Deleted, Before: u, Finalizers: u.GetFinalizers()}, nil
		}
		if apierrors.IsConflict(err) {
			u2, getErr := at.Get(ctx, u.GetName(), metav1.GetOptions{})
			if getErr == nil && u2.GetLabels()[o.OwnerKey] == o.OwnerValue {
				if moved := o.asFound(u2); moved != nil {
					return Change{}, moved
				}
				u = u2
				continue
			}
			if getErr == nil {
				return Change{Object: name(u), Action: Skipped, Before: u2, After: u2}, nil
			}
			err = getErr
		}
		if apierrors.IsNotFound(err) {
			return Change{Object: name(u), Action: Skipped}, nil
		}
		break
	}
	return Change{}, explain("delete", u, err)
}
