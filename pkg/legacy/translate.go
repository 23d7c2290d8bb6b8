package legacy

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Input is what is to be translated, and what is known of the cluster.
type Input struct {
	Objects       []Object
	Services      []Service // those of the files are added
	Workloads     []Workload
	RootNamespace string // "" is istio-system
	// AllServices says that Services holds every one of the namespaces concerned. Those of
	// files alone may leave one out that leads to the same pods.
	AllServices bool
	// DropRedundant leaves out the client settings that auto mTLS makes without them.
	DropRedundant bool
	// LiveRules are DestinationRules of the cluster: a setting of theirs may be what a
	// redundant one protects from.
	LiveRules []map[string]any
	// LivePolicies are PeerAuthentications of the cluster: one at the scope of a new one
	// counts before it.
	LivePolicies []map[string]any
}

// Action is what became of an object; the zero value is invalid.
type Action string

// Actions. NotTranslated is for what old Istio did and the output does not.
const (
	Translated    Action = "translated"
	Dropped       Action = "dropped"
	PassedOver    Action = "passed over"
	NotTranslated Action = "not translated"
	Conflict      Action = "conflict" // what is in the cluster counts, not what was translated
	General       Action = "note"
)

// Note tells what became of one object, and why.
type Note struct {
	Where  string // FILE:LINE, "" for a general one
	Object string // Kind namespace/name
	Action Action
	Text   string
}

func (n Note) String() string {
	if n.Object == "" {
		return fmt.Sprintf("%s: %s", n.Action, n.Text)
	}
	return fmt.Sprintf("%s: %s: %s: %s", n.Where, n.Object, n.Action, n.Text)
}

// Result is today's objects, and a note on each of yesterday's.
type Result struct {
	Objects []*unstructured.Unstructured
	Notes   []Note
}

// Complete tells whether the output does all that the input did.
func (r Result) Complete() bool {
	for _, n := range r.Notes {
		if n.Action == NotTranslated || n.Action == Conflict {
			return false
		}
	}
	return true
}

const defaultRoot = "istio-system"

// Translate writes today's objects, in the order of the input; PeerAuthentications
// of one namespace stand where the first of them stood. The error names every place
// at which an object is not what it says it is.
func Translate(in Input) (Result, error) {
	if in.RootNamespace == "" {
		in.RootNamespace = defaultRoot
	}
	var known []Service // what the files say goes before what the cluster has
	for _, o := range in.Objects {
		if s, ok := ServiceOf(o.withNamespace()); ok {
			known = append(known, s)
		} else if w, ok := WorkloadOf(o.withNamespace()); ok {
			in.Workloads = append(in.Workloads, w)
		}
	}
	in.Services = append(known, in.Services...)
	t := translation{in: in, names: map[string]bool{}}
	var errs []error
	for _, o := range in.Objects {
		r := &reader{source: o.source}
		switch {
		case o.policy():
			if p := r.readPolicy(o); len(r.errs) == 0 {
				t.policies = append(t.policies, p)
			}
		case o.legacy():
			if rule := r.readRule(o); len(r.errs) == 0 {
				t.rules = append(t.rules, rule)
			}
		default:
			t.passOver(o)
		}
		errs = append(errs, r.errs...)
	}
	if err := errors.Join(errs...); err != nil {
		return Result{}, err
	}
	t.writePolicies()
	t.writeRules()
	t.sortNotes()
	t.sayConflicts()
	t.sayDefault()
	return Result{Objects: t.objects, Notes: t.notes}, nil
}

// sortNotes brings the notes into the order of the input.
func (t *translation) sortNotes() {
	order := map[string]int{}
	for i, o := range t.in.Objects {
		order[o.Where()] = i
	}
	slices.SortStableFunc(t.notes, func(a, b Note) int { return order[a.Where] - order[b.Where] })
}

// Namespaces lists those whose Services decide what a Policy is for, each once.
func Namespaces(objects []Object) []string {
	var out []string
	for _, o := range objects {
		if o.policy() && !isNull(child(child(o.node, "spec"), "targets")) && !slices.Contains(out, o.Namespace) {
			out = append(out, o.Namespace)
		}
	}
	return out
}

// withNamespace is the object as it would be in a cluster.
func (o Object) withNamespace() map[string]any {
	u := &unstructured.Unstructured{Object: o.fields}
	if o.Namespace == "" || u.GetNamespace() != "" {
		return o.fields
	}
	u = u.DeepCopy()
	u.SetNamespace(o.Namespace)
	return u.Object
}

// translation is the work in progress.
type translation struct {
	in       Input
	policies []policy
	rules    []rule
	names    map[string]bool // of PeerAuthentications, namespace/name
	objects  []*unstructured.Unstructured
	notes    []Note
	whole    bool // some Service's policy was made its pods'
	backing  int  // Services and what makes pods, in the files
}

func (t *translation) note(o Object, a Action, format string, args ...any) {
	t.notes = append(t.notes, Note{Where: o.Where(), Object: o.String(), Action: a, Text: fmt.Sprintf(format, args...)})
}

func (t *translation) passOver(o Object) {
	switch why, lost := o.passed(); {
	case o.backs():
		t.backing++
	case lost:
		t.note(o, NotTranslated, "%s", why)
	default:
		t.note(o, PassedOver, "%s", why)
	}
}

// sayDefault: what nobody wrote down meant something else then.
func (t *translation) sayDefault() {
	if t.backing > 0 {
		t.notes = append(t.notes, Note{Action: General, Text: fmt.Sprintf("%d Services and workloads of the files were read for their labels and ports, and are not written", t.backing)})
	}
	if len(t.policies) == 0 {
		return
	}
	mesh := false
	for _, p := range t.policies {
		mesh = mesh || p.Kind == kindMeshPolicy
	}
	text := "the default changed: without a policy a workload took plaintext only (DISABLE) then, and takes plaintext and mutual TLS (PERMISSIVE) today"
	if !mesh {
		text += fmt.Sprintf("; there is no MeshPolicy here, so that is so wherever no policy above counts (to keep the old default: PeerAuthentication default in namespace %s with mode DISABLE)", t.in.RootNamespace)
	}
	t.notes = append(t.notes, Note{Action: General, Text: text})
	if t.whole && !t.in.AllServices {
		t.notes = append(t.notes, Note{Action: General, Text: "no cluster was asked: if a Service that is not in the files leads to the same pods by other ports, a policy above is for these ports too"})
	}
}

// newObject is an object of today with the name, namespace, labels and annotations
// of an old one; what the API server and kubectl had put there stays behind.
func newObject(from Object, apiVersion, kind, namespace, name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetAPIVersion(apiVersion)
	u.SetKind(kind)
	u.SetNamespace(namespace)
	u.SetName(name)
	labels, _, _ := unstructured.NestedStringMap(from.fields, "metadata", "labels")
	annotations, _, _ := unstructured.NestedStringMap(from.fields, "metadata", "annotations")
	delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
	if len(labels) > 0 {
		u.SetLabels(labels)
	}
	if len(annotations) > 0 {
		u.SetAnnotations(annotations)
	}
	return u
}

// Backing keeps the Services and what makes pods: objects that are read for their
// labels and ports alone.
func Backing(objects []Object) []Object {
	return slices.DeleteFunc(objects, func(o Object) bool { return !o.backs() })
}

func (o Object) backs() bool {
	_, service := ServiceOf(o.fields)
	_, workload := WorkloadOf(o.fields)
	return service || workload
}
