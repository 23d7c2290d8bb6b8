package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Kinds of objects that Objects can read.
const (
	KindDestinationRule    = "DestinationRule"
	KindServiceEntry       = "ServiceEntry"
	KindVirtualService     = "VirtualService"
	KindGateway            = "Gateway"
	KindPeerAuthentication = "PeerAuthentication"
	KindService            = "Service"
	KindSecret             = "Secret"
	KindConfigMap          = "ConfigMap"
	KindSidecar            = "Sidecar"
	KindBackendPolicy      = facts.KindBackendPolicy // of Gateway API
)

var resources = map[string]string{
	KindDestinationRule: "destinationrules", KindServiceEntry: "serviceentries", KindPeerAuthentication: "peerauthentications", KindVirtualService: "virtualservices",
	KindSidecar: "sidecars", KindGateway: "gateways", KindService: "services", KindSecret: "secrets", KindConfigMap: "configmaps",
	KindBackendPolicy: "backendtlspolicies",
}

// networkingKinds are those of networking.istio.io.
var networkingKinds = []string{KindDestinationRule, KindServiceEntry, KindVirtualService, KindSidecar, KindGateway}

// Query says which objects to read.
type Query struct {
	Kinds      []string // none: DestinationRule and ServiceEntry
	Namespaces []string // none: all of the cluster
	Instead    []string // namespaces that are read too where all of the cluster is forbidden
	Label      string   // a label selector: "mesh-tls.io/owner", "mesh-tls.io/owner=redis"; "" for all
}

// Objects reads objects, 500 at a time, Istio's in the newest version that the
// cluster serves. Where the whole cluster is asked for and forbidden, the
// client's namespace, the root namespace and Instead are read. What could not be
// read stands in missing, by kind, with the reason; the error is for a server
// that cannot be reached or a query that makes no sense. The objects come without
// metadata.managedFields (but for the times of writes to the spec), in the order of the kinds.
func (c *Client) Objects(ctx context.Context, q Query) (objects []*unstructured.Unstructured, missing map[string]string, err error) {
	missing, err = c.EachObject(ctx, q, func(u *unstructured.Unstructured) { objects = append(objects, u) })
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(objects, func(a, b *unstructured.Unstructured) int {
		return slices.Index(q.kinds(), a.GetKind()) - slices.Index(q.kinds(), b.GetKind())
	})
	return objects, missing, nil
}

// EachObject is Objects without keeping any: do is called for one object at a
// time, the kinds mixed. What do keeps of thousands of objects is its own choice.
func (c *Client) EachObject(ctx context.Context, q Query, do func(*unstructured.Unstructured)) (missing map[string]string, err error) {
	missing = map[string]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	var errs []error
	for _, kind := range q.kinds() {
		wg.Go(func() {
			why, err := c.eachOf(ctx, kind, q, func(u *unstructured.Unstructured) {
				mu.Lock()
				defer mu.Unlock()
				do(u)
			})
			if kind == KindBackendPolicy && err != nil && ctx.Err() == nil { // not Istio's: what it is lacking for is told there
				why, err = err.Error(), nil
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil && !slices.ContainsFunc(errs, func(e error) bool { return e.Error() == err.Error() }) { // one cause stops all kinds
				errs = append(errs, err)
			}
			if why != "" {
				missing[kind] = why
			}
		})
	}
	wg.Wait()
	return missing, errors.Join(errs...)
}

// eachOf says what could not be read of one kind. All of the cluster is asked for in the newest version at once: where
// that fails, which versions are served is asked for.
func (c *Client) eachOf(ctx context.Context, kind string, q Query, do func(*unstructured.Unstructured)) (string, error) {
	if gvr, known := newest(kind); known && len(q.Namespaces) == 0 {
		err := c.list(ctx, gvr, metav1.NamespaceAll, q.Label, named(kind, gvr, do))
		if err == nil {
			return "", nil
		}
		if kind == KindBackendPolicy && apierrors.IsNotFound(err) { // a cluster without Gateway API has none
			return "", nil
		}
		if !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) { // both come before any object
			return "", c.explain("list "+gvr.Resource+" in all namespaces", err)
		}
	}
	gvr, err := c.resourceOf(ctx, kind)
	if errors.Is(err, ErrNoIstio) || errors.Is(err, ErrNoPolicies) {
		return err.Error(), nil
	}
	if err != nil {
		return "", err
	}
	return c.objectsOf(ctx, kind, gvr, q, named(kind, gvr, do))
}

