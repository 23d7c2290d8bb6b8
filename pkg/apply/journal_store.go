package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// journalKey is the key of the journal's text in its ConfigMap.
const journalKey = "change.json"

// maxJournal is what fits into a ConfigMap (1 MiB) beside its metadata.
const maxJournal = 1<<20 - 16<<10

// ErrAtOnce says that the journal is not what it was when it was read.
var ErrAtOnce = errors.New("somebody else began to change")

func journalName(owner string) string { return owner + ".mesh-tls-journal" }

func (c *Client) journals(namespace string) dynamic.ResourceInterface {
	return c.dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(namespace)
}

// Begin writes down what the objects of a planned change (of a dry run) are now,
// before anything is written. first is StepApplying or StepRemoving. An earlier
// change that did not end is an *UnfinishedError: two changes of one owner never
// run at the same time. now is the time that the journal shows.
func (c *Client) Begin(ctx context.Context, planned []Change, namespace string, first Step, now time.Time, o Options) (*Journal, error) {
	earlier, err := c.Journal(ctx, namespace, o.OwnerValue)
	if err != nil {
		return nil, err
	}
	j := &Journal{Owner: o.OwnerValue, Namespace: namespace, Step: first, Started: now, Group: o.Group, Entries: entriesOf(planned)}
	if earlier != nil && earlier.Unfinished() {
		return nil, &UnfinishedError{*earlier}
	}
	if earlier != nil {
		j.version, j.Origins = earlier.version, earlier.Origins
		older := *earlier
		older.Previous = nil // one step back is kept, not a history
		j.Previous = &older
	}
	j.Origins = carried(j.Origins, planned, o)
	j.nameCopies()
	if earlier != nil {
		if err := c.sweep(ctx, earlier, j.copies()); err != nil {
			return nil, err
		}
	}
	// First the journal, then the copies that it names: none can be left that no
	// journal knows.
	if err := c.save(ctx, j); err != nil {
		return nil, err
	}
	if err := c.copyAll(ctx, j, planned); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackTimeout) // it may be an interruption
		defer cancel()
		return nil, errors.Join(err, c.Forget(ctx, j))
	}
	return j, nil
}

// Follows tells whether a change was begun after this one (nil: after none) and no other.
func (j *Journal) Follows(earlier *Journal) bool {
	if j.Previous == nil || earlier == nil {
		return j.Previous == nil && earlier == nil
	}
	return j.Previous.version == earlier.version
}

// Mark writes down how far the change has come.
func (c *Client) Mark(ctx context.Context, j *Journal, s Step) error {
	j.Step = s
	return c.save(ctx, j)
}

// Made notes what the server made of the change's objects, where that is not what its dry
// run said; Mark writes it down.
func (j *Journal) Made(changes []Change) {
	for _, e := range entriesOf(changes) {
		for _, list := range [][]Entry{j.Entries, j.Origins} {
			if at := find(list, e); at >= 0 && e.After != "" {
				list[at].After = e.After
			}
		}
	}
}

// save creates or replaces the journal, if nobody else did so since it was read.
func (c *Client) save(ctx context.Context, j *Journal) error {
	text, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("write the state before the change of %q: %w", j.Owner, err)
	}
	if len(text) > maxJournal {
		return fmt.Errorf("the state before the change of %q takes %d KiB, more than an object can hold; change fewer objects at once", j.Owner, len(text)>>10)
	}
	err = c.put(ctx, j, string(text))
	if inTheWay(err) && c.landed(ctx, j) { // an earlier write of ours, whose answer was lost
		err = c.put(ctx, j, string(text))
	}
	if err != nil && !refused(err) && !inTheWay(err) {
		if j.tried = string(text); c.landed(ctx, j) {
			return nil
		}
	}
	u := journalObject(j)
	if inTheWay(err) {
		return fmt.Errorf("%w %q in namespace %s at the same moment; look at it with status, then run the command again: %w", ErrAtOnce, j.Owner, j.Namespace, err)
	}
	if err != nil {
		return explain("write down the state before the change in", u, err)
	}
	return nil
}

// Journal reads the last change of an owner; nil when there is none.
func (c *Client) Journal(ctx context.Context, namespace, owner string) (*Journal, error) {
	u, err := c.journals(namespace).Get(ctx, journalName(owner), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, explain(fmt.Sprintf("read the last change of %q from", owner), journalObject(&Journal{Owner: owner, Namespace: namespace}), err)
	}
	return decodeJournal(u)
}

// Journals reads the last change of every owner in a namespace, "" for all. Those that
// cannot be read are in the error, and the others come with it.
func (c *Client) Journals(ctx context.Context, namespace string) ([]Journal, error) {
	list, err := c.journals(namespace).List(ctx, metav1.ListOptions{LabelSelector: JournalLabel})
	if err != nil {
		return nil, fmt.Errorf("list the journals of changes: %w", err)
	}
	var out []Journal
	var errs []error
	for i := range list.Items {
		j, err := decodeJournal(&list.Items[i])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, *j)
	}
	return out, errors.Join(errs...)
}

func decodeJournal(u *unstructured.Unstructured) (*Journal, error) {
	text, _, _ := unstructured.NestedString(u.Object, "data", journalKey)
	j := &Journal{}
	if err := json.Unmarshal([]byte(text), j); err != nil || j.Owner != u.GetLabels()[JournalLabel] || j.Step == "" {
		return nil, fmt.Errorf("%s is no journal that this version can read: look at it, and delete it when it is not needed", name(u))
	}
	j.Namespace, j.version = u.GetNamespace(), u.GetResourceVersion()
	if j.Previous != nil {
		j.Previous.Namespace = j.Namespace
	}
	return j, nil
}

// Forget ends a change that was taken back: the one before it is the last one
// again, and when there was none, the journal and its copies are deleted.
func (c *Client) Forget(ctx context.Context, j *Journal) error {
	if j.Previous == nil {
		return c.Drop(ctx, j)
	}
	old := *j.Previous
	old.version = j.version
	if err := c.sweep(ctx, j, old.copies()); err != nil {
		return err
	}
	return c.save(ctx, &old)
}

// Drop ends a change for good, when nothing of its owner is left to take back: the
// journal and all copies are deleted. Nothing there is no error. It first writes
// that nothing is left, so that an interrupted Drop is not taken for a change that
// was interrupted.
func (c *Client) Drop(ctx context.Context, j *Journal) error {
	last := Journal{Owner: j.Owner, Namespace: j.Namespace, Step: StepDone, Started: j.Started, version: j.version}
	for key := range j.copies() {
		last.Leftovers = append(last.Leftovers, key)
	}
	if len(last.Leftovers) > 0 {
		if err := c.save(ctx, &last); err != nil {
			return err
		}
		if err := c.sweep(ctx, &last, nil); err != nil {
			return err
		}
	}
	err := c.journals(j.Namespace).Delete(ctx, journalName(j.Owner), metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete the journal of %q in namespace %s: %w", j.Owner, j.Namespace, err)
	}
	return nil
}
