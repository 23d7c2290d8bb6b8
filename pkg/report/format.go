package report

import (
	"fmt"
	"slices"
	"strings"
)

// Format is how a report is printed; the zero value is invalid.
type Format string

// Formats.
const (
	FormatTable Format = "table"
	FormatWide  Format = "wide"
	FormatJSON  Format = "json"
	FormatYAML  Format = "yaml"
)

// Formats lists the valid formats.
func Formats() []Format { return []Format{FormatTable, FormatWide, FormatJSON, FormatYAML} }

// ParseFormat reads a format as typed; empty is the table.
func ParseFormat(s string) (Format, error) {
	if s == "" {
		return FormatTable, nil
	}
	if f := Format(s); slices.Contains(Formats(), f) {
		return f, nil
	}
	return "", fmt.Errorf("output format %q: must be one of %s", s, formatList())
}

func formatList() string {
	var words []string
	for _, f := range Formats() {
		words = append(words, string(f))
	}
	return strings.Join(words, ", ")
}
