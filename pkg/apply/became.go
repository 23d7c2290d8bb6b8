package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// refused is true for an error of which the server itself says that nothing was written.
// A lost connection, a timeout and an internal error say nothing of the kind, and a
// conflict is looked at by moved.
func refused(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || moved(err) {
		return false
	}
	code := status.Status().Code
	return code >= http.StatusBadRequest && code < http.StatusInternalServerError && code != http.StatusRequestTimeout
}

// Nothing tells whether an error of a Delete that returned no changes is sure to have changed
// nothing: the server refused, or what is there is not what was shown.
func Nothing(err error) bool {
	var moved *MovedError
	return refused(err) || errors.As(err, &moved)
}

// became finds out what a write that ended in doubt did: a change to take back, the zero
// Change when it was not done, an error when that cannot be told.
func (s *step) became(ctx context.Context) (Change, error) {
	if s == nil {
		return Change{}, nil
	}
	live, err := s.at.Get(ctx, s.want.GetName(), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		live = nil
	case err != nil:
		return Change{}, fmt.Errorf("whether %s was written is not known: %w", name(s.want), err)
	}
	switch {
	case stateOf(live) == stateOf(s.live):
		return Change{}, nil
	case s.live == nil && madeByUs(live, s.manager) == nil:
		return Change{Object: name(s.want), Action: Created, After: live}, nil
	case s.live == nil:
		return Change{}, s.withdraw(ctx)
	case live != nil && stateOf(live) == stateOf(s.result):
		return Change{Object: name(s.want), Action: Configured, Before: s.live, After: live}, nil
	}
	return Change{}, fmt.Errorf("%s is neither what it was nor what was written: look at it", name(s.want))
}

// withdraw takes our fields out of an object that somebody else made at the same moment: a
// field that is applied no more goes, unless another manager has it too.
func (s *step) withdraw(ctx context.Context) error {
	bare := &unstructured.Unstructured{}
	bare.SetGroupVersionKind(s.want.GroupVersionKind())
	bare.SetName(s.want.GetName())
	bare.SetNamespace(s.want.GetNamespace())
	if _, err := s.at.Apply(ctx, bare.GetName(), bare, metav1.ApplyOptions{FieldManager: s.manager}); err != nil {
		return explain("take our fields out of", s.want, err)
	}
	return nil
}
