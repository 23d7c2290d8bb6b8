package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
)

// ErrNotSaved says that a bundle has no answer to a path.
var ErrNotSaved = errors.New("the bundle has no answer to it")

// Replay is a Getter that answers out of a bundle as the proxy would: a query for
// some names gets those out of the whole that was saved.
type Replay struct {
	answers []Answer
	files   map[string][]byte
}

// Get implements Getter.
func (r *Replay) Get(_ context.Context, path string) (io.ReadCloser, error) {
	base := baseOf(path)
	for _, a := range r.answers {
		if baseOf(a.Path) != base {
			continue
		}
		if a.Error != "" {
			return nil, &savedError{text: a.Error, status: a.Status}
		}
		text, has := r.files[a.File]
		if !has {
			return nil, fmt.Errorf("%s: %s is missing: %w", base, a.File, ErrNotSaved)
		}
		u, err := url.Parse(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", base, err)
		}
		return io.NopCloser(bytes.NewReader(narrow(base, text, u.Query()))), nil
	}
	return nil, fmt.Errorf("%s: %w", base, ErrNotSaved)
}

// savedError is the error that the proxy gave.
type savedError struct {
	text   string
	status int
}

func (e *savedError) Error() string { return e.text }

// StatusCode is the HTTP status with which the proxy refused, 0 without one.
func (e *savedError) StatusCode() int { return e.status }

// narrow answers a query out of the whole answer. What cannot be taken apart is
// given whole: the reader says what is wrong with it.
func narrow(base string, text []byte, q url.Values) []byte {
	pattern := q.Get("filter")
	if base == "/config_dump" {
		pattern = "^(?:" + q.Get("name_regex") + ")$"
		if q.Get("name_regex") == "" {
			pattern = ""
		}
	}
	match, err := regexp.Compile(pattern)
	if err != nil || pattern == "" && q.Get("resource") == "" {
		return text
	}
	var out []byte
	switch base {
	case "/config_dump":
		out, err = narrowDump(text, q.Get("resource"), match)
	case "/clusters":
		out, err = narrowList(text, "cluster_statuses", match)
	case "/stats":
		out, err = narrowList(text, "stats", match)
	default:
		return text
	}
	if err != nil {
		return text
	}
	return out
}
