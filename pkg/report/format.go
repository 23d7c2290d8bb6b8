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

	FormatJUnit        Format = "junit"        // XML for CI systems: a suite for each target
	FormatSARIF        Format = "sarif"        // SARIF 2.1.0, for code scanning
	FormatGitHub       Format = "github"       // workflow commands, shown as annotations
	FormatMarkdown     Format = "markdown"     // for a pull request or a job's summary
	FormatPolicyReport Format = "policyreport" // wgpolicyk8s.io/v1alpha2, one object for each namespace
	FormatHTML         Format = "html"         // one page that loads nothing
)

// Formats lists the valid formats.
func Formats() []Format {
	return []Format{FormatTable, FormatWide, FormatJSON, FormatYAML,
		FormatJUnit, FormatSARIF, FormatGitHub, FormatMarkdown, FormatPolicyReport, FormatHTML}
}

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
