package report

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// promiseFile was written when the format was published: every name and word that
// readers of mesh-tls.io/v1alpha1 were promised. Lines may be added to it, by
// UPDATE=1; none may go.
const promiseFile = "testdata/promise-v1alpha1.txt"

// TestPromiseIsKept holds today's schema to the promise; that reports are what the
// schema says is TestSchema's work.
func TestPromiseIsKept(t *testing.T) {
	raw, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	var today []string
	promises("", schema, &today)
	slices.Sort(today)
	text, err := os.ReadFile(promiseFile)
	if err != nil && os.Getenv("UPDATE") != "1" {
		t.Fatal(err)
	}
	old := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(old) < 200 && os.Getenv("UPDATE") != "1" {
		t.Fatalf("the promise has only %d lines", len(old))
	}
	for _, line := range old {
		if line != "" && !slices.Contains(today, line) {
			t.Errorf("promised, and gone: %s", line)
		}
	}
	if os.Getenv("UPDATE") == "1" && !t.Failed() {
		if err := os.WriteFile(promiseFile, []byte(strings.Join(today, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range today {
		if !slices.Contains(old, line) && os.Getenv("UPDATE") != "1" {
			t.Errorf("new, and not promised yet (UPDATE=1 adds it): %s", line)
		}
	}
}

// promises lists required names, words of enumerations, constants and types of a
// schema, with the place where each stands.
func promises(at string, v any, out *[]string) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			switch key {
			case "description", "title":
			case "required", "enum", "type", "const", "$ref", "pattern":
				list, is := inner.([]any)
				if !is {
					list = []any{inner}
				}
				for _, word := range list {
					*out = append(*out, strings.TrimSpace(fmt.Sprintf("%s %s %v", at, key, word)))
				}
			default:
				promises(at+"/"+key, inner, out)
			}
		}
	case []any:
		for _, inner := range v {
			promises(at, inner, out)
		}
	}
}
