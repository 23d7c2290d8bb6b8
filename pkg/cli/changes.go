package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
)

// printPlan prints objects that were not sent: YAML documents unless json is asked.
func printPlan(d *deps, objects []*unstructured.Unstructured, format string) error {
	if format == "" {
		for _, o := range objects {
			fmt.Fprintf(d.Out, "%s %s/%s would be applied (client dry run)\n", o.GetKind(), o.GetNamespace(), o.GetName())
		}
		return nil
	}
	return printObjects(d, objects, format)
}

// printChanges prints one line an object, or the objects themselves.
func printChanges(d *deps, changes []apply.Change, format, suffix string) error {
	if format == "" {
		for _, c := range changes {
			if _, err := fmt.Fprintf(d.Out, "%s %s%s%s\n", c.Object, c.Action, waitsFor(c), suffix); err != nil {
				return err
			}
		}
		return nil
	}
	var objects []*unstructured.Unstructured
	for _, c := range changes {
		if c.After != nil {
			o := c.After.DeepCopy()
			o.SetManagedFields(nil)
			if suffix != "" { // a dry run invents these, and no cluster accepts them in a new object
				for _, field := range []string{"uid", "creationTimestamp", "generation"} {
					unstructured.RemoveNestedField(o.Object, "metadata", field)
				}
			}
			objects = append(objects, o)
		}
	}
	return printObjects(d, objects, format)
}

// waitsFor says what keeps a deleted object from being gone, "" for nothing.
func waitsFor(c apply.Change) string {
	if len(c.Finalizers) == 0 {
		return ""
	}
	return ", and gone when its finalizers are done: " + strings.Join(c.Finalizers, ", ")
}

func printObjects(d *deps, objects []*unstructured.Unstructured, format string) error {
	for _, o := range objects {
		if !reflect.DeepEqual(o, istio.WithoutKeys(o)) {
			fmt.Fprintf(d.Err, "Note: the key of Secret %s/%s is not shown, and no API server takes the Secret as it is printed: kubectl mesh-tls cert secret makes it, and -o intent prints what enable -f takes\n", o.GetNamespace(), o.GetName())
		}
	}
	if format == "json" {
		items := make([]any, 0, len(objects))
		for _, o := range objects {
			items = append(items, istio.WithoutKeys(o).Object)
		}
		e := json.NewEncoder(d.Out)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	}
	for i, o := range objects {
		text, err := yaml.Marshal(istio.WithoutKeys(o).Object)
		if err != nil {
			return fmt.Errorf("print %s %s: %w", o.GetKind(), o.GetName(), err)
		}
		if i > 0 {
			fmt.Fprintln(d.Out, "---")
		}
		if _, err := d.Out.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// confirm asks on a terminal before something is written. Where nobody can
// answer (a script, a pipe) the plan was shown and the command goes on, as
// kubectl apply does.
func (d *deps) confirm(ctx context.Context, what string, yes bool, writes int) error {
	if yes || writes == 0 || !isTerminal(d.In) || !isTerminal(d.Err) {
		return nil
	}
	fmt.Fprint(d.Err, what+"? [y/N] ")
	answer, err := await(ctx, func() (string, error) { return bufio.NewReader(d.In).ReadString('\n') })
	if ctx.Err() != nil {
		return fmt.Errorf("nothing was done: interrupted: %w", err)
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return fmt.Errorf("nothing was done: the answer was not yes")
	}
	return nil
}

// labelText writes labels as a selector, in a fixed order.
func labelText(labels map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, k+"="+labels[k])
	}
	return strings.Join(out, ",")
}
