package cli

import (
	"context"
	"errors"
	"io"
	"testing"
)

// TestAwait: an interruption ends a wait for somebody who never answers.
func TestAwait(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := await(ctx, func() ([]byte, error) { return io.ReadAll(r) }); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if got, err := await(t.Context(), func() (string, error) { return "y", io.EOF }); got != "y" || !errors.Is(err, io.EOF) {
		t.Errorf("answered: %q, %v", got, err)
	}
}
