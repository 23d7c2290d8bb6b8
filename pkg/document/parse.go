package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// MaxText is how much text Parse takes, in bytes: far over any file that a person wrote.
const MaxText = 4 << 20

// Bounds of what is in it.
const (
	maxDocuments = 1000
	maxNodes     = 200_000 // of one document, aliases counted each time
)

// Parse reads every document of a text; source names it in errors, which say the line.
// Fields that nobody knows, fields that stand twice and values of another type are
// errors, all of them at once: half a wish must not pass for the whole. No document at
// all is an error too. It completes and validates nothing.
func Parse(source string, text []byte) ([]Document, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("%s: has %d bytes, more than %d", source, len(text), MaxText)
	}
	var out []Document
	var errs []error
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var n yaml.Node
		err := decoder.Decode(&n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			errs = append(errs, syntax(source, err))
			break // what follows cannot be told from its place
		}
		if n.Kind != yaml.DocumentNode || len(n.Content) != 1 || n.Content[0].Tag == "!!null" {
			continue // nothing between two lines of ---
		}
		if len(out) == maxDocuments {
			errs = append(errs, fmt.Errorf("%s:%d: is the document after the %dth: give the others in a file of their own", source, n.Content[0].Line, maxDocuments))
			break
		}
		d, err := parseOne(source, n.Content[0])
		errs = append(errs, err)
		out = append(out, d)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: holds no document of kind %s", source, Kind)
	}
	return out, nil
}

// syntax turns the parser's "yaml: line 3: ..." into FILE:3: ...
func syntax(source string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if line, what, ok := strings.Cut(rest, ": "); ok {
			return fmt.Errorf("%s:%s: is no YAML: %s", source, line, what)
		}
	}
	return fmt.Errorf("%s: is no YAML: %s", source, text)
}

func parseOne(source string, n *yaml.Node) (Document, error) {
	d := Document{Source: source, Line: n.Line, Lines: Lines{}}
	w := &walker{source: source, lines: d.Lines}
	value, _ := w.value(n, reflect.TypeFor[file](), "").(map[string]any)
	w.head(n, value)
	if value["spec"] == nil && len(w.errs) == 0 {
		w.fail(n, "spec", "is missing")
	}
	if len(w.errs) > 0 {
		return d, errors.Join(w.errs...)
	}
	if err := into(value["spec"], &d.Intent); err != nil {
		return d, fmt.Errorf("%s: spec: %w", d.Where(), err)
	}
	spec, _ := value["spec"].(map[string]any)
	if err := into(spec["files"], &d.Files); err != nil {
		return d, fmt.Errorf("%s: spec.files: %w", d.Where(), err)
	}
	meta, _ := value["metadata"].(map[string]any)
	d.Intent.Name, _ = meta["name"].(string)
	d.Intent.Namespace, _ = meta["namespace"].(string)
	return d, nil
}

// head judges what a document says it is. Of an object of another kind nearly every field would be unknown: that is not told.
func (w *walker) head(n *yaml.Node, value map[string]any) {
	if kind := value["kind"]; kind != nil && kind != Kind {
		w.errs = nil
	}
	if len(w.errs) > 0 {
		return
	}
	for _, field := range []struct{ name, want string }{{"apiVersion", APIVersion}, {"kind", Kind}} {
		at := *n
		at.Line = max(w.lines[field.name], n.Line)
		switch got := value[field.name]; got {
		case field.want:
		case nil:
			w.fail(n, field.name, "is missing, want %q", field.want)
		default:
			w.fail(&at, field.name, "is %q, want %q", fmt.Sprint(got), field.want)
		}
	}
}

func into(value, target any) error {
	if value == nil {
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, target)
}

// walker compares a document with the types that it must have.
type walker struct {
	source string
	lines  Lines
	nodes  int
	errs   []error
}

func (w *walker) fail(n *yaml.Node, path, format string, args ...any) any {
	where := path
	if where == "" {
		where = "the document"
	}
	w.errs = append(w.errs, fmt.Errorf("%s:%d: %s %s", w.source, n.Line, where, fmt.Sprintf(format, args...)))
	return nil
}

// value gives the node as plain values of the type; nil where it is not of that type.
func (w *walker) value(n *yaml.Node, t reflect.Type, path string) any {
	if w.nodes++; w.nodes > maxNodes {
		if w.nodes == maxNodes+1 {
			w.fail(n, path, "makes the document too large")
		}
		return nil
	}
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	switch t.Kind() {
	case reflect.Struct:
		return w.structure(n, t, path)
	case reflect.Map:
		return w.labels(n, t, path)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return w.fail(n, path, "must be a list")
		}
		out := []any{}
		for i, item := range n.Content {
			at := fmt.Sprintf("%s[%d]", path, i)
			w.lines[at] = item.Line
			out = append(out, w.value(item, t.Elem(), at))
		}
		return out
	}
	return w.scalar(n, t, path)
}

func (w *walker) scalar(n *yaml.Node, t reflect.Type, path string) any {
	if n.Kind != yaml.ScalarNode {
		return w.fail(n, path, "must be one value")
	}
	switch t.Kind() {
	case reflect.String:
		if n.Tag != "!!str" {
			return w.fail(n, path, "must be text: put it into quotes")
		}
		return n.Value
	case reflect.Int:
		if i, err := strconv.Atoi(n.Value); err == nil && n.Tag == "!!int" {
			return i
		}
		return w.fail(n, path, "must be a whole number")
	case reflect.Bool:
		if b, err := strconv.ParseBool(n.Value); err == nil && n.Tag == "!!bool" {
			return b
		}
		return w.fail(n, path, "must be true or false")
	}
	return w.fail(n, path, "cannot be given in a document")
}

func (w *walker) labels(n *yaml.Node, t reflect.Type, path string) any {
	if n.Kind != yaml.MappingNode {
		return w.fail(n, path, "must be a map")
	}
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		if _, twice := out[key]; twice {
			w.fail(n.Content[i], path+"."+key, "stands twice")
		}
		out[key] = w.value(n.Content[i+1], t.Elem(), path+"."+key)
	}
	return out
}

func (w *walker) structure(n *yaml.Node, t reflect.Type, path string) any {
	if n.Kind != yaml.MappingNode {
		return w.fail(n, path, "must be a map of fields")
	}
	known := fieldsOf(t)
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		at := strings.TrimPrefix(path+"."+key, ".")
		of, ok := known[key]
		switch _, twice := out[key]; {
		case !ok:
			w.fail(n.Content[i], at, "is no field that %s knows%s", APIVersion, meant(key, known))
		case twice:
			w.fail(n.Content[i], at, "stands twice")
		default:
			w.lines[at] = n.Content[i].Line
			out[key] = w.value(n.Content[i+1], of, at)
		}
	}
	return out
}

// fieldsOf lists the fields of a type by their names in a document.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			for name, of := range fieldsOf(f.Type) {
				out[name] = of
			}
			if f.Type == reflect.TypeFor[intent.Intent]() { // these stand in metadata
				delete(out, "name")
				delete(out, "namespace")
			}
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out[name] = f.Type
	}
	return out
}
