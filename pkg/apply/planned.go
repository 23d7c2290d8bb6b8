package apply

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// MovedError says that an object is not what it was when the change was planned: what
// was shown, and what the journal holds, would not be what is written over.
type MovedError struct{ Object string }

func (e *MovedError) Error() string {
	return fmt.Sprintf("%s was changed by somebody else since it was looked at: run the command again, and look at what it shows", e.Object)
}

// asPlanned compares an object (nil: there is none) with what the plan found.
func (o Options) asPlanned(object string, live *unstructured.Unstructured) error {
	for _, p := range o.Planned {
		if p.Object == object && stateOf(live) != stateOf(p.Before) {
			return &MovedError{object}
		}
	}
	return nil
}

// asFound refuses an object that the plan did not find, or found in another state: what is
// deleted must be what was shown, and what the journal holds.
func (o Options) asFound(live *unstructured.Unstructured) error {
	if o.Planned == nil {
		return nil
	}
	for _, p := range o.Planned {
		if p.Object == name(live) && stateOf(live) == stateOf(p.Before) {
			return nil
		}
	}
	return &MovedError{name(live)}
}

// stateOf is the fingerprint of an object, "" for none.
func stateOf(u *unstructured.Unstructured) string {
	if u == nil {
		return ""
	}
	return fingerprint(u)
}
