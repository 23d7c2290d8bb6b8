package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// wholeYAML is the document as the library writes it at once.
func wholeYAML(t *testing.T, doc any) string {
	t.Helper()
	var encoded bytes.Buffer
	if err := printJSON(&encoded, doc); err != nil {
		t.Fatal(err)
	}
	raw, err := yaml.JSONToYAML(encoded.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(raw), "\n")
	for i := range lines {
		lines[i] = safe(lines[i])
	}
	return strings.Join(lines, "\n")
}

// TestYAMLInParts: whatever the size of the parts, the text is that of the whole, byte for byte: lines are broken by their
// indentation, and lists begin where they stand.
func TestYAMLInParts(t *testing.T) {
	big := build(zoo(), true)
	long := strings.Repeat("a text of many words is broken in lines ", 8)
	for i := range 5 {
		u := big.Upstreams[i%len(big.Upstreams)]
		u.Why, u.CACertificates = long, []Certificate{{Subject: "CN=a: b"}, {Issuer: "- x\n  # y"}}
		big.Upstreams = append(big.Upstreams, u)
		big.Findings = append(big.Findings, Finding{Summary: long + "\x1b[31m\u202e", Got: "two\nlines\n", Want: "'" + long, Fix: "yes"})
		big.Secrets = append(big.Secrets, Secret{Name: fmt.Sprint("s", i), Certificates: make([]Certificate, 6)})
	}
	verify := New([]TargetReport{big, build(input(), false), {Error: "not read: " + long}, big}, clock(), "test", FailOn{}).guarded()
	reports := map[string]any{"verify": verify, "empty": Report{}, "targets alone": Report{Targets: []TargetReport{{}, {Upstreams: []Upstream{{}, {}, {}}}}},
		"status": StatusReport{Rows: []StatusRow{{Host: "a", Why: []string{long}, Clients: make([]StatusClient, 4)}, {Servers: make([]StatusServer, 3)}}, Errors: []StatusError{{Pod: "x", Error: long}}}}
	for name, doc := range reports {
		want := wholeYAML(t, doc)
		for _, batch := range []int{0, 1, 2, 3, 5, 8, 13, 21, 34, yamlBatch} {
			var got bytes.Buffer
			if err := printYAMLBy(&got, doc, batch); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got.String()); diff != "" {
				t.Fatalf("%s, %d at once:\n%s", name, batch, diff)
			}
		}
	}
	if text := wholeYAML(t, verify); !strings.Contains(text, `\e[31m\u202e`) || !strings.Contains(text, "broken\n      in lines") {
		t.Error("nothing to escape, or no line was broken: the test compares too little")
	}
}

// TestYAMLWriteFails: a full disk is an error, in whichever part.
func TestYAMLWriteFails(t *testing.T) {
	doc := New([]TargetReport{build(zoo(), true)}, clock(), "test", FailOn{})
	for _, room := range []int{0, 5000} {
		if err := printYAMLBy(&full{room: room}, doc, 3); err == nil {
			t.Errorf("no error after %d bytes", room)
		}
	}
}

type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, fmt.Errorf("no space left on device")
	}
	return len(p), nil
}

// TestYAMLOfTags: characters beyond the first plane are written too, and nothing that is not shown gets through as it is.
func TestYAMLOfTags(t *testing.T) {
	const name = "a\U000e0001b \U0001f600"
	var out bytes.Buffer
	if err := printYAML(&out, Report{Targets: []TargetReport{{Pod: name}}}); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := yaml.Unmarshal(out.Bytes(), &back); err != nil || back.Targets[0].Pod != name || strings.Contains(out.String(), "\U000e0001") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
