package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kinds of objects that Objects can read.
const (
	KindDestinationRule = "DestinationRule"
	KindServiceEntry    = "ServiceEntry"
	KindVirtualService  = "VirtualService"
	KindService         = "Service"
	KindSecret          = "Secret"
	KindConfigMap       = "ConfigMap"
)

var resources = map[string]string{
	KindDestinationRule: "destinationrules", KindServiceEntry: "serviceentries", KindVirtualService: "virtualservices",
	KindService: "services", KindSecret: "secrets", KindConfigMap: "configmaps",
}

// networkingKinds are those of networking.istio.io.
var networkingKinds = []string{KindDestinationRule, KindServiceEntry, KindVirtualService}

// Query says which objects to read.
type Query struct {
	Kinds      []string // none: DestinationRule and ServiceEntry
	Namespaces []string // none: all of the cluster
	Label      string   // a label selector: "mesh-tls.io/owner", "mesh-tls.io/owner=redis"; "" for all
}

// Objects reads objects, 500 at a time, Istio's in the newest version that the
// cluster serves. Where the whole cluster is asked for and forbidden, the
// client's namespace and the root namespace are read instead. What could not be
// read stands in missing, by kind, with the reason; the error is for a server
// that cannot be reached or a query that makes no sense.
func (c *Client) Objects(ctx context.Context, q Query) (objects []*unstructured.Unstructured, missing map[string]string, err error) {
	kinds := q.Kinds
	if len(kinds) == 0 {
		kinds = []string{KindDestinationRule, KindServiceEntry}
	}
	missing = map[string]string{}
	for _, kind := range kinds {
		gvr, err := c.resourceOf(ctx, kind)
		if errors.Is(err, ErrNoIstio) {
			missing[kind] = err.Error()
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		found, why, err := c.objectsOf(ctx, kind, gvr, q)
		if err != nil {
			return nil, nil, err
		}
		if why != "" {
			missing[kind] = why
		}
		objects = append(objects, found...)
	}
	return objects, missing, nil
}

func (c *Client) resourceOf(ctx context.Context, kind string) (schema.GroupVersionResource, error) {
	resource, ok := resources[kind]
	if !ok {
		return schema.GroupVersionResource{}, fmt.Errorf("objects of kind %q are not read by this tool", kind)
	}
	if !slices.Contains(networkingKinds, kind) {
		return schema.GroupVersionResource{Version: "v1", Resource: resource}, nil
	}
	version, err := c.NetworkingVersion(ctx)
	return schema.GroupVersionResource{Group: networkingGroup, Version: version, Resource: resource}, err
}

func (c *Client) objectsOf(ctx context.Context, kind string, gvr schema.GroupVersionResource, q Query) ([]*unstructured.Unstructured, string, error) {
	if len(q.Namespaces) > 0 {
		return c.inNamespaces(ctx, gvr, q.Namespaces, q.Label)
	}
	found, err := c.listAll(ctx, gvr, metav1.NamespaceAll, q.Label)
	switch {
	case err == nil:
		return found, "", nil
	case apierrors.IsNotFound(err):
		return nil, fmt.Sprintf("the cluster serves no %s in %s", kind, gvr.GroupVersion()), nil
	case !apierrors.IsForbidden(err):
		return nil, "", c.explain("list "+gvr.Resource+" in all namespaces", err)
	}
	namespaces := slices.Compact([]string{c.namespace, c.RootNamespace})
	found, why, err := c.inNamespaces(ctx, gvr, namespaces, q.Label)
	if err != nil {
		return nil, "", err
	}
	if why == "" {
		why = "read in " + strings.Join(namespaces, " and ") + " only"
	}
	return found, fmt.Sprintf("not allowed to list %s in all namespaces; %s", gvr.Resource, why), nil
}

// inNamespaces reads what it may; the second result says what it may not.
func (c *Client) inNamespaces(ctx context.Context, gvr schema.GroupVersionResource, namespaces []string, label string) ([]*unstructured.Unstructured, string, error) {
	var objects []*unstructured.Unstructured
	var refused []string
	for _, ns := range namespaces {
		found, err := c.listAll(ctx, gvr, ns, label)
		switch {
		case err == nil:
			objects = append(objects, found...)
		case apierrors.IsForbidden(err):
			refused = append(refused, ns)
		case apierrors.IsNotFound(err):
			return nil, fmt.Sprintf("the cluster serves no %s in %s", gvr.Resource, gvr.GroupVersion()), nil
		default:
			return nil, "", c.explain(fmt.Sprintf("list %s in namespace %s", gvr.Resource, ns), err)
		}
	}
	if len(refused) > 0 {
		return objects, fmt.Sprintf("not allowed to list %s in namespace %s", gvr.Resource, strings.Join(refused, ", ")), nil
	}
	return objects, "", nil
}

func (c *Client) listAll(ctx context.Context, gvr schema.GroupVersionResource, namespace, label string) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	err := c.eachPage(ctx, gvr, namespace, label, func(u *unstructured.Unstructured) error {
		all = append(all, u)
		return nil
	})
	return all, err
}

// eachPage calls do for every object. An expired page token (a list that took
// longer than etcd keeps history) starts the list anew, once and in one piece.
func (c *Client) eachPage(ctx context.Context, gvr schema.GroupVersionResource, namespace, label string, do func(*unstructured.Unstructured) error) error {
	var got []unstructured.Unstructured
	opts := metav1.ListOptions{LabelSelector: label, Limit: pageSize}
	for {
		page, err := c.dynamic.Resource(gvr).Namespace(namespace).List(ctx, opts)
		if apierrors.IsResourceExpired(err) && opts.Limit > 0 {
			got, opts.Continue, opts.Limit = nil, "", 0
			continue
		}
		if err != nil {
			return err
		}
		got = append(got, page.Items...)
		if opts.Continue = page.GetContinue(); opts.Continue == "" {
			break
		}
	}
	for i := range got {
		if err := do(&got[i]); err != nil {
			return err
		}
	}
	return nil
}
