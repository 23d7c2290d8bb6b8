package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/runbook"
)

// printSARIF writes SARIF 2.1.0: a rule for each check, a result for each finding
// that is not OK, at the line of the intent that it is about where there is one. FAIL is an error, WARN a warning; UNKNOWN is of kind "open", for
// which the standard demands the level "none" (3.27.9, 3.27.10). What is accepted
// is suppressed. A target that could not be read is a notification.
func printSARIF(w io.Writer, doc Report) error {
	run := sarifRun{Results: []sarifResult{}, ColumnKind: "utf16CodeUnits"}
	run.Tool.Driver = sarifDriver{Name: doc.Tool.Name, Version: safe(doc.Tool.Version), Rules: sarifRules(doc)}
	call := sarifInvocation{Successful: true, ExitCode: doc.ExitCode, EndTime: doc.GeneratedAt}
	run.Properties.Targets = []sarifTarget{}
	for _, t := range doc.Targets {
		run.Properties.Targets = append(run.Properties.Targets, sarifTarget{safe(t.name()), safe(t.place()), t.Outcome, safe(t.sentence()), mapped(t.unseen(), safe)})
		if t.Error != "" {
			call.Successful = false
			call.Notifications = append(call.Notifications, sarifNotification{Level: "error",
				Message: sarifText{safe(t.name() + ": " + t.Error)}, Locations: []sarifLocation{{Logical: []sarifLogical{t.logical()}}}})
		}
		for _, f := range t.Findings {
			if f.wrong() {
				run.Results = append(run.Results, sarifOf(t, f, run.Tool.Driver.Rules))
			}
		}
	}
	for _, r := range doc.Baseline.remarks() {
		if r.outcome != OK {
			level := "warning"
			if r.outcome == Fail {
				level = "error"
			}
			call.Notifications = append(call.Notifications, sarifNotification{Level: level, Message: sarifText{safe("baseline " + doc.Baseline.File + " " + r.text)}})
		}
	}
	run.Invocations = []sarifInvocation{call}
	return writeJSON(w, sarifLog{Schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

func writeJSON(w io.Writer, v any) error {
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode the report as JSON: %w", err)
	}
	_, err := w.Write(escapeJSON(raw.Bytes()))
	return err
}

// sarifRules are all checks, and whatever else the report names.
func sarifRules(doc Report) []sarifRule {
	var out []sarifRule
	for _, c := range check.All() {
		r := sarifRule{ID: c.ID, Name: c.Name, Short: sarifText{c.Name}}
		if c.Doc != "" {
			r.Full = &sarifText{c.Doc}
		}
		if p, ok := runbook.Find(c.ID); ok {
			r.Short = sarifText{p.Title}
			r.Help = &sarifText{p.Title + "\n\nkubectl mesh-tls explain " + c.ID}
		}
		out = append(out, r)
	}
	for _, t := range doc.Targets {
		for _, f := range t.Findings {
			if !slices.ContainsFunc(out, func(r sarifRule) bool { return r.ID == safe(f.ID) }) {
				out = append(out, sarifRule{ID: safe(f.ID), Name: safe(f.Name), Short: sarifText{safe(f.Name)}})
			}
		}
	}
	return out
}

func sarifOf(t TargetReport, f Finding, rules []sarifRule) sarifResult {
	r := sarifResult{
		RuleID: safe(f.ID), Kind: "open", Level: "none", Message: sarifText{strings.Join(append([]string{safe(f.Summary)}, f.lines()...), "\n")},
		RuleIndex:    slices.IndexFunc(rules, func(r sarifRule) bool { return r.ID == safe(f.ID) }),
		Locations:    []sarifLocation{{Physical: f.Document.physical(), Logical: []sarifLogical{t.logical()}}},
		Fingerprints: map[string]string{"meshTlsFinding/v1": fingerprint(t, f)},
		Properties:   map[string]string{"outcome": string(f.Outcome)},
	}
	switch f.Outcome {
	case Fail:
		r.Kind, r.Level = "fail", "error"
	case Warn:
		r.Kind, r.Level = "fail", "warning"
	}
	if f.Cluster != "" {
		l := t.logical()
		r.Locations[0].Logical = append(r.Locations[0].Logical, sarifLogical{Name: safe(f.Cluster), Full: l.Full + "/" + safe(strings.TrimSpace(f.Cluster+" "+f.Endpoint)), Kind: "resource"})
	}
	if f.Object != "" {
		r.Locations[0].Logical = append(r.Locations[0].Logical, sarifLogical{Name: safe(f.Object), Full: safe(f.Object), Kind: "declaration"})
	}
	if f.Accepted != nil {
		r.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: safe(f.Accepted.by())}}
	}
	return r
}

// physical places a finding in a file; a relative name is one of the repository, whose
// root is where the command runs.
func (p *Place) physical() *sarifPhysical {
	if p == nil {
		return nil
	}
	u := url.URL{Path: safe(p.path())}
	if strings.HasPrefix(u.Path, "/") {
		u.Scheme = "file"
	}
	return &sarifPhysical{sarifArtifact{u.String()}, sarifRegion{p.Line}}
}

// path is the file with slashes, as in a URI and on GitHub.
func (p *Place) path() string { return path.Clean(filepath.ToSlash(p.File)) }

// logical places a target.
func (t TargetReport) logical() sarifLogical {
	return sarifLogical{Name: safe(t.name()), Full: safe(strings.TrimPrefix(t.Context+"/"+t.name(), "/")), Kind: "resource"}
}

// fingerprint stays the same while a finding stays the same: pods come and go, so
// their names are not in it.
func fingerprint(t TargetReport, f Finding) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{t.Context, t.Namespace, f.ID, f.Cluster, f.Object, f.Summary}, "\x00")))
	return hex.EncodeToString(sum[:16])
}
