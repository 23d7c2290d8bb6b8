package apply

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TerminatingError says that an object is there only until its finalizers are done:
// what is written to it is lost with it.
type TerminatingError struct {
	Object     string
	Finalizers []string
}

func (e *TerminatingError) Error() string {
	why := ""
	if len(e.Finalizers) > 0 {
		why = " and waits for its finalizers (" + strings.Join(e.Finalizers, ", ") + ")"
	}
	return fmt.Sprintf("%s is being deleted%s: what is written to it would be lost; run the command again when it is gone", e.Object, why)
}

func terminating(u *unstructured.Unstructured) error {
	return &TerminatingError{Object: name(u), Finalizers: u.GetFinalizers()}
}
