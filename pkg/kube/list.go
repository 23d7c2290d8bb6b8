package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// list calls do for every object, a page at a time. Objects come without
// metadata.managedFields and without kubectl's copy of what was applied: that is
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

// readPage reads a list object by object, so that no more than one is held as
// text, and gives the token of the next page.
func readPage(r io.Reader, do func(*unstructured.Unstructured)) (next string, err error) {
	d := json.NewDecoder(r)
	if err := expect(d, '{'); err != nil {
		return "", err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return "", err
		}
		switch name {
		case "metadata":
			var meta struct{ Continue string }
			err = d.Decode(&meta)
			next = meta.Continue
		case "items":
			err = readItems(d, do)
		default:
			var other json.RawMessage
			err = d.Decode(&other)
		}
		if err != nil {
			return "", err
		}
	}
	return next, expect(d, '}')
}

func readItems(d *json.Decoder, do func(*unstructured.Unstructured)) error {
	start, err := d.Token()
	if err != nil || start == nil { // "items": null
		return err
	}
	for d.More() {
		u, err := readItem(d)
		if err != nil {
			return err
		}
		do(u)
	}
	return expect(d, ']')
}

func expect(d *json.Decoder, want json.Delim) error {
	got, err := d.Token()
	if err == nil && got != want {
		err = fmt.Errorf("got %v, want %v: not a list of Kubernetes", got, want)
	}
	return err
}

// lastApplied is where kubectl apply keeps a copy of the whole object.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

func readItem(d *json.Decoder) (*unstructured.Unstructured, error) {
	var fields map[string]json.RawMessage
	if err := d.Decode(&fields); err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{Object: make(map[string]any, len(fields))}
	for name, text := range fields {
		if name == "metadata" {
			continue
		}
		var v any
		if err := utiljson.Unmarshal(text, &v); err != nil {
			return nil, err
		}
		u.Object[name] = v
	}
	meta, err := readMeta(fields["metadata"])
	u.Object["metadata"] = meta
	return u, err
}

// readMeta reads the metadata that this tool uses, typed: a field of a wrong type
// would be an API server's fault.
func readMeta(text json.RawMessage) (map[string]any, error) {
	var m struct {
		Name, Namespace, UID, ResourceVersion, CreationTimestamp, DeletionTimestamp string

		Labels, Annotations map[string]string
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &m); err != nil {
			return nil, err
		}
	}
	out := map[string]any{}
	for key, v := range map[string]string{"name": m.Name, "namespace": m.Namespace, "uid": m.UID, "resourceVersion": m.ResourceVersion,
		"creationTimestamp": m.CreationTimestamp, "deletionTimestamp": m.DeletionTimestamp} {
		if v != "" {
			out[key] = v
		}
	}
	maps.DeleteFunc(m.Annotations, func(key, _ string) bool { return key == lastApplied })
	for key, texts := range map[string]map[string]string{"labels": m.Labels, "annotations": m.Annotations} {
		if len(texts) == 0 {
			continue
		}
		words := make(map[string]any, len(texts))
		for k, v := range texts {
			words[k] = v
		}
		out[key] = words
	}
	return out, nil
}
