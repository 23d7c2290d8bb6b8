package report

import (
	"fmt"
	"io"
)

// Options are how a table is shown; the other formats have none.
type Options struct {
	Color bool // escape sequences for color may be written
	Width int  // columns of the terminal; 0 is without limit
	Quiet bool // only the verdicts and what is wrong
}

// Print writes the document. Every string is guarded against key material, and
// for everything that is not plain data made harmless to a terminal.
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
	for _, p := range printers() {
		if p.format == f {
			return p.print(w, doc)
		}
	}
	return fmt.Errorf("output format %q: must be one of %s", f, formatList())
}

// printer writes one format that has no options.
type printer struct {
	format Format
	print  func(io.Writer, Report) error
}

func printers() []printer {
	return []printer{
		{FormatJUnit, printJUnit}, {FormatSARIF, printSARIF}, {FormatGitHub, printGitHub},
		{FormatMarkdown, printMarkdown}, {FormatPolicyReport, printPolicyReport}, {FormatHTML, printHTML},
	}
}
