// Package document is the form in which intents are kept in files: YAML documents of
// kind MeshTLS, many in a file, for a repository and a reviewer. It parses strictly and
// prints; it opens no file, decides no default, and never holds a private key.
package document

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// What every document begins with.
const (
	APIVersion = "mesh-tls.io/v1alpha1"
	Kind       = "MeshTLS"
)

// Document is one intent as it stands in a file.
type Document struct {
	Source string        // the file, as it was named
	Line   int           // where the document begins in it, from 1
	Lines  Lines         // where its fields stand
	Intent intent.Intent // as written: nothing is completed, and the namespace may be empty
	Files  Files
}

// Files is what an intent refers to and does not hold: certificates, and where a key
// is. Paths are relative to the document's own file.
type Files struct {
	CABundle string `json:"caBundle,omitempty"` // certificates in PEM
	CAFile   string `json:"caFile,omitempty"`
	CertFile string `json:"certFile,omitempty"`
	KeyFile  string `json:"keyFile,omitempty"`
}

// Lines are the lines of a document's fields, by their paths: metadata.name, spec.ports[0].number.
type Lines map[string]int

// Of is the line of the first of these fields of an intent that stands in the document, or
// of what it would stand in: ports for ports[0].protocol. 0 when there is none.
func (l Lines) Of(fields ...string) int {
	for _, field := range fields {
		if line := l["metadata."+field]; line > 0 {
			return line
		}
		for field != "" {
			if line := l["spec."+field]; line > 0 {
				return line
			}
			field = field[:max(strings.LastIndexAny(field, ".["), 0)]
		}
	}
	return 0
}

// Where says where a document stands, for messages.
func (d Document) Where() string { return fmt.Sprintf("%s:%d", d.Source, d.Line) }

// file is a document as YAML has it; its tags are the field names.
type file struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       spec     `json:"spec"`
}

type metadata struct {
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace,omitempty"`
}

// spec has the fields of an intent, but its name and namespace, and the files.
type spec struct {
	intent.Intent
	Files Files `json:"files,omitzero"`
}

// printed is file with its parts in the order that people expect.
type printed struct {
	APIVersion string         `yaml:"apiVersion"`
	Kind       string         `yaml:"kind"`
	Metadata   map[string]any `yaml:"metadata"`
	Spec       map[string]any `yaml:"spec"`
}

// Print writes one document. What Parse reads of it is the same document.
func Print(w io.Writer, d Document) error {
	text, err := json.Marshal(d.Intent)
	if err != nil {
		return fmt.Errorf("print the intent %s: %w", d.Intent.Name, err)
	}
	out := printed{APIVersion: APIVersion, Kind: Kind, Metadata: map[string]any{}}
	if err := json.Unmarshal(text, &out.Spec); err != nil {
		return fmt.Errorf("print the intent %s: %w", d.Intent.Name, err)
	}
	for _, field := range []string{"name", "namespace"} {
		if out.Spec[field] != "" {
			out.Metadata[field] = out.Spec[field]
		}
		delete(out.Spec, field)
	}
	prune(out.Spec)
	files := map[string]any{}
	for field, value := range map[string]string{"caBundle": d.Files.CABundle, "caFile": d.Files.CAFile, "certFile": d.Files.CertFile, "keyFile": d.Files.KeyFile} {
		if value != "" {
			files[field] = value
		}
	}
	if len(files) > 0 {
		out.Spec["files"] = files
	}
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("print the intent %s: %w", d.Intent.Name, err)
	}
	return e.Close()
}

// prune drops fields that say nothing: JSON has those that are never left out. Labels
// are not looked into: an empty value says something there.
func prune(m map[string]any) {
	for k, v := range m {
		if sub, ok := v.(map[string]any); ok && k != "workload" {
			if prune(sub); len(sub) == 0 {
				delete(m, k)
			}
		}
		if v == nil || v == "" {
			delete(m, k)
		}
	}
}
