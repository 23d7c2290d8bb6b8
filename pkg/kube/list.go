package kube

import (
	"context"
	"fmt"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// list calls do for every object, a page at a time. Objects come without
// metadata.managedFields (but for the times of writes to the spec) and without kubectl's copy of what was applied: that is
// most of the text, and nobody here reads it.
//
// An expired page token (a list that took longer than etcd keeps history) starts
// the list anew, in one piece; what was given already is not given again.
func (c *Client) list(ctx context.Context, gvr schema.GroupVersionResource, namespace, label string, do func(*unstructured.Unstructured)) error {
	given := map[string]bool{}
	limit, next := pageSize, ""
	for {
		req := c.bulk.Get().AbsPath(listPath(gvr, namespace)...)
		if label != "" {
			req = req.Param("labelSelector", label)
		}
		if limit > 0 {
			req = req.Param("limit", strconv.Itoa(limit))
		}
		if next != "" {
			req = req.Param("continue", next)
		}
		body, err := req.SetHeader("Accept", "application/json").Stream(ctx)
		if apierrors.IsResourceExpired(err) && limit > 0 {
			limit, next = 0, ""
			continue
		}
		if err != nil {
			return err
		}
		next, err = readPage(body, func(u *unstructured.Unstructured) {
			if name := u.GetNamespace() + "/" + u.GetName(); !given[name] {
				given[name] = true
				do(u)
			}
		})
		_ = body.Close()
		if err != nil {
			return fmt.Errorf("read the list of %s: %w", gvr.Resource, err)
		}
		if next == "" {
			return nil
		}
	}
}

func listPath(gvr schema.GroupVersionResource, namespace string) []string {
	path := []string{"/apis", gvr.Group, gvr.Version}
	if gvr.Group == "" {
		path = []string{"/api", gvr.Version}
	}
	if namespace != "" {
		path = append(path, "namespaces", namespace)
	}
	return append(path, gvr.Resource)
}
