package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// NoNamespace is an error where a namespace surely does not exist, and nil where it does or where that may not be read.
func (c *Client) NoNamespace(ctx context.Context, name string) error {
	namespaces := schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	if _, err := c.dynamic.Resource(namespaces).Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("namespace %s does not exist; those that do: kubectl get namespaces", name)
}

// notHere adds to "not found" what somebody needs who mistyped, or forgot -n: that there is no such namespace, in which
// others an object of the name is, or how to list what is there.
func (c *Client) notHere(ctx context.Context, k kind, namespace, name string, err error) error {
	if !apierrors.IsNotFound(err) {
		return err
	}
	if none := c.NoNamespace(ctx, namespace); none != nil {
		return fmt.Errorf("%w: %w", err, none)
	}
	list, e := c.dynamic.Resource(k.resource).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name, Limit: pageSize})
	var at []string
	if e == nil {
		for _, u := range list.Items {
			if u.GetName() == name && u.GetNamespace() != "" { // a server may know no field selector
				at = append(at, u.GetNamespace())
			}
		}
	}
	if len(at) > 0 {
		slices.Sort(at)
		return fmt.Errorf("%w; one of that name is in namespace %s: give it with -n", err, strings.Join(at, ", "))
	}
	return fmt.Errorf("%w; those that are there: kubectl get %s -n %s", err, k.resource.Resource, namespace)
}
