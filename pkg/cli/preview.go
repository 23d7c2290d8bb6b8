package cli

import (
	"context"
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/conflict"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// runPreview tells who would be locked out by a strict intent, from what is live now.
// It writes nothing.
func runPreview(ctx context.Context, d *deps, o enableOptions) error {
	format := report.FormatTable
	switch o.output {
	case "":
	case "json":
		format = report.FormatJSON
	default:
		return fmt.Errorf("--output %q: --preview writes a table or json", o.output)
	}
	in, err := readPreview(ctx, d, o)
	if err != nil {
		return err
	}
	locked, stricter := conflict.Preview(in)
	var rows []report.PreviewRow
	for _, l := range locked {
		rows = append(rows, report.PreviewRow{Outcome: l.Outcome.String(), Kind: l.Kind, Who: l.Who, Server: l.Server, Why: l.Why, Fix: l.Fix})
	}
	doc := report.NewPreview(scopeText(o.intent), stricter, rows, conflict.Worst(locked), d.now())
	if err := report.PrintPreview(d.Out, doc, format, d.printOptions()); err != nil {
		return fmt.Errorf("print the preview: %w", err)
	}
	if doc.ExitCode != codeOK {
		return exitCode(doc.ExitCode)
	}
	return nil
}
