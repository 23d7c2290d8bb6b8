package cli

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/dynamic/fake"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
)

// TestRefusedRemoval: a disable that was refused before anything was removed leaves no change that looks unfinished; one
// that did something, or may have, does.
func TestRefusedRemoval(t *testing.T) {
	refused := apierrors.NewForbidden(schema.GroupResource{Resource: "destinationrules"}, "r", errors.New("no deletes today"))
	for name, c := range map[string]struct {
		done     []apply.Change
		gaveBack bool
		err      error
		stays    bool
	}{
		"refused at once":           {nil, false, refused, false},
		"others were gone by then":  {[]apply.Change{{Object: "ConfigMap ns/r", Action: apply.Skipped}}, false, refused, false},
		"changed meanwhile":         {nil, false, &apply.MovedError{Object: "x"}, false},
		"the second is refused":     {[]apply.Change{{Object: "ConfigMap ns/r", Action: apply.Deleted}}, false, refused, true},
		"perhaps one is given back": {nil, true, refused, true},
		"no answer":                 {nil, false, io.ErrUnexpectedEOF, true},
	} {
		lists := map[schema.GroupVersionResource]string{{Version: "v1", Resource: "configmaps"}: "ConfigMapList"}
		w := apply.New(fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists), nil)
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "r", "namespace": "ns"}}}
		j, err := w.Begin(t.Context(), []apply.Change{{Object: "ConfigMap ns/r", Action: apply.Deleted, Before: u}}, "ns", apply.StepRemoving, time.Unix(1e9, 0), apply.Options{OwnerKey: istio.LabelName, OwnerValue: "r"})
		if err != nil {
			t.Fatal(err)
		}
		r := &removal{d: &deps{Streams: Streams{Out: io.Discard, Err: io.Discard}, kube: genericclioptions.NewConfigFlags(true)}, namespace: "ns", name: "r", writer: w, gaveBack: c.gaveBack}
		err = r.halfway(t.Context(), j, c.done, c.err)
		if !errors.As(err, new(failure)) || strings.Contains(err.Error(), "undo r") != c.stays || strings.HasPrefix(err.Error(), "nothing was removed") == c.stays {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := w.Journal(t.Context(), "ns", "r"); err != nil || (left != nil) != c.stays {
			t.Errorf("%s: the journal that stays: %+v, %v", name, left, err)
		}
	}
}
