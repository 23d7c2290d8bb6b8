package apply

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// NotOwnedError says that an object of that name exists and is not ours.
type NotOwnedError struct {
	Object string // Kind namespace/name
	Owner  string // the other value of our label, "" when it has none
}

func (e *NotOwnedError) Error() string {
	if e.Owner != "" {
		return fmt.Sprintf("%s exists and belongs to %q, which alone can give it back; choose another name, or disable %s first", e.Object, e.Owner, e.Owner)
	}
	return fmt.Sprintf("%s exists and was not made by this tool; choose another name, or take it over with --adopt", e.Object)
}

// FieldConflict is one field that another field manager owns with another value.
type FieldConflict struct{ Manager, Field string }

// ConflictError says which fields others own.
type ConflictError struct {
	Object string
	Fields []FieldConflict
	cause  error
}

func (e *ConflictError) Error() string {
	var fields []string
	for _, f := range e.Fields {
		fields = append(fields, fmt.Sprintf("%s (set by %s)", f.Field, f.Manager))
	}
	return fmt.Sprintf("%s: others set fields to other values: %s; take them over with --force-conflicts", e.Object, strings.Join(fields, ", "))
}

func (e *ConflictError) Unwrap() error { return e.cause }

// NoNamespaceError says that an object's namespace does not exist.
type NoNamespaceError struct{ Object, Namespace string }

func (e *NoNamespaceError) Error() string {
	return fmt.Sprintf("%s: namespace %q does not exist; create it first: kubectl create namespace %s", e.Object, e.Namespace, e.Namespace)
}

// HalfwayError says that a write failed after others had been done, and what
// became of those.
type HalfwayError struct {
	Cause    error    // why the write failed
	PutBack  []Change // what was done to put things back
	Leftover error    // what could not be put back; nil when all is as before
}

func (e *HalfwayError) Error() string {
	switch {
	case e.Leftover != nil:
		return fmt.Sprintf("%v; and what had been written could not all be put back: %v", e.Cause, e.Leftover)
	case len(e.PutBack) == 0:
		return fmt.Sprintf("%v; nothing had been written", e.Cause)
	}
	return fmt.Sprintf("%v; what had been written was put back (%d of %d), so all is as before", e.Cause, len(e.PutBack), len(e.PutBack))
}

func (e *HalfwayError) Unwrap() []error {
	if e.Leftover != nil {
		return []error{e.Cause, e.Leftover}
	}
	return []error{e.Cause}
}

// hint says what to do about an answer of the API server that is about no object; "" for others.
func hint(err error) string {
	switch {
	case apierrors.IsUnauthorized(err):
		return "the API server does not accept the credentials; log in again"
	case strings.Contains(err.Error(), "field not declared in schema"): // structured-merge-diff, typed/parser
		return "the cluster's CRD has no such field, so the Istio there would not heed it; bring the CRDs up to the release of Istio that runs, or that one up to a release that has it"
	}
	return ""
}

var managerName = regexp.MustCompile(`conflict with "((?:[^"\\]|\\.)*)"`)

// explain turns an API error about one object into one of the types above.
func explain(doing string, u *unstructured.Unstructured, err error) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return fmt.Errorf("%s %s: %w", doing, name(u), err)
	}
	if text := hint(err); text != "" {
		return fmt.Errorf("%s %s: %s: %w", doing, name(u), text, err)
	}
	details := status.Status().Details
	switch {
	case apierrors.IsNotFound(err) && details != nil && details.Kind == "namespaces":
		return &NoNamespaceError{Object: name(u), Namespace: u.GetNamespace()}
	case apierrors.IsConflict(err) && details != nil:
		conflict := &ConflictError{Object: name(u), cause: err}
		for _, cause := range details.Causes {
			if cause.Type != metav1.CauseTypeFieldManagerConflict {
				continue
			}
			by := cause.Message
			if m := managerName.FindStringSubmatch(by); m != nil {
				by = m[1]
			}
			conflict.Fields = append(conflict.Fields, FieldConflict{Manager: by, Field: cause.Field})
		}
		if len(conflict.Fields) > 0 {
			return conflict
		}
		return fmt.Errorf("%s %s: someone else changed it at the same moment; run the command again: %w", doing, name(u), err)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return fmt.Errorf("%s %s: namespace %q is being deleted: nothing can be made in it; run the command again when it is there again: %w", doing, name(u), u.GetNamespace(), err)
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota"):
		return fmt.Errorf("%s %s: the namespace's quota is used up; ask for more, or make room: %w", doing, name(u), err)
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), " cannot "): // as the API server words a missing right
		return fmt.Errorf("%s %s: not allowed; ask for that right: %w", doing, name(u), err)
	}
	return fmt.Errorf("%s %s: %w", doing, name(u), err)
}

// moved is true when the object was changed between our look and our write; a
// controller's note in the status is enough.
func moved(err error) bool {
	var fields *ConflictError
	return apierrors.IsConflict(err) && !errors.As(err, &fields)
}

// tries is how often a look is repeated when the object moved.
const tries = 5
