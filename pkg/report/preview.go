package report

import (
	"fmt"
	"io"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// PreviewKind and PreviewVersion name the document of a look ahead.
const (
	PreviewKind    = "StrictPreview"
	PreviewVersion = "mesh-tls.io/v1alpha1"
)

// Preview is what a strict intent would break, as a versioned document.
type Preview struct {
	APIVersion  string       `json:"apiVersion"`
	Kind        string       `json:"kind"`
	GeneratedAt string       `json:"generatedAt"` // RFC 3339
	Scope       string       `json:"scope"`       // of the intent, for a person
	Stricter    int          `json:"stricter"`    // pods that would take mutual TLS only on a port where they take plaintext now
	Outcome     string       `json:"outcome"`     // FAIL somebody is locked out, UNKNOWN, OK
	ExitCode    int          `json:"exitCode"`
	Rows        []PreviewRow `json:"rows"`
}

// PreviewRow is somebody who would be locked out, or may be. Outcome: FAIL is sure, WARN
// may be, UNKNOWN could not be told.
type PreviewRow struct {
	Outcome string `json:"outcome"`
	Kind    string `json:"kind"`
	Who     string `json:"who"`
	Server  string `json:"server,omitempty"`
	Why     string `json:"why"`
	Fix     string `json:"fix,omitempty"`
}

// NewPreview completes a document: outcome FAIL is exit code 1, UNKNOWN 2.
func NewPreview(scope string, stricter int, rows []PreviewRow, worst check.Outcome, now time.Time) Preview {
	p := Preview{APIVersion: PreviewVersion, Kind: PreviewKind, GeneratedAt: now.UTC().Format(time.RFC3339), Scope: scope, Stricter: stricter,
		Outcome: worst.String(), ExitCode: map[check.Outcome]int{check.Fail: 1, check.Unknown: 2}[worst], Rows: []PreviewRow{}}
	for _, r := range rows {
		p.Rows = append(p.Rows, PreviewRow{r.Outcome, r.Kind, redact.Text(r.Who), redact.Text(r.Server), redact.Text(r.Why), redact.Text(r.Fix)})
	}
	return p
}

// PrintPreview writes the document: a table with its reasons, or JSON.
func PrintPreview(w io.Writer, doc Preview, f Format, o Options) error {
	if f == FormatJSON {
		return printJSON(w, doc)
	}
	p := &page{}
	p.Options = o
	p.line(fmt.Sprintf("Preview of STRICT for %s: %s take less than now; nothing was written", safe(doc.Scope), count(doc.Stricter, "pod would", "pods would")))
	if doc.Stricter == 0 {
		p.line("no sidecar there takes plaintext now, or there is none: STRICT would change nothing for those that call")
	}
	if len(doc.Rows) == 0 {
		p.line("nobody is locked out, as far as is known")
	}
	g := grid{head: []string{"LOCKED OUT", "WHAT", "WHO", "SERVER"}}
	p.wide = o.Width == 0 // a file, or another program
	for _, r := range doc.Rows {
		g.rows = append(g.rows, []string{sure(r.Outcome), p.cell(r.Kind), p.cell(r.Who), p.cell(r.Server)})
	}
	if len(g.rows) > 0 {
		p.grid(g)
		p.line("")
	}
	for _, r := range doc.Rows {
		for n, s := range wrap(fmt.Sprintf("%s, %s: %s", sure(r.Outcome), safe(r.Who), safe(r.Why)), p.room(2)) {
			if n > 0 {
				s = "  " + s
			}
			p.line(s)
		}
		if r.Fix != "" {
			p.line("  fix: " + safe(r.Fix))
		}
	}
	_, err := w.Write(p.Bytes())
	return err
}

// sure says an outcome as an answer to: is somebody locked out?
func sure(outcome string) string {
	switch outcome {
	case check.Fail.String():
		return "yes"
	case check.Warn.String():
		return "perhaps"
	}
	return "unknown"
}
