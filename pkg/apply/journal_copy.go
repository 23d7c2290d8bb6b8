package apply

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// copyKey is the key of the copied object in its copy, copyKeyPlain that of a release
// that did not compress it.
const (
	copyKey      = "object.json.gz"
	copyKeyPlain = "object.json"
)

// copyLabel marks copies that are ConfigMaps: with JournalLabel they would pass for journals.
const copyLabel = "mesh-tls.io/journal-copy"

// maxInline is how long an object may be to stand in the journal itself. It stands there
// up to four times: in this change and the one before, and among what was taken over.
const maxInline = 16 << 10

// copiesAt is where the copies of a kind of object are: Secrets are copied to Secrets, so
// that whoever may not read Secrets learns nothing, and the rest to ConfigMaps, as the
// journal itself.
func (c *Client) copiesAt(ofSecret bool, namespace string) dynamic.ResourceInterface {
	if !ofSecret {
		return c.journals(namespace)
	}
	return c.dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace(namespace)
}

func (e Entry) isSecret() bool { return e.Kind == "Secret" && e.APIVersion == "v1" }

// nameCopies decides, in the journal, which objects are going to be copied, and to where:
// of those that the change will overwrite or delete, Secrets and what is too long for the
// journal.
func (j *Journal) nameCopies() {
	for i := range j.Entries {
		e := &j.Entries[i]
		if e.Action == Created || !e.isSecret() && size(e.Before) <= maxInline {
			continue
		}
		e.Copy, e.Before = j.copyName(*e), nil
		if at := find(j.Origins, *e); at >= 0 && j.Origins[at].Copy == "" && j.Origins[at].Was == e.Was {
			j.Origins[at].Copy, j.Origins[at].Before = e.Copy, nil
		}
	}
}

// maxCopyOf is how much of a long name a copy's own name takes; the API server takes 253.
const maxCopyOf = 180

// copyName is another for every object and every change.
func (j *Journal) copyName(e Entry) string {
	of := e.Name
	if !e.isSecret() {
		of += "." + strings.ToLower(e.Kind)
	}
	if len(of) > maxCopyOf {
		sum := sha256.Sum256([]byte(of))
		of = strings.TrimRight(of[:maxCopyOf-16], ".-") + "-" + hex.EncodeToString(sum[:6])
	}
	return fmt.Sprintf("%s.mesh-tls-before-%d", of, j.Started.UnixMilli())
}

func size(object map[string]any) int {
	text, err := json.Marshal(object)
	if err != nil {
		return 0 // then the journal itself cannot be written
	}
	return len(text)
}

// copyAll writes the copies that the journal names.
func (c *Client) copyAll(ctx context.Context, j *Journal, planned []Change) error {
	for _, e := range j.Entries {
		for _, change := range planned {
			if e.Copy == "" || change.Object != e.Object {
				continue
			}
			if err := c.copyOne(ctx, j, change.Before, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Client) copyOne(ctx context.Context, j *Journal, before *unstructured.Unstructured, e Entry) error {
	text, err := pack(before)
	if err != nil {
		return fmt.Errorf("copy %s: %w", name(before), err)
	}
	kind, field, label := "ConfigMap", "binaryData", copyLabel
	if e.isSecret() {
		kind, field, label = "Secret", "data", JournalLabel
	}
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": kind, field: map[string]any{copyKey: text}}}
	u.SetName(e.Copy)
	u.SetNamespace(before.GetNamespace())
	u.SetLabels(map[string]string{label: j.Owner})
	_, err = c.copiesAt(e.isSecret(), u.GetNamespace()).Create(ctx, u, metav1.CreateOptions{FieldManager: FieldManager})
	if err != nil {
		return explain("keep the content before the change in", u, err)
	}
	return nil
}

// pack gives an object as a copy holds it: JSON, gzip, base64.
func pack(u *unstructured.Unstructured) (string, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(u.Object); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// unpack reads what a copy holds.
func unpack(kept *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	for _, field := range []string{"data", "binaryData"} {
		if text, there, _ := unstructured.NestedString(kept.Object, field, copyKeyPlain); there {
			raw, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, err
			}
			return u, u.UnmarshalJSON(raw)
		}
		text, there, _ := unstructured.NestedString(kept.Object, field, copyKey)
		if !there {
			continue
		}
		z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
		if err != nil {
			return nil, err
		}
		raw, err := io.ReadAll(io.LimitReader(z, maxCopied))
		if err != nil {
			return nil, err
		}
		return u, u.UnmarshalJSON(raw)
	}
	return nil, errors.New("it holds no copy")
}

// maxCopied is more than the API server takes as one object (3 MiB).
const maxCopied = 8 << 20

// before gives an entry's object as it was; nil when there was none.
func (c *Client) before(ctx context.Context, e Entry) (*unstructured.Unstructured, error) {
	if e.Copy == "" {
		if e.Before == nil {
			return nil, nil
		}
		u := (&unstructured.Unstructured{Object: e.Before}).DeepCopy()
		return u, e.isOf(u)
	}
	kind := map[bool]string{true: "Secret", false: "ConfigMap"}[e.isSecret()]
	kept, err := c.copiesAt(e.isSecret(), e.Namespace).Get(ctx, e.Copy, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read what %s was before the change, from %s %s/%s: %w", e.Object, kind, e.Namespace, e.Copy, err)
	}
	u, err := unpack(kept)
	if err != nil { // its words could hold a piece of the object
		return nil, fmt.Errorf("read what %s was before the change: %s %s/%s is damaged", e.Object, kind, e.Namespace, e.Copy)
	}
	return u, e.isOf(u)
}

// isOf refuses what was kept of another object than the entry names.
func (e Entry) isOf(u *unstructured.Unstructured) error {
	if u.GetKind() != e.Kind || u.GetAPIVersion() != e.APIVersion || u.GetName() != e.Name || u.GetNamespace() != e.Namespace {
		return fmt.Errorf("what the journal keeps of %s is another object: no command of this tool wrote that; look at it, and delete it", e.Object)
	}
	return nil
}

// otherCopy begins the place of a copy that is a ConfigMap; no namespace has a colon.
const otherCopy = "configmap:"

// place is where the copy of an entry is, as Leftovers names it.
func (e Entry) place() string {
	if e.isSecret() {
		return e.Namespace + "/" + e.Copy
	}
	return otherCopy + e.Namespace + "/" + e.Copy
}

// copies names the Secrets and ConfigMaps that hold what the journal needs.
func (j *Journal) copies() map[string]bool {
	out := map[string]bool{}
	for _, list := range [][]Entry{j.Entries, j.Origins} {
		for _, e := range list {
			if e.Copy != "" {
				out[e.place()] = true
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
		rest, ofOther := strings.CutPrefix(key, otherCopy)
		namespace, copyName, _ := strings.Cut(rest, "/")
		if err := c.copiesAt(!ofOther, namespace).Delete(ctx, copyName, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("delete the copy %s: %w", key, err))
		}
	}
	return errors.Join(errs...)
}
