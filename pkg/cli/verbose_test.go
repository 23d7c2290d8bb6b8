package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
)

// TestVerbose: what was asked, the size of the answer and the time, or why there was
// none, each in one line without anything that steers a terminal.
func TestVerbose(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	told := &told{to: &out, now: func() time.Time { now = now.Add(250 * time.Millisecond); return now }}
	g := told.listen("admin port of \x1b[2Jns/pod", envoy.NewFiles(os.DirFS("../envoy/testdata/lab/client"), ""))
	body, err := g.Get(context.Background(), "/stats?filter=x")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err != nil || body.Close() != nil {
		t.Fatal(err)
	}
	if _, err := g.Get(context.Background(), "/nothing"); err == nil {
		t.Fatal("an answer to nothing")
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || len(text) != 27508 || !strings.HasSuffix(lines[0], ": GET /stats?filter=x: 200, 27508 bytes, 250ms") || !strings.Contains(lines[1], "GET /nothing: ") || !strings.Contains(lines[1], "not saved") {
		t.Errorf("%q", lines)
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("an escape sequence went through")
	}
}
