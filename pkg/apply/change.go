package apply

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Action is what was done to an object, or would be done in a dry run.
type Action string

// Actions; the zero value means that nothing was decided.
const (
	Created    Action = "created"
	Configured Action = "configured"
	Unchanged  Action = "unchanged"
	Deleted    Action = "deleted"
	Skipped    Action = "skipped"
)

// Change is one object and what happened to it. Before and After are whole
// objects, Secrets included: they are for Undo and for comparing, not for
// printing.
type Change struct {
	Object string // Kind namespace/name
	Action Action
	Before *unstructured.Unstructured // nil when there was none
	After  *unstructured.Unstructured // nil when there is none any more
	// Finalizers are what a deleted object waits for before it is gone.
	Finalizers []string
	// Completes: fields were added to an object of somebody else (Options.Completes).
	Completes bool
}

// name is how an object is called in changes and errors.
func name(u *unstructured.Unstructured) string {
	if u.GetNamespace() == "" {
		return u.GetKind() + " " + u.GetName()
	}
	return u.GetKind() + " " + u.GetNamespace() + "/" + u.GetName()
}
