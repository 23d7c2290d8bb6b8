package report

import (
	"fmt"
	"io"
)

// Options are how a table is shown; JSON and YAML have none.
type Options struct {
	Color bool // escape sequences for color may be written
	Width int  // columns of the terminal; 0 is without limit
}

// Print writes the document. Every string is guarded against key material, and
// for the tables made harmless to a terminal.
func Print(w io.Writer, doc Report, f Format, o Options) error {
	doc = doc.guarded()
	switch f {
	case FormatTable, FormatWide:
		return printTable(w, doc, o, f == FormatWide)
	case FormatJSON:
		return printJSON(w, doc)
	case FormatYAML:
		return printYAML(w, doc)
	}
	return fmt.Errorf("output format %q: must be one of %s", f, formatList())
}
