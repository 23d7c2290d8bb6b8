package apply

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// copyKey is the key of the copied object in its Secret.
const copyKey = "object.json"

func (c *Client) secrets(namespace string) dynamic.ResourceInterface {
	return c.dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace(namespace)
}

// nameCopies decides, in the journal, which Secrets are going to be copied, and to
// where: those that the change will overwrite or delete. They are copied to Secrets
// and not into the journal, so that whoever may not read Secrets learns nothing.
func (j *Journal) nameCopies() {
	for i, e := range j.Entries {
		if e.Kind != "Secret" || e.Action == Created {
			continue
		}
		j.Entries[i].Copy = fmt.Sprintf("%s.mesh-tls-before-%d", e.Name, j.Started.UnixMilli())
		if at := find(j.Origins, e); at >= 0 && j.Origins[at].Copy == "" {
			j.Origins[at].Copy = j.Entries[i].Copy
		}
	}
}

// copySecrets writes the copies that the journal names.
func (c *Client) copySecrets(ctx context.Context, j *Journal, planned []Change) error {
	for _, e := range j.Entries {
		for _, change := range planned {
			if e.Copy == "" || change.Object != e.Object {
				continue
			}
			if err := c.copySecret(ctx, j, change.Before, e.Copy); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Client) copySecret(ctx context.Context, j *Journal, before *unstructured.Unstructured, copyName string) error {
	text, err := json.Marshal(before.Object)
	if err != nil {
		return fmt.Errorf("copy %s: %w", name(before), err)
	}
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
		"data": map[string]any{copyKey: base64.StdEncoding.EncodeToString(text)}}}
	u.SetName(copyName)
	u.SetNamespace(before.GetNamespace())
	u.SetLabels(map[string]string{JournalLabel: j.Owner})
	_, err = c.secrets(u.GetNamespace()).Create(ctx, u, metav1.CreateOptions{FieldManager: FieldManager})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return explain("keep the content before the change in", u, err)
	}
	return nil
}

// before gives an entry's object as it was; nil when there was none.
func (c *Client) before(ctx context.Context, e Entry) (*unstructured.Unstructured, error) {
	if e.Copy == "" {
		if e.Before == nil {
			return nil, nil
		}
		return (&unstructured.Unstructured{Object: e.Before}).DeepCopy(), nil
	}
	kept, err := c.secrets(e.Namespace).Get(ctx, e.Copy, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read what %s was before the change, from Secret %s/%s: %w", e.Object, e.Namespace, e.Copy, err)
	}
	text, _, _ := unstructured.NestedString(kept.Object, "data", copyKey)
	raw, err := base64.StdEncoding.DecodeString(text)
	u := &unstructured.Unstructured{}
	if err == nil {
		err = u.UnmarshalJSON(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("read what %s was before the change: Secret %s/%s is damaged", e.Object, e.Namespace, e.Copy)
	}
	return u, nil
}

// copies names the Secrets that hold what the journal needs.
func (j *Journal) copies() map[string]bool {
	out := map[string]bool{}
	for _, list := range [][]Entry{j.Entries, j.Origins} {
		for _, e := range list {
			if e.Copy != "" {
				out[e.Namespace+"/"+e.Copy] = true
			}
		}
	}
	for _, key := range j.Leftovers {
		out[key] = true
	}
	if j.Previous != nil {
		for k := range j.Previous.copies() {
			out[k] = true
		}
	}
	return out
}

// sweep deletes the copies that the journal names, except those that are needed.
func (c *Client) sweep(ctx context.Context, j *Journal, needed map[string]bool) error {
	var errs []error
	for key := range j.copies() {
		if needed[key] {
			continue
		}
		namespace, copyName, _ := strings.Cut(key, "/")
		if err := c.secrets(namespace).Delete(ctx, copyName, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("delete Secret %s: %w", key, err))
		}
	}
	return errors.Join(errs...)
}
