package istio

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Options are what Build needs to know of the cluster and beside the intent.
type Options struct {
	// NetworkingVersion of networking.istio.io, the newest that the cluster serves:
	// "v1", "v1beta1" or "v1alpha3".
	NetworkingVersion string
	// SecurityVersion is the same of security.istio.io; only recipe strict needs it.
	SecurityVersion string
	// Istio is the control plane's version, e.g. "1.26.2"; empty when unknown. With
	// it Build refuses what that version would ignore.
	Istio string
	// CABundle holds PEM certificates and nothing else. With it the Secret or
	// ConfigMap that the intent's CA names becomes part of the plan; without it that
	// object must be there.
	CABundle []byte
}

// Plan is an intent as objects.
type Plan struct {
	// Intent is what the objects carry: the given one, with the CA's fingerprints
	// added where the bundle was at hand.
	Intent  intent.Intent
	Objects []*unstructured.Unstructured // in apply order: CA, ServiceEntry, DestinationRule, VirtualService
	Notes   []string                     // what is not covered, and traps; sentences for the user
}

var networkingVersions = []string{"v1", "v1beta1", "v1alpha3"}

// recipe is one way of carrying an intent out: a file each.
type recipe struct {
	objects func(intent.Intent, Options) ([]*unstructured.Unstructured, error)
	notes   func(i intent.Intent, madeCA bool) []string
}

// recipes has all that Validate knows.
var recipes = map[intent.Recipe]recipe{
	intent.RecipeOrigination: {origination, originationNotes},
	intent.RecipeEgress:      {egress, egressNotes},
	intent.RecipeStrict:      {strict, strictNotes},
}

// Build carries an intent out as objects, without sending them. It refuses an
// intent that is not valid, and what the mesh would ignore or this package cannot
// write. The objects hold no status, no resourceVersion and no time: the same
// intent gives the same objects.
func Build(i intent.Intent, o Options) (Plan, error) {
	if err := i.Validate(); err != nil {
		return Plan{}, fmt.Errorf("intent %s/%s cannot be carried out: %w", i.Namespace, i.Name, err)
	}
	if !slices.Contains(networkingVersions, o.NetworkingVersion) {
		return Plan{}, fmt.Errorf("version %q of %s is unknown: valid are %s", o.NetworkingVersion, group, strings.Join(networkingVersions, ", "))
	}
	i, err := normal(i)
	if err != nil {
		return Plan{}, err
	}
	i, ca, err := buildCA(i, o.CABundle)
	if err != nil {
		return Plan{}, fmt.Errorf("building the CA of intent %s/%s: %w", i.Namespace, i.Name, err)
	}
	release, err := checkRelease(i, o.Istio)
	if err != nil {
		return Plan{}, fmt.Errorf("intent %s/%s on Istio %s: %w", i.Namespace, i.Name, o.Istio, err)
	}
	recipe := recipes[i.Recipe]
	objects, err := recipe.objects(i, o)
	if err != nil {
		return Plan{}, fmt.Errorf("building the objects of intent %s/%s: %w", i.Namespace, i.Name, err)
	}
	if ca != nil {
		objects = append([]*unstructured.Unstructured{ca}, objects...)
	}
	return Plan{Intent: i, Objects: objects, Notes: append(recipe.notes(i, ca != nil), release...)}, nil
}

// normal gives an intent the form that it has after JSON (empty lists are nil), so
// that what is read back is equal to what was written.
func normal(i intent.Intent) (intent.Intent, error) {
	text, err := json.Marshal(i)
	if err != nil {
		return i, err
	}
	var out intent.Intent
	return out, json.Unmarshal(text, &out)
}
