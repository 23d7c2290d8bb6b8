package legacy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxText is how much text Read takes, in bytes: far over what a mesh's files hold.
const MaxText = 16 << 20

// Bounds of what is in it.
const (
	maxNodes = 500_000 // of one text, aliases counted each time
	maxDepth = 100
)

// Object is one object of a text, with the places of its fields.
type Object struct {
	APIVersion, Kind, Namespace, Name string

	source string
	node   *yaml.Node
	fields map[string]any
}

// Where says where the object begins: FILE:LINE.
func (o Object) Where() string { return fmt.Sprintf("%s:%d", o.source, o.node.Line) }

// String names the object: Kind namespace/name.
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// group is the API group, "" for Kubernetes' own.
func (o Object) group() string {
	group, _, both := strings.Cut(o.APIVersion, "/")
	if !both {
		return ""
	}
	return group
}

// Read takes every object of a text: YAML documents or JSON, Lists opened. source
// names the text in errors, which are of the form SOURCE:LINE:COLUMN: what; all that
// can be told of one text come at once. namespace is for objects that name none, as
// kubectl does it. A text without any object is an error.
func Read(source string, text []byte, namespace string) ([]Object, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("%s: has %d bytes, more than %d: split it", source, len(text), MaxText)
	}
	r := &reader{source: source, namespace: namespace}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var n yaml.Node
		err := decode(decoder, &n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.errs = append(r.errs, syntax(source, text, err))
			break // what follows cannot be told from its place
		}
		if n.Kind == yaml.DocumentNode && len(n.Content) == 1 && n.Content[0].Tag != "!!null" {
			r.document(n.Content[0])
		}
	}
	if err := errors.Join(r.errs...); err != nil {
		return nil, err
	}
	if len(r.objects) == 0 {
		return nil, fmt.Errorf("%s: holds no object of Kubernetes", source)
	}
	return r.objects, nil
}

// decode turns a panic of the parser into an error: the text is somebody else's.
func decode(d *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("yaml: the parser gave up on it")
		}
	}()
	return d.Decode(n)
}

// reader collects what is found in one text, and all that is wrong with it.
type reader struct {
	source    string
	namespace string
	objects   []Object
	errs      []error
	nodes     int
}

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d:%d: %s", r.source, n.Line, n.Column, fmt.Sprintf(format, args...)))
}

// document reads one object, or the items of a List.
func (r *reader) document(n *yaml.Node) {
	failed := len(r.errs)
	value, _ := r.value(n, 0).(map[string]any)
	if len(r.errs) > failed {
		return
	}
	if value == nil {
		r.fail(n, "must be an object with apiVersion and kind, not %s", kindOf(n))
		return
	}
	o := Object{source: r.source, node: n, fields: value}
	o.APIVersion, _ = value["apiVersion"].(string)
	o.Kind, _ = value["kind"].(string)
	switch {
	case o.APIVersion == "" || o.Kind == "":
		r.fail(n, "has no apiVersion or no kind: is it one object, whole?")
	case strings.HasSuffix(o.Kind, "List") && child(n, "items") != nil:
		for _, item := range r.list(child(n, "items"), "items") {
			r.document(item)
		}
	default:
		r.named(o)
	}
}

// named completes an object by its metadata.
func (r *reader) named(o Object) {
	meta, ok := o.fields["metadata"].(map[string]any)
	at := child(o.node, "metadata")
	switch {
	case at == nil:
		r.misplaced(o)
		r.fail(o.node, "%s has no metadata", o.Kind)
		return
	case !ok:
		if !r.misplaced(o) {
			r.fail(at, "metadata of %s is %s, want a map with a name", o.Kind, kindOf(at))
		}
		return
	}
	if o.Name, _ = meta["name"].(string); o.Name == "" {
		if !r.misplaced(o) {
			r.fail(at, "metadata of %s has no name, or one that is no text", o.Kind)
		}
		return
	}
	o.Namespace, _ = meta["namespace"].(string)
	if o.Namespace == "" && o.Kind != kindMeshPolicy && !strings.HasPrefix(o.Kind, "Cluster") && o.Kind != "Namespace" {
		o.Namespace = r.namespace
	}
	if o.legacy() {
		r.misplaced(o)
	}
	r.objects = append(r.objects, o)
}

// topLevel are the fields that an object may have beside its content.
var topLevel = map[string]bool{"apiVersion": true, "kind": true, "metadata": true, "spec": true, "status": true}

// inside says where a field belongs that stands at the top level by mistake.
var inside = map[string]string{
	"name": "metadata", "namespace": "metadata", "labels": "metadata", "annotations": "metadata",
	"targets": "spec", "peers": "spec", "origins": "spec", "host": "spec", "trafficPolicy": "spec", "subsets": "spec",
	"mtls": "spec.peers", "tls": "spec.trafficPolicy",
}

// misplaced finds fields that lost their indentation: the text is YAML then, and
// means something else.
func (r *reader) misplaced(o Object) bool {
	found := false
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		key := o.node.Content[i]
		if topLevel[key.Value] {
			continue
		}
		if where := inside[key.Value]; where != "" {
			r.fail(key, "%s stands at the top level of the %s and belongs under %s: it lost its indentation", key.Value, o.Kind, where)
			found = true
		} else if o.legacy() {
			r.fail(key, "%s is no field of a %s: it lost its indentation, or a line of --- is missing before it", clip(key.Value), o.Kind)
			found = true
		}
	}
	return found
}
