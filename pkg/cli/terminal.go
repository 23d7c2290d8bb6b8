package cli

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// isTerminal tells whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// printOptions: color only on a terminal that wants it (NO_COLOR, TERM=dumb).
func (d *deps) printOptions() report.Options {
	var o report.Options
	if !isTerminal(d.Out) {
		return o
	}
	o.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if width, _, err := term.GetSize(int(d.Out.(*os.File).Fd())); err == nil {
		o.Width = width
	}
	return o
}

// talk is where progress goes: stderr on a terminal, else nowhere.
func (d *deps) talk() io.Writer {
	if isTerminal(d.Err) {
		return d.Err
	}
	return io.Discard
}
