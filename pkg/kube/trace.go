package kube

import (
	"io"
	"net/http"
	"net/url"
	"time"

	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// Exchange is one request to the API server and its answer. Nothing of the headers
// or of the content is in it.
type Exchange struct {
	Method, Path string        // the path with its query
	Status       int           // 0: no answer
	Bytes        int64         // of the answer's body; of a stream (exec, port-forward) none are counted
	Took         time.Duration // until the end of the answer
	Err          error         // why there was no answer
}

// Trace makes every client of these flags tell what it asks of the API server,
// when the answer has been read. now is the clock; tell is called from several
// goroutines.
func Trace(flags *genericclioptions.ConfigFlags, now func() time.Time, tell func(Exchange)) {
	wrap(flags, func(rt http.RoundTripper) http.RoundTripper { return &traced{RoundTripper: rt, now: now, tell: tell} })
}

type traced struct {
	http.RoundTripper
	now  func() time.Time
	tell func(Exchange)
}

// RoundTrip implements http.RoundTripper.
func (t *traced) RoundTrip(r *http.Request) (*http.Response, error) {
	start := t.now()
	x := Exchange{Method: r.Method, Path: pathOf(r.URL)}
	resp, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		x.Err, x.Took = rootCause(err), t.now().Sub(start)
		t.tell(x)
		return resp, err
	}
	x.Status = resp.StatusCode
	if resp.StatusCode == http.StatusSwitchingProtocols {
		x.Took = t.now().Sub(start)
		t.tell(x) // the body is a connection from now on
		return resp, nil
	}
	resp.Body = &tracedBody{ReadCloser: resp.Body, end: func(n int64) {
		x.Bytes, x.Took = n, t.now().Sub(start)
		t.tell(x)
	}}
	return resp, nil
}

func pathOf(u *url.URL) string {
	if u.RawQuery == "" {
		return u.Path
	}
	return u.Path + "?" + u.RawQuery
}

type tracedBody struct {
	io.ReadCloser
	n    int64
	end  func(int64)
	told bool
}

// Read implements io.Reader.
func (b *tracedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	return n, err
}

// Close implements io.Closer.
func (b *tracedBody) Close() error {
	if !b.told {
		b.told = true
		b.end(b.n)
	}
	return b.ReadCloser.Close()
}
