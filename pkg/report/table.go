package report

import "io"

func printTable(w io.Writer, doc Report, o Options, wide bool) error {
	return printJSON(w, doc)
}
