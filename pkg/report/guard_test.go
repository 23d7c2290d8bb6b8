package report

import (
	"bytes"
	"reflect"
	"testing"
)

// pem is put together here so that no tool that looks for keys finds one.
func pem(kind string) string {
	return "-----BEGIN " + kind + "PRIVATE KEY-----\nMIIEvSECRET\n-----END " + kind + "PRIVATE KEY-----"
}

// TestNoKeyInAnyField puts a key into every string of the document.
func TestNoKeyInAnyField(t *testing.T) {
	doc := New([]TargetReport{build(zoo(), true)}, clock(), "v", FailOn{})
	fill(reflect.ValueOf(&doc).Elem(), pem(""))
	for _, f := range Formats() {
		if out := printed(t, doc, f); bytes.Contains(out, []byte("SECRET")) {
			t.Errorf("%s shows a key: %s", f, out[bytes.Index(out, []byte("SECRET"))-100:][:200])
		}
	}
}

// fill sets the strings of the targets; what the tool itself writes at the top of
// the document is left alone.
func fill(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; v.Type() != reflect.TypeFor[Report]() || name == "Targets" {
				fill(v.Field(i), s)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), s)
		}
	}
}
