package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// PrintStatus writes the document, guarded as every report is.
func PrintStatus(w io.Writer, doc StatusReport, f Format, o Options) error {
	doc = doc.guarded()
	switch f {
	case FormatTable, FormatWide:
		return printStatusTable(w, doc, o, f == FormatWide)
	case FormatJSON:
		return printJSON(w, doc)
	case FormatYAML:
		return printYAML(w, doc)
	case FormatMarkdown:
		return printStatusMarkdown(w, doc)
	}
	return fmt.Errorf("output format %q: %w", f, errStatusFormat)
}

var errStatusFormat = errors.New("status writes table, wide, json, yaml or markdown")

// ParseStatusFormat reads a format that status writes; empty is the table.
func ParseStatusFormat(s string) (Format, error) {
	f := Format(cmp.Or(s, string(FormatTable)))
	if !slices.Contains([]Format{FormatTable, FormatWide, FormatJSON, FormatYAML, FormatMarkdown}, f) {
		return "", fmt.Errorf("output format %q: %w", s, errStatusFormat)
	}
	return f, nil
}

// guarded is a copy that is fit to be printed: free texts without what looks like a
// password, no string with key material.
func (r StatusReport) guarded() StatusReport {
	text := remembered(redact.Text)
	row := func(s StatusRow) StatusRow { return s.guarded(text) }
	r.Rows, r.Vanished = mapped(r.Rows, row), mapped(r.Vanished, row)
	r.Intents, r.Changes = mapped(r.Intents, same), mapped(r.Changes, same)
	r.Errors = mapped(r.Errors, func(e StatusError) StatusError { e.Error = text(e.Error); return e })
	r.Missing = mapped(r.Missing, func(m Missing) Missing { m.Why = text(m.Why); return m })
	r.Problems, r.ComparedNotes = mapped(r.Problems, text), mapped(r.ComparedNotes, text)
	for _, list := range []*[]string{&r.WithoutSidecar.Pods, &r.WithoutSidecar.RefusedBy, &r.WithoutSidecar.LetInBy, &r.WithoutSidecar.UnknownBy} {
		*list = mapped(*list, same)
	}
	eachString(reflect.ValueOf(&r).Elem())
	return r
}

func (r StatusRow) guarded(text func(string) string) StatusRow {
	r.Policies, r.Rules, r.Why = mapped(r.Policies, same), mapped(r.Rules, same), mapped(r.Why, text)
	r.Servers = mapped(r.Servers, func(s StatusServer) StatusServer { s.Why = text(s.Why); return s })
	r.Clients = mapped(r.Clients, func(c StatusClient) StatusClient {
		c.Sends, c.Why = mapped(c.Sends, same), text(c.Why)
		return c
	})
	if r.Before != nil {
		before := *r.Before
		eachString(reflect.ValueOf(&before).Elem())
		r.Before = &before
	}
	return r
}
