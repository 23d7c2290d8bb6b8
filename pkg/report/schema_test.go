package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const schemaFile = "../../docs/schema/verify-report.schema.json"

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	s, err := c.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func printed(t *testing.T, doc Report, f Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Print(&b, doc, f, Options{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func validate(t *testing.T, s *jsonschema.Schema, doc Report) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(printed(t, doc, FormatJSON)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%#v", err)
	}
}

// TestSchema validates reports of made-up proxies, of a target that could not be
// read, and of nothing.
func TestSchema(t *testing.T) {
	s := schema(t)
	all := []TargetReport{build(input(), false), build(zoo(), true), TargetError(facts.Target{Namespace: "a", Pod: "b"}, errors.New("no sidecar")), {}}
	validate(t, s, New(all, clock(), "v1.2.3", FailOn{}))
	validate(t, s, New(nil, time.Time{}, "", FailOn{Warn: true}))
	validate(t, s, known(t, knownYAML))
	bad := New(all, clock(), "v", FailOn{})
	bad.ExitCode = 3
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(printed(t, bad, FormatJSON)))
	if err != nil {
		t.Fatal(err)
	}
	if s.Validate(v) == nil {
		t.Error("the schema takes anything")
	}
}

// TestSchemaOnRecordedDumps validates the reports of real proxies.
func TestSchemaOnRecordedDumps(t *testing.T) {
	s := schema(t)
	for name, doc := range recordedReports(t) {
		validate(t, s, doc)
		for _, f := range []Format{FormatTable, FormatWide} {
			if out := printed(t, doc, f); bytes.ContainsAny(out, "\x1b\r\x00") {
				t.Errorf("%s: control characters in %s", name, f)
			}
		}
	}
}

// TestSchemaNamesEveryField: a field that is added to the document is added to the
// schema too, and is required there.
func TestSchemaNamesEveryField(t *testing.T) {
	raw, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Required   []string                   `json:"required"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var root struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		schema object
		value  any
	}{
		"report": {root.object, Report{}}, "counts": {root.Defs["counts"], Counts{}}, "target": {root.Defs["target"], TargetReport{}},
		"upstream": {root.Defs["upstream"], Upstream{}}, "certificate": {root.Defs["certificate"], Certificate{}}, "inbound": {root.Defs["inbound"], Inbound{}},
		"secret": {root.Defs["secret"], Secret{}}, "finding": {root.Defs["finding"], Finding{}}, "missing": {root.Defs["missing"], Missing{}}, "notRun": {root.Defs["notRun"], NotRun{}},
		"baseline": {root.Defs["baseline"], Baseline{}}, "known": {root.Defs["known"], Known{}}, "accepted": {root.Defs["accepted"], Accepted{}},
	} {
		fields, optional := tags(c.value)
		if diff := cmp.Diff(fields, c.schema.Required); diff != "" {
			t.Errorf("%s, required: %s", name, diff)
		}
		for _, f := range append(fields, optional...) {
			if _, has := c.schema.Properties[f]; !has {
				t.Errorf("%s: %s is not in the schema", name, f)
			}
		}
	}
}

// tags are the fields that are always there, and those that may be left out.
func tags(v any) (always, optional []string) {
	for i := range reflect.TypeOf(v).NumField() {
		name, left := strings.CutSuffix(reflect.TypeOf(v).Field(i).Tag.Get("json"), ",omitempty")
		if left {
			optional = append(optional, name)
			continue
		}
		always = append(always, name)
	}
	return always, optional
}

// TestPromise reads a report as a stranger does: the names and words that were
// promised are there, and no list is null.
func TestPromise(t *testing.T) {
	raw := printed(t, New([]TargetReport{build(zoo(), true), {}}, clock(), "v", FailOn{}), FormatJSON)
	if bytes.Contains(bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte(`"endpoints": null`), nil), []byte(`"handshakes": null`), nil), []byte(": null")) {
		t.Error("a list is null")
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	if doc["apiVersion"] != "mesh-tls.io/v1alpha1" || doc["kind"] != "VerifyReport" {
		t.Errorf("%v %v", doc["apiVersion"], doc["kind"])
	}
	target := doc["targets"].([]any)[1].(map[string]any)
	promised := map[string]string{
		"upstreams": "cluster transport ca sni sans clientCert evidence outcome",
		"inbound":   "port mode",
		"secrets":   "name state",
		"findings":  "id outcome cluster object summary got want fix",
	}
	for list, names := range promised {
		items := target[list].([]any)
		if len(items) == 0 {
			t.Fatalf("no %s to look at", list)
		}
		for _, name := range strings.Fields(names) {
			if _, has := items[0].(map[string]any)[name]; !has {
				t.Errorf("%s: no %s", list, name)
			}
		}
	}
	for _, name := range []string{"context", "namespace", "pod"} {
		if _, has := target[name]; !has {
			t.Errorf("target: no %s", name)
		}
	}
}
