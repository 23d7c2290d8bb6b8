package apply

import (
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// same compares two answers of the server for one object, without what the
// server counts on its own.
func same(a, b *unstructured.Unstructured) bool {
	return equality.Semantic.DeepEqual(content(a), content(b))
}

// sameButStatus also leaves out what controllers note.
func sameButStatus(a, b *unstructured.Unstructured) bool {
	x, y := content(a), content(b)
	delete(x, "status")
	delete(y, "status")
	return equality.Semantic.DeepEqual(x, y)
}

func content(u *unstructured.Unstructured) map[string]any {
	c := u.DeepCopy()
	for _, field := range []string{"managedFields", "resourceVersion", "generation"} {
		unstructured.RemoveNestedField(c.Object, "metadata", field)
	}
	return c.Object
}
