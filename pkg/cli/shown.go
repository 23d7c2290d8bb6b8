package cli

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// counted are the fields of metadata that the server writes: they are no part of what
// a person decides on.
var counted = []string{"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"}

// showDiff shows what becomes of each object, on stderr: nothing is written to a
// cluster that was not shown.
func showDiff(d *deps, changes []apply.Change) error {
	o := d.printOptions()
	o.Color = o.Color && isTerminal(d.Err)
	salt := rand.Text() // a digest that is the same in every run would let short passwords be guessed
	for _, c := range changes {
		before, after := shownText(c.Before, salt), shownText(c.After, salt)
		if c.Action == apply.Unchanged || before == after {
			continue
		}
		fmt.Fprintf(d.Err, "  %s %s:\n", map[apply.Action]string{apply.Created: "create", apply.Configured: "change", apply.Deleted: "delete"}[c.Action], c.Object)
		if err := report.Diff(d.Err, before, after, o); err != nil {
			return err
		}
	}
	return nil
}

// shownText is an object as a person reads it: what the server counts is left out,
// and what a Secret or ConfigMap holds is named by size and a digest of this run.
func shownText(u *unstructured.Unstructured, salt string) string {
	if u == nil {
		return ""
	}
	c := u.DeepCopy()
	for _, f := range counted {
		unstructured.RemoveNestedField(c.Object, "metadata", f)
	}
	unstructured.RemoveNestedField(c.Object, "status")
	annotations := c.GetAnnotations()
	delete(annotations, "kubectl.kubernetes.io/last-applied-configuration") // it says everything a second time, Secrets included
	if text, there := annotations[istio.AnnotationIntent]; there {
		annotations[istio.AnnotationIntent] = digest(text, salt)
	}
	c.SetAnnotations(annotations)
	if c.GetKind() == "Secret" || c.GetKind() == "ConfigMap" {
		for _, field := range []string{"data", "stringData", "binaryData"} {
			maskField(c, field, salt)
		}
	}
	text, err := yaml.Marshal(c.Object)
	if err != nil {
		return ""
	}
	return string(text)
}

func maskField(u *unstructured.Unstructured, field, salt string) {
	data, there, _ := unstructured.NestedMap(u.Object, field)
	if !there {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(data)) {
		data[k] = digest(fmt.Sprint(data[k]), salt)
	}
	_ = unstructured.SetNestedMap(u.Object, data, field) // the field was a map
}

// digest tells two contents apart without telling what they are.
func digest(text, salt string) string {
	sum := sha256.Sum256([]byte(salt + text))
	return fmt.Sprintf("(%d characters, %s)", len(text), hex.EncodeToString(sum[:4]))
}
