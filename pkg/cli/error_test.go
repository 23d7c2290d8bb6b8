package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	archive "github.com/mesh-tls/kubectl-mesh-tls/pkg/bundle"
)

// TestErrorsAreHarmless: an error may quote what somebody else wrote.
func TestErrorsAreHarmless(t *testing.T) {
	var errs bytes.Buffer
	code := Run(context.Background(), Streams{Out: &errs, Err: &errs}, "test", []string{"verify", "--dump", "no\x1b[31m such password=SECRETS https://a:SECRETS@b/"})
	if got := errs.String(); code != codeUnknown || strings.ContainsAny(got, "\x1b\x07") || strings.Contains(got, "SECRETS") || !strings.HasPrefix(got, "error: --dump: ") {
		t.Errorf("exit code %d, %q", code, got)
	}
}

// TestObjectsWithoutKind: the library's own error quotes the whole object.
func TestObjectsWithoutKind(t *testing.T) {
	for _, text := range []string{`{"data":{"tls.key":"SECRETS"}}`, `null`, `"SECRETS"`, `{"kind":5,"a":"SECRETS"}`} {
		if _, err := newSavedObjects(archive.Objects{Items: archive.Items{json.RawMessage(text)}}); err == nil || strings.Contains(err.Error(), "SECRETS") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := objectOf([]byte(`{"data":"SECRETS"}`)); err == nil || strings.Contains(err.Error(), "SECRETS") {
		t.Error(err)
	}
}

// TestStopped: Ctrl-C is told as what it is, and stays recognizable.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if err := stopped(ctx); err != nil {
		t.Error(err)
	}
	cancel()
	if err := stopped(ctx); !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "interrupted") {
		t.Error(err)
	}
}
