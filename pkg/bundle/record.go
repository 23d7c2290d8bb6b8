package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// Getter gives one answer of a proxy's admin API; pkg/envoy reads through the same.
type Getter interface {
	Get(ctx context.Context, path string) (io.ReadCloser, error)
}

// Recorder is a Getter that keeps, redacted, what another one answers. The reader
// gets what is kept: what a bundle will say is what was read.
type Recorder struct {
	from    Getter
	mu      sync.Mutex
	answers []Answer
	files   map[string][]byte
}

// NewRecorder records the answers of a Getter.
func NewRecorder(from Getter) *Recorder { return &Recorder{from: from, files: map[string][]byte{}} }

// Get asks, keeps the answer or the error, and gives it on. The errors are those of
// the recorded Getter, and an answer that cannot be kept.
func (r *Recorder) Get(ctx context.Context, path string) (io.ReadCloser, error) {
	body, err := r.from.Get(ctx, path)
	if err != nil {
		a := Answer{Path: path, Error: redact.Text(err.Error())}
		var refused interface{ StatusCode() int }
		if errors.As(err, &refused) {
			a.Status = refused.StatusCode()
		}
		r.add(a, nil)
		return nil, err
	}
	defer func() { _ = body.Close() }()
	kept, err := redacted(path, body)
	if err != nil {
		err = fmt.Errorf("save the answer to %s: %w", baseOf(path), err)
		r.add(Answer{Path: path, Error: redact.Text(err.Error())}, nil)
		return nil, err
	}
	r.add(Answer{Path: path}, kept)
	return io.NopCloser(bytes.NewReader(kept)), nil
}

func (r *Recorder) add(a Answer, kept []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.Error == "" {
		a.File = fileOf(a.Path)
		r.files[a.File] = kept
	}
	r.answers = append(r.answers, a)
}

// Replay gives what was recorded so far.
func (r *Recorder) Replay() *Replay {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Replay{answers: r.answers, files: r.files}
}

// baseOf is a path without its query.
func baseOf(path string) string {
	base, _, _ := strings.Cut(path, "?")
	return "/" + strings.TrimPrefix(base, "/")
}

// fileOf is the name under which the answer to a path is kept: /stats is stats.json.
func fileOf(path string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r == '_' {
			return r
		}
		return -1
	}, baseOf(path)) + ".json"
}
