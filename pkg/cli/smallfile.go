package cli

import (
	"context"
	"errors"
	"fmt"
)

// smallFiles are the files that one command read already: a pipe gives its text once, and
// may stand behind two flags.
type smallFiles map[string][]byte

// small reads a file of PEM text, which may be a pipe that nobody has written to yet.
func (d *deps) small(ctx context.Context, flag, path string) ([]byte, error) {
	if text, read := d.read[path]; read {
		return text, nil
	}
	text, err := await(ctx, func() ([]byte, error) { return readFile(path, maxBundle) })
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s %s: interrupted before it was read to its end: %w", flag, path, ctx.Err())
	case errors.Is(err, errTooLong):
		return nil, fmt.Errorf("%s %s: must be a PEM file of at most %d KiB", flag, path, maxBundle>>10)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", flag, err)
	case len(text) == 0:
		return nil, fmt.Errorf("%s %s: is empty", flag, path)
	}
	if d.read != nil {
		d.read[path] = text
	}
	return text, nil
}
