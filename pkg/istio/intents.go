package istio

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Owner gives the name of the intent that an object carries our labels of, "" for
// an object of somebody else.
func Owner(u *unstructured.Unstructured) string {
	if u == nil || u.GetLabels()[LabelManagedBy] != ManagedBy {
		return ""
	}
	return u.GetLabels()[LabelName]
}

// Intents reads back what was asked for from the objects that we made, sorted by
// namespace and name; objects of others are passed over. What cannot be read is
// told in the error, which comes together with the intents that can.
func Intents(objs []*unstructured.Unstructured) ([]intent.Intent, error) {
	found := map[types.NamespacedName]intent.Intent{}
	broken := map[types.NamespacedName]bool{}
	var errs []error
	for _, u := range objs {
		name := Owner(u)
		if name == "" || !isNetworking(u, kindRule, kindEntry, kindRoute, kindGateway) && !isPolicy(u) {
			continue
		}
		key := types.NamespacedName{Namespace: u.GetNamespace(), Name: name}
		i, err := readIntent(u, key)
		if old, twice := found[key]; err == nil && twice && !reflect.DeepEqual(old, i) {
			err = errors.New("it says other than the intent's other object: an enable was cut off in the middle; run it again")
		}
		if err != nil {
			broken[key] = true
			errs = append(errs, fmt.Errorf("reading the intent of %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err))
			continue
		}
		found[key] = i
	}
	maps.DeleteFunc(found, func(key types.NamespacedName, _ intent.Intent) bool { return broken[key] })
	out := slices.SortedFunc(maps.Values(found), func(a, b intent.Intent) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out, errors.Join(errs...)
}

func readIntent(u *unstructured.Unstructured, key types.NamespacedName) (intent.Intent, error) {
	var i intent.Intent
	text := u.GetAnnotations()[AnnotationIntent]
	if text == "" {
		return i, fmt.Errorf("its annotation %s is missing: run enable again", AnnotationIntent)
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields() // half a wish must not pass for the whole
	if err := d.Decode(&i); err != nil {
		return i, fmt.Errorf("its annotation %s: %w (a newer version may have written it)", AnnotationIntent, err)
	}
	if i.Namespace != key.Namespace || i.Name != key.Name {
		return i, fmt.Errorf("its annotation %s is about %s/%s: the object was copied, or its label changed", AnnotationIntent, i.Namespace, i.Name)
	}
	if err := i.Validate(); err != nil {
		return i, fmt.Errorf("its annotation %s: %w", AnnotationIntent, err)
	}
	return i, nil
}

func isNetworking(u *unstructured.Unstructured, kinds ...string) bool {
	return u.GroupVersionKind().Group == group && slices.Contains(kinds, u.GetKind())
}