// named gives items their kind: lists of Kubernetes' own kinds leave it out.
func named(kind string, gvr schema.GroupVersionResource, do func(*unstructured.Unstructured)) func(*unstructured.Unstructured) {
	return func(u *unstructured.Unstructured) {
		if u.GetKind() == "" {
			u.SetKind(kind)
			u.SetAPIVersion(gvr.GroupVersion().String())
		}
		do(u)
	}
}

// newest is where a kind of Istio's is in a cluster of today.
func newest(kind string) (schema.GroupVersionResource, bool) {
	switch {
	case kind == KindPeerAuthentication:
		return schema.GroupVersionResource{Group: securityGroup, Version: securityVersions[0], Resource: resources[kind]}, true
	case kind == KindBackendPolicy: // v1 since Gateway API 1.4; Istio serves what was before behind a switch only
		return schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: resources[kind]}, true
	case slices.Contains(networkingKinds, kind):
		return schema.GroupVersionResource{Group: networkingGroup, Version: networkingVersions[0], Resource: resources[kind]}, true
	}
	return schema.GroupVersionResource{}, false
}

func (q Query) kinds() []string {
	if len(q.Kinds) == 0 {
		return []string{KindDestinationRule, KindServiceEntry}
	}
	return q.Kinds
}

func (c *Client) resourceOf(ctx context.Context, kind string) (schema.GroupVersionResource, error) {
	resource, ok := resources[kind]
	if !ok {
		return schema.GroupVersionResource{}, fmt.Errorf("objects of kind %q are not read by this tool", kind)
	}
	if gvr, known := newest(kind); known && kind == KindBackendPolicy {
		return gvr, nil
	}
	if kind == KindPeerAuthentication {
		version, err := c.SecurityVersion(ctx)
		return schema.GroupVersionResource{Group: securityGroup, Version: version, Resource: resource}, err
	}
	if !slices.Contains(networkingKinds, kind) {
		return schema.GroupVersionResource{Version: "v1", Resource: resource}, nil
	}
	version, err := c.NetworkingVersion(ctx)
	return schema.GroupVersionResource{Group: networkingGroup, Version: version, Resource: resource}, err
}

func (c *Client) objectsOf(ctx context.Context, kind string, gvr schema.GroupVersionResource, q Query, do func(*unstructured.Unstructured)) (string, error) {
	if len(q.Namespaces) > 0 {
		return c.inNamespaces(ctx, gvr, q.Namespaces, q.Label, do)
	}
	err := c.list(ctx, gvr, metav1.NamespaceAll, q.Label, do)
	switch {
	case err == nil:
		return "", nil
	case apierrors.IsNotFound(err):
		return fmt.Sprintf("the cluster serves no %s in %s", kind, gvr.GroupVersion()), nil
	case !apierrors.IsForbidden(err):
		return "", c.explain("list "+gvr.Resource+" in all namespaces", err)
	}
	var namespaces []string
	for _, ns := range slices.Concat([]string{c.namespace, c.RootNamespace}, q.Instead) {
		if !slices.Contains(namespaces, ns) {
			namespaces = append(namespaces, ns)
		}
	}
	why, err := c.inNamespaces(ctx, gvr, namespaces, q.Label, do)
	if err != nil {
		return "", err
	}
	if why == "" {
		why = "read in " + strings.Join(namespaces, " and ") + " only"
	}
	return fmt.Sprintf("not allowed to list %s in all namespaces; %s", gvr.Resource, why), nil
}

// inNamespaces reads what it may; the result says what it may not.
func (c *Client) inNamespaces(ctx context.Context, gvr schema.GroupVersionResource, namespaces []string, label string, do func(*unstructured.Unstructured)) (string, error) {
	var refused []string
	for _, ns := range namespaces {
		err := c.list(ctx, gvr, ns, label, do)
		switch {
		case err == nil:
		case apierrors.IsForbidden(err):
			refused = append(refused, ns)
		case apierrors.IsNotFound(err):
			return fmt.Sprintf("the cluster serves no %s in %s", gvr.Resource, gvr.GroupVersion()), nil
		default:
			return "", c.explain(fmt.Sprintf("list %s in namespace %s", gvr.Resource, ns), err)
		}
	}
	if len(refused) > 0 {
		return fmt.Sprintf("not allowed to list %s in namespace %s", gvr.Resource, strings.Join(refused, ", ")), nil
	}
	return "", nil
}
