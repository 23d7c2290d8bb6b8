package apply

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// TakenOverAnnotation stands on an object that belonged to somebody else, for as long as
// we have it. The journal says what it was; where the journal is gone, this keeps it from
// being deleted as if we had made it.
const TakenOverAnnotation = "mesh-tls.io/taken-over"

// TakenOver tells whether an object was somebody else's before it was the owner's.
func TakenOver(u *unstructured.Unstructured) bool {
	_, is := u.GetAnnotations()[TakenOverAnnotation]
	return is
}

// markTaken puts the annotation on what is going to be written, if it is taken over now or
// was before.
func (s *step) markTaken(now bool) {
	if !now && !TakenOver(s.live) {
		return
	}
	annotations := s.want.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[TakenOverAnnotation] = "true"
	s.want.SetAnnotations(annotations)
}
