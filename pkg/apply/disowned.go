package apply

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// DisownedError says that an object which the change made has lost our label: somebody
// took it over, and nothing without the label is deleted.
type DisownedError struct{ Object, Label string }

func (e *DisownedError) Error() string {
	return fmt.Sprintf("%s was made by this change and has lost the label %s, so it is not deleted: give the label back, or delete the object by hand, or end this without it by --force-conflicts", e.Object, e.Label)
}

// applied tells whether an object has fields that this tool applied.
func applied(u *unstructured.Unstructured) bool {
	for _, m := range u.GetManagedFields() {
		if m.Manager == FieldManager && m.Operation == metav1.ManagedFieldsOperationApply {
			return true
		}
	}
	return false
}

// Disowned names the objects of the owner's last change, and those that it took over, that
// are still as we applied them and have lost the label: Delete does not find them.
func (c *Client) Disowned(ctx context.Context, j *Journal, o Options) ([]string, error) {
	var out []string
	for _, e := range slices.Concat(j.Entries, j.Origins) {
		if e.Completed { // never had it
			continue
		}
		at, err := c.resource(schema.FromAPIVersionAndKind(e.APIVersion, e.Kind), e.Namespace)
		if meta.IsNoMatchError(err) { // the cluster serves the kind no more, so it has no objects of it
			continue
		}
		if err != nil {
			return out, err
		}
		live, err := at.Get(ctx, e.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return out, fmt.Errorf("get %s: %w", e.Object, err)
		}
		if live.GetLabels()[o.OwnerKey] != o.OwnerValue && applied(live) && !slices.Contains(out, e.Object) {
			out = append(out, e.Object)
		}
	}
	return out, nil
}
