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
	// Pair becomes part of the plan as the Secret that the intent's certificate names;
	// without it that Secret must be there.
	Pair Pair
}

// Plan is an intent as objects.
type Plan struct {
	// Intent is what the objects carry: the given one, with the CA's
	// and the certificate's fingerprints added where these were at hand.
	Intent intent.Intent
	// Objects in apply order: CA, pair, access to it, ServiceEntry, DestinationRule, VirtualService.
	// A Secret among them may hold a private key: print WithoutKeys of it, and keep it nowhere.
	Objects []*unstructured.Unstructured
	// Ahead is how many of the first objects clients must have before the others are written.
	Ahead int
	Notes []string // what is not covered, and traps; sentences for the user
}

var networkingVersions = []string{"v1", "v1beta1", "v1alpha3"}

// recipe is one way of carrying an intent out: a file each.
type recipe struct {
	objects func(intent.Intent, Options) ([]*unstructured.Unstructured, error)
	notes   func(i intent.Intent, m made) []string
}

// made tells what the plan brings along and need not be there already.
type made struct{ ca, pair bool }

// recipes has all that Validate knows.
var recipes = map[intent.Recipe]recipe{
	intent.RecipeOrigination: {origination, originationNotes},
	intent.RecipeEgress:      {egress, egressNotes},
	intent.RecipeStrict:      {strict, strictNotes},
	intent.RecipeMutual:      {mutual, mutualNotes},
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
	i, pair, err := buildPair(i, o.Pair)
	if err != nil {
		return Plan{}, fmt.Errorf("building the certificate's Secret of intent %s/%s: %w", i.Namespace, i.Name, err)
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
	var first []*unstructured.Unstructured
	for _, u := range []*unstructured.Unstructured{ca, pair} {
		if u != nil {
			first = append(first, u)
		}
	}
	first = append(first, buildAccess(i)...) // before the rule: istiod remembers a refusal for a minute
	notes := recipe.notes(i, made{ca: ca != nil, pair: pair != nil})
	return Plan{Intent: i, Objects: append(first, objects...), Notes: append(notes, release...)}, nil
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
