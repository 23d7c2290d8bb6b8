package kube

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// May asks the API server whether this user may do a verb on a resource of a namespace
// ("" for all), RESOURCE, RESOURCE/SUBRESOURCE or RESOURCE.GROUP. The error is for an
// API server that does not say.
func (c *Client) May(ctx context.Context, verb, resource, namespace string) (bool, error) {
	resource, group, _ := strings.Cut(resource, ".")
	resource, sub, _ := strings.Cut(resource, "/")
	review := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
		"spec": map[string]any{"resourceAttributes": map[string]any{"verb": verb, "resource": resource, "subresource": sub, "group": group, "namespace": namespace}},
	}}
	got, err := c.dynamic.Resource(schema.GroupVersionResource{Group: "authorization.k8s.io", Version: "v1", Resource: "selfsubjectaccessreviews"}).
		Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, c.explain("ask what you may do", err)
	}
	allowed, _, _ := unstructured.NestedBool(got.Object, "status", "allowed")
	return allowed, nil
}
