package kube

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// answer is the body of one admin answer, bounded in size and in silence.
type answer struct {
	admin  *Admin
	ctx    context.Context
	cancel context.CancelCauseFunc
	idle   *time.Timer
	body   io.ReadCloser
	path   string
	left   int64
	failed error
}

func (r *answer) Read(p []byte) (int, error) {
	if r.failed != nil {
		return 0, r.failed
	}
	r.idle.Reset(r.admin.timeout)
	n, err := r.body.Read(p)
	r.idle.Stop()
	if r.left -= int64(n); r.left < 0 {
		r.failed = fmt.Errorf("ask the admin port of %s for %s: the answer is larger than %d bytes; ask for less (--to)",
			r.admin.target, r.path, r.admin.maximum)
		return 0, r.failed
	}
	switch {
	case errors.Is(err, io.EOF):
		r.failed = io.EOF
	case err != nil:
		r.failed = r.admin.explain(r.ctx, r.path, fmt.Errorf("the answer broke off: %w", err))
	}
	return n, r.failed
}

func (r *answer) Close() error {
	r.idle.Stop()
	err := r.body.Close()
	r.cancel(nil)
	return err
}

// firstLine gives the first line of an error page, short and harmless.
func firstLine(body io.Reader) string {
	const limit = 4 << 10
	s := bufio.NewScanner(io.LimitReader(body, limit))
	s.Buffer(make([]byte, limit), limit)
	for s.Scan() {
		if line := strings.TrimSpace(clean(s.Text())); line != "" {
			return line
		}
	}
	return ""
}

// clean makes foreign text fit for an error: no control characters, not long.
func clean(text string) string {
	const most = 300
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return text
}
