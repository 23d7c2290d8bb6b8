package bundle

import "github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"

// clean takes what looks like a secret out of the texts of pods and changes; the
// objects themselves come cleaned (Object).
func (o *Objects) clean() {
	if o.Pods != nil {
		o.Pods.Error = redact.Text(o.Pods.Error)
		for i := range o.Pods.Items {
			t := &o.Pods.Items[i].Target
			t.Labels, t.Annotations = cleanTexts(t.Labels), cleanTexts(t.Annotations)
		}
	}
	if o.Changes == nil {
		return
	}
	for i := range o.Changes.Items {
		o.Changes.Items[i].About = redact.Text(o.Changes.Items[i].About)
	}
	for i, why := range o.Changes.Problems {
		o.Changes.Problems[i] = redact.Text(why)
	}
}

// cleanTexts copies: the pods are the caller's.
func cleanTexts(in map[string]string) map[string]string {
	if in == nil {
		return nil
	}
	out := make(map[string]string, len(in))
	for k, v := range in {
		out[k] = redact.Text(v)
	}
	return out
}
