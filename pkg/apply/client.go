package apply

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// FieldManager is the default field manager of server-side apply.
const FieldManager = "kubectl-mesh-tls"

// Client writes to one cluster.
type Client struct {
	dynamic dynamic.Interface
	mapper  meta.RESTMapper
}

// New makes a Client from a dynamic client and a mapper of kinds to resources.
func New(d dynamic.Interface, m meta.RESTMapper) *Client { return &Client{dynamic: d, mapper: m} }

// Options say how to write. OwnerKey and OwnerValue are the label that makes an
// object ours; both are needed.
type Options struct {
	FieldManager   string // "" is FieldManager
	DryRun         bool   // ask the server, write nothing
	ForceConflicts bool   // take fields from other field managers
	Adopt          bool   // take over objects that no owner has, fields included
	MarkTaken      bool   // put TakenOverAnnotation on them

	OwnerKey, OwnerValue string

	// Planned is what a dry run found and was shown of it, for an Apply or a Delete that must
	// find the same; nil takes what there is.
	Planned []Change

	// Completes tells of an object that it only adds fields to one of somebody else, which
	// stays theirs: no label is put on it, its owner is not asked, its lists are taken from
	// their manager, and it is written only over the resourceVersion that it names. nil: none.
	Completes func(*unstructured.Unstructured) bool

	// Release gives such an object without what was added to the one before; needed where
	// somebody changed theirs meanwhile. nil: that is a *ChangedError.
	Release func(live, before *unstructured.Unstructured) *unstructured.Unstructured

	// May tells why an entry of a journal must not be put back, nil when it may; without it
	// any may. Whoever may write a ConfigMap can write what passes for a journal.
	May func(Entry) error

	// Ahead is called before each object that Revert touches; nil: nothing is done.
	Ahead func(ctx context.Context, next Entry)

	Group *Group // for Begin: the larger change that this one is a part of, nil for none
}

func (o Options) check() (Options, error) {
	if o.OwnerKey == "" || o.OwnerValue == "" {
		return o, errors.New("apply needs the owner label: without it nobody could tell our objects from others")
	}
	if o.FieldManager == "" {
		o.FieldManager = FieldManager
	}
	return o, nil
}

func (o Options) dryRun() []string {
	if o.DryRun {
		return []string{"All"} // metav1.DryRunAll
	}
	return nil
}

// resource finds where objects of a kind live.
func (c *Client) resource(gvk schema.GroupVersionKind, namespace string) (dynamic.ResourceInterface, error) {
	m, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, fmt.Errorf("find kind %s in the cluster's API: %w", gvk, err)
	}
	if m.Scope.Name() == meta.RESTScopeNameNamespace {
		return c.dynamic.Resource(m.Resource).Namespace(namespace), nil
	}
	return c.dynamic.Resource(m.Resource), nil
}

func (o Options) completes(u *unstructured.Unstructured) bool {
	return o.Completes != nil && o.Completes(u)
}
