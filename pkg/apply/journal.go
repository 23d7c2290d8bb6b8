package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// JournalLabel marks a journal and the copies that belong to it; its value is the
// owner whose change it is about.
const JournalLabel = "mesh-tls.io/journal"

// Step is how far a change has come.
type Step string

// Steps of a change. All but StepDone mean that somebody is at it, or was
// interrupted.
const (
	StepApplying   Step = "applying"
	StepApplied    Step = "applied" // written; not yet waited for or not yet verified
	StepRemoving   Step = "removing"
	StepTakingBack Step = "taking back"
	StepDone       Step = "done"
)

// Journal is the state before a change, as it is kept in the cluster from before
// the first write on. It holds no content of Secrets: that stays in Secrets.
type Journal struct {
	Owner     string    `json:"owner"`
	Namespace string    `json:"-"`
	Step      Step      `json:"step"`
	Started   time.Time `json:"started"`
	// Group is the larger change that this one is a part of; nil when it stands alone.
	Group *Group `json:"group,omitempty"`
	// Entries are the objects of the change, in the order of its writes.
	Entries []Entry `json:"entries"`
	// Origins are objects of others that this owner took over, now or in an earlier
	// change, as they were before that.
	Origins []Entry `json:"origins,omitempty"`
	// Previous is the change before this one: it is the last one again when this one
	// is taken back.
	Previous *Journal `json:"previous,omitempty"`

	// Leftovers are copies (namespace/name) that nobody needs any more, on their way out.
	Leftovers []string `json:"leftovers,omitempty"`

	version string // resourceVersion of the journal object, "" before it is written
	tried   string // the text of a write of which nobody knows whether it was done
}

// Entry is one object of a change.
type Entry struct {
	Object     string `json:"object"` // Kind namespace/name
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	Action     Action `json:"action"`
	// Before is the object before the change; nil when there was none, and for a
	// Secret or a long object, which stands in Copy.
	Before map[string]any `json:"before,omitempty"`
	// Copy names the Secret that holds the Secret before the change, or the ConfigMap
	// that holds any other object.
	Copy string `json:"copy,omitempty"`
	// Was is the SHA-256 of the object before the change.
	Was string `json:"was,omitempty"`
	// After is the SHA-256 of what the change makes of the object: what is different
	// from it was changed by somebody else since.
	After string `json:"after,omitempty"`
	// Completed: the object is somebody else's, and only fields were added to it.
	Completed bool `json:"completed,omitempty"`
}

// Empty tells that there is nothing that could be taken back.
func (j *Journal) Empty() bool { return len(j.Entries) == 0 }

// Unfinished tells that the change did not come to its end.
func (j *Journal) Unfinished() bool { return j.Step != StepDone }

// entriesOf are the changes that write something.
func entriesOf(changes []Change) []Entry {
	var out []Entry
	for _, c := range changes {
		u := c.Before
		if u == nil {
			u = c.After
		}
		if u == nil || c.Action == Unchanged || c.Action == Skipped {
			continue
		}
		e := Entry{Object: c.Object, APIVersion: u.GetAPIVersion(), Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName(), Action: c.Action, Completed: c.Completes}
		if c.Before != nil && !isSecret(c.Before) {
			e.Before = c.Before.Object
		}
		if c.Before != nil {
			e.Was = fingerprint(c.Before)
		}
		if c.Action == Configured && c.After != nil {
			e.After = fingerprint(c.After)
		}
		out = append(out, e)
	}
	return out
}

// originsOf are the entries of objects that belonged to somebody else before.
func originsOf(changes []Change, o Options) []Entry {
	var taken []Change
	for _, c := range changes {
		if c.Action == Configured && c.Before != nil && c.Before.GetLabels()[o.OwnerKey] != o.OwnerValue {
			taken = append(taken, c)
		}
	}
	return entriesOf(taken)
}

// carried joins the origins of earlier changes with those of a new one. An object
// keeps its first state; what is expected of it now is the newest.
func carried(earlier []Entry, changes []Change, o Options) []Entry {
	out := append([]Entry(nil), earlier...)
	for _, e := range entriesOf(changes) {
		for i := range out {
			if out[i].same(e) && e.After != "" {
				out[i] = out[i].moved(e, o)
				out[i].After = e.After
			}
		}
	}
	for _, e := range originsOf(changes, o) {
		if at := find(out, e); at < 0 {
			out = append(out, e)
		}
	}
	return out
}

// moved is an origin before its next change. What somebody did to their own object in
// between is theirs to keep: what is given back then is that, without what was added.
func (e Entry) moved(next Entry, o Options) Entry {
	if !next.Completed || next.Was == e.After || o.Release == nil || next.Before == nil || e.Before == nil {
		return e
	}
	given := o.Release(&unstructured.Unstructured{Object: next.Before}, &unstructured.Unstructured{Object: e.Before})
	e.Before, e.APIVersion = given.Object, given.GetAPIVersion() // Istio may serve a newer one by now
	return e
}

func (e Entry) same(other Entry) bool {
	return e.Kind == other.Kind && e.Namespace == other.Namespace && e.Name == other.Name
}

func find(entries []Entry, e Entry) int {
	for i := range entries {
		if entries[i].same(e) {
			return i
		}
	}
	return -1
}

func isSecret(u *unstructured.Unstructured) bool {
	return u.GetKind() == "Secret" && u.GetAPIVersion() == "v1"
}

// fingerprint is the SHA-256 of an object's content, without what the server counts
// and what controllers report. An object that was deleted and made again is the same.
func fingerprint(u *unstructured.Unstructured) string {
	c := content(u)
	delete(c, "status")
	for _, field := range []string{"uid", "creationTimestamp"} {
		unstructured.RemoveNestedField(c, "metadata", field)
	}
	text, err := json.Marshal(c) // keys are sorted
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// UnfinishedError says that a change of this owner was begun and not ended: by a
// command that was interrupted, or by somebody who is at it now.
type UnfinishedError struct{ Journal Journal }

func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("a change of %q in namespace %s was begun at %s and has not ended (%s)",
		e.Journal.Owner, e.Journal.Namespace, e.Journal.Started.UTC().Format(time.RFC3339), e.Journal.Step)
}
