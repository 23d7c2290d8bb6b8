package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// mostTold is how much of a path is shown, in bytes.
const mostTold = 300

// told writes one line for each request on stderr; nil is silent.
type told struct {
	mu  sync.Mutex
	to  io.Writer
	now func() time.Time
}

// newTold makes the clients of this command line tell what they ask. Nothing of
// the content or the headers is told: no token can be in it.
func newTold(d *deps) *told {
	t := &told{to: d.Err, now: d.now}
	kube.Trace(d.kube, d.now, func(x kube.Exchange) {
		t.line("api server", x.Method+" "+x.Path, fmt.Sprint(x.Status), x.Bytes, x.Took, x.Err)
	})
	return t
}

func (t *told) line(who, what, status string, bytes int64, took time.Duration, err error) {
	if err != nil {
		status = err.Error()
	}
	if what = report.Plain(what); len(what) > mostTold {
		what = what[:mostTold] + "..." // patterns of many names
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.to, "%s: %s: %s, %d bytes, %s\n", report.Plain(who), strings.ToValidUTF8(what, ""), report.Plain(status), bytes, took.Round(100*time.Microsecond))
}

// listen makes a getter tell what it is asked, and how that went.
func (t *told) listen(who string, g envoy.Getter) envoy.Getter {
	if t == nil {
		return g
	}
	return &heard{Getter: g, told: t, who: who}
}

type heard struct {
	envoy.Getter
	told *told
	who  string
}

// Get implements envoy.Getter.
func (h *heard) Get(ctx context.Context, path string) (io.ReadCloser, error) {
	start := h.told.now()
	body, err := h.Getter.Get(ctx, path)
	if err != nil {
		h.told.line(h.who, "GET "+path, "", 0, h.told.now().Sub(start), err)
		return body, err
	}
	return &heardBody{ReadCloser: body, end: func(n int64) {
		h.told.line(h.who, "GET "+path, "200", n, h.told.now().Sub(start), nil)
	}}, nil
}

type heardBody struct {
	io.ReadCloser
	n   int64
	end func(int64)
}

// Read implements io.Reader.
func (b *heardBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	return n, err
}

// Close implements io.Closer.
func (b *heardBody) Close() error {
	b.end(b.n)
	return b.ReadCloser.Close()
}
