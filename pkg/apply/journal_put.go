package apply

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// journalObject is the ConfigMap of a journal, without its text.
func journalObject(j *Journal) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}}
	u.SetName(journalName(j.Owner))
	u.SetNamespace(j.Namespace)
	u.SetLabels(map[string]string{JournalLabel: j.Owner})
	return u
}

// put writes a journal's text over the version that was read, or where there is none.
func (c *Client) put(ctx context.Context, j *Journal, text string) error {
	u := journalObject(j)
	u.Object["data"] = map[string]any{journalKey: text}
	u.SetResourceVersion(j.version)
	var err error
	if j.version == "" {
		u, err = c.journals(j.Namespace).Create(ctx, u, metav1.CreateOptions{FieldManager: FieldManager})
	} else {
		u, err = c.journals(j.Namespace).Update(ctx, u, metav1.UpdateOptions{FieldManager: FieldManager})
	}
	if err != nil {
		return err
	}
	j.version, j.tried = u.GetResourceVersion(), ""
	return nil
}

// inTheWay tells that there is another journal than the one that was read.
func inTheWay(err error) bool { return apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) }

// landedTimeout is how long it may take to find out what became of a write.
const landedTimeout = 10 * time.Second

// landed tells whether the write whose answer never came was done all the same: the journal
// is ours then, and not one of somebody else. It is asked after an interruption, too.
func (c *Client) landed(ctx context.Context, j *Journal) bool {
	if j.tried == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), landedTimeout)
	defer cancel()
	u, err := c.journals(j.Namespace).Get(ctx, journalName(j.Owner), metav1.GetOptions{})
	if err != nil {
		return false
	}
	if text, _, _ := unstructured.NestedString(u.Object, "data", journalKey); text != j.tried {
		return false
	}
	j.version, j.tried = u.GetResourceVersion(), ""
	return true
}
