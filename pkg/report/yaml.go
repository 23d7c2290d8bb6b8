package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	yaml "sigs.k8s.io/yaml/goyaml.v2"
)

// yamlBatch is how many entries of lists are YAML at a time: the library holds a text several times over, and takes 400 KB
// for each call.
const yamlBatch = 200

// printYAML writes the same document as YAML. YAML has no escapes outside of
// quotes, so harmful characters are shown as text. A long list is written in parts:
// the text of a large proxy would be a gigabyte of memory. JSON is decoded by its own
// library: that of YAML takes longer, and refuses surrogate pairs.
func printYAML(w io.Writer, doc any) error { return printYAMLBy(w, doc, yamlBatch) }

func printYAMLBy(w io.Writer, doc any, batch int) error {
	out := bufio.NewWriter(w)
	y := &yamlWriter{to: out, batch: batch}
	if err := y.object(reflect.ValueOf(doc)); err != nil {
		return fmt.Errorf("write the report as YAML: %w", err)
	}
	return out.Flush()
}

// yamlWriter writes one document. Each part is encoded inside of the lists that it stands in, so that its lines are
// indented and broken as in the whole; the lines that are there already are left out then.
type yamlWriter struct {
	to    *bufio.Writer
	batch int
	in    []string // the names of those lists, the outermost first
}

// object writes a struct: what is short at once, long lists in parts. Keys are sorted, as the library does.
func (y *yamlWriter) object(v reflect.Value) error {
	short, first := map[string]any{}, true
	flush := func() error {
		if len(short) == 0 {
			return nil
		}
		err := y.part(short, len(y.in), first)
		short, first = map[string]any{}, false
		return err
	}
	for _, f := range yamlFields(v) {
		if f.value.Kind() != reflect.Slice || weight(f.value) <= y.batch {
			short[f.name] = f.value.Interface()
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		if err := y.list(f, first); err != nil {
			return err
		}
		first = false
	}
	return flush()
}

// list writes a long list, a number of entries at a time, and those that are long themselves one by one.
func (y *yamlWriter) list(f yamlField, first bool) error {
	if _, err := fmt.Fprintf(y.to, "%s%s:\n", y.lead(first), f.name); err != nil {
		return err
	}
	from, held := 0, 0
	flush := func(to int) error {
		if from == to {
			return nil
		}
		err := y.part(map[string]any{f.name: f.value.Slice(from, to).Interface()}, len(y.in)+1, true)
		from, held = to, 0
		return err
	}
	inner := &yamlWriter{to: y.to, batch: y.batch, in: append(slices.Clone(y.in), f.name)}
	for i := range f.value.Len() {
		entry := f.value.Index(i)
		one := weight(entry)
		if held+one > y.batch {
			if err := flush(i); err != nil {
				return err
			}
		}
		if held += one; one <= y.batch {
			continue
		}
		if err := inner.object(entry); err != nil {
			return err
		}
		from, held = i+1, 0
	}
	return flush(f.value.Len())
}

// part writes some fields of the object that y stands in. Of its lines the first ones are there already; the others follow a
// dash only where the object begins.
func (y *yamlWriter) part(fields map[string]any, there int, first bool) error {
	whole := fields
	for _, name := range slices.Backward(y.in) {
		whole = map[string]any{name: []any{whole}}
	}
	encoded, err := json.Marshal(whole)
	if err != nil {
		return err
	}
	var plain any
	numbers := json.NewDecoder(bytes.NewReader(encoded))
	numbers.UseNumber()
	if err := numbers.Decode(&plain); err != nil {
		return err
	}
	text, err := yaml.Marshal(counted(plain))
	if err != nil {
		return err
	}
	for range there {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	if !first {
		text = append([]byte(y.lead(false)), text[len(y.lead(false)):]...)
	}
	for line := range bytes.Lines(text) {
		_, _ = y.to.WriteString(safe(string(bytes.TrimSuffix(line, []byte("\n"))))) // an error stays until Flush
		_ = y.to.WriteByte('\n')
	}
	return nil
}

// lead is what stands before a field of the object.
func (y *yamlWriter) lead(first bool) string {
	switch {
	case len(y.in) == 0:
		return ""
	case first:
		return strings.Repeat("  ", len(y.in)-1) + "- "
	}
	return strings.Repeat("  ", len(y.in))
}

// counted gives the numbers of decoded JSON as numbers; a document has whole ones only.
func counted(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			v[name] = counted(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = counted(inner)
		}
	case json.Number:
		if n, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n
		}
	}
	return v
}

type yamlField struct {
	name  string
	value reflect.Value
}

// yamlFields are what JSON shows of a struct, by name; every field of a document has its name in a tag.
func yamlFields(v reflect.Value) []yamlField {
	var out []yamlField
	for i := range v.NumField() {
		name, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		value := v.Field(i)
		if empty := value.IsZero() || value.Kind() == reflect.Slice && value.Len() == 0; option != "omitempty" || !empty {
			out = append(out, yamlField{name, value})
		}
	}
	slices.SortFunc(out, func(a, b yamlField) int { return strings.Compare(a.name, b.name) })
	return out
}

// weight is how many structs a value is made of, itself included, along lists.
func weight(v reflect.Value) int {
	n := 0
	switch {
	case v.Kind() == reflect.Struct:
		n = 1
		for i := range v.NumField() {
			n += weight(v.Field(i))
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		for i := range v.Len() {
			n += weight(v.Index(i))
		}
	}
	return n
}
