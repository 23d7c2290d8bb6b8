package cli

import (
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// mostBaseline is how much of a file of known findings is read, in bytes; the
// parser refuses what is larger than it takes.
const mostBaseline = 8 << 20

// readBaseline reads the file of --baseline; none without a name.
func readBaseline(path string) (*report.Baseline, error) {
	if path == "" {
		return nil, nil
	}
	f, err := openRegular(path)
	if err != nil {
		return nil, fmt.Errorf("--baseline %s: %w", path, err)
	}
	defer func() { _ = f.Close() }()
	text, err := readAtMost(f, path, mostBaseline)
	if err != nil {
		return nil, fmt.Errorf("--baseline: %w", err)
	}
	b, err := report.ParseBaseline(text, path)
	if err != nil {
		return nil, fmt.Errorf("--baseline %s: %w; how to write one: docs/formats.md", path, err)
	}
	return b, nil
}
