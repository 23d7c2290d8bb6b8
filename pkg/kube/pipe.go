package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
)

// mark is what the helper in the pod prints before the first byte of the peer:
// only then is the connection known to stand.
const mark = "mesh-tls-open\n"

type streamFunc func(ctx context.Context, o remotecommand.StreamOptions) error

// pipe is a net.Conn over an exec session. net.Pipe gives it deadlines.
type pipe struct {
	net.Conn // our end
	inner    net.Conn
	cancel   context.CancelFunc
	closed   atomic.Bool // Close was called: the helper is ending by itself
	opened   chan struct{}
	ended    chan struct{}

	mu     sync.Mutex
	seen   []byte // stdout until the mark is complete
	isOpen bool
	errOut bytes.Buffer
	err    error // of the session, valid after ended is closed
}

// startPipe begins a session. When ctx ends, it is cut off, unless it is being closed: a container runtime kills the
// helper of a session that is cut off, and not what the helper started, which stays in the pod.
func startPipe(ctx context.Context, stream streamFunc) *pipe {
	session, cancel := context.WithCancel(context.WithoutCancel(ctx))
	outer, inner := net.Pipe()
	p := &pipe{Conn: outer, inner: inner, cancel: cancel, opened: make(chan struct{}), ended: make(chan struct{})}
	p.endWith(ctx)
	go func() {
		err := stream(session, remotecommand.StreamOptions{Stdin: readerFunc(p.stdin), Stdout: writerFunc(p.stdout), Stderr: writerFunc(p.stderr)})
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		_ = inner.Close() // the reader of our end sees EOF, the copy of stdin ends
		close(p.ended)
		cancel()
	}()
	return p
}

// endWith cuts the session off when ctx ends, unless it is being closed.
func (p *pipe) endWith(ctx context.Context) {
	context.AfterFunc(ctx, func() {
		if !p.closed.Load() {
			p.cancel()
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// stdin gives what the caller wrote. A closed pipe is the end of the input, not
// an error: client-go would log it to the terminal.
func (p *pipe) stdin(b []byte) (int, error) {
	n, err := p.inner.Read(b)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

func (p *pipe) stdout(b []byte) (int, error) {
	n := len(b)
	p.mu.Lock()
	if !p.isOpen {
		p.seen = append(p.seen, b...)
		if len(p.seen) < len(mark) {
			p.mu.Unlock()
			return n, nil
		}
		if !bytes.HasPrefix(p.seen, []byte(mark)) {
			p.mu.Unlock()
			return 0, fmt.Errorf("the helper in the pod said %q", clean(string(p.seen)))
		}
		p.isOpen = true
		b = p.seen[len(mark):]
		p.seen = nil
		close(p.opened)
	}
	p.mu.Unlock()
	if len(b) == 0 {
		return n, nil
	}
	_, _ = p.inner.Write(b) // after Close nobody wants it any more
	return n, nil
}

func (p *pipe) stderr(b []byte) (int, error) {
	const most = 4 << 10
	p.mu.Lock()
	defer p.mu.Unlock()
	if room := most - p.errOut.Len(); room > 0 {
		p.errOut.Write(b[:min(len(b), room)])
	}
	return len(b), nil
}

// waitOpen waits for the mark, the end of the session, the timeout or ctx.
func (p *pipe) waitOpen(ctx context.Context, timeout time.Duration) error {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-p.opened:
		return nil
	case <-timer.C:
		return ErrTimeout
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.ended:
	}
	select {
	case <-p.opened: // a peer that closed at once: the reader will see it
		return nil
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	said := shellPrefix.ReplaceAllString(firstLine(&p.errOut), "")
	var code exec.CodeExitError
	switch {
	case errors.As(p.err, &code) && code.Code == codeWatchdog:
		return ErrTimeout
	case p.err == nil:
		return fmt.Errorf("the helper in the pod ended: %s", said)
	case said == "":
		return p.err
	case errors.As(p.err, &code):
		return &helperError{said: said, cause: p.err}
	}
	return fmt.Errorf("%s: %w", said, p.err)
}

// shellPrefix is what bash puts before its messages.
var shellPrefix = regexp.MustCompile(`^(bash|sh): (line \d+: )?`)

// helperError is what the helper said about its connection; its exit code adds
// nothing for people.
type helperError struct {
	said  string
	cause error
}

func (e *helperError) Error() string { return e.said }
func (e *helperError) Unwrap() error { return e.cause }

// reached is true when a process ran in the pod, so that errors are its own.
func (p *pipe) reached() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	var code exec.CodeExitError
	return errors.As(p.err, &code)
}

// closeWait is how long the helper in the pod may take to end by itself.
const closeWait = 2 * time.Second

// Close ends the session, and does not wait for it: the helper in the pod sees the
// end of its input and ends, or loses its input with this process. Only one that
// does not end is cut off. Waiting would cost 200 ms, most of a whole verify.
func (p *pipe) Close() error {
	p.closed.Store(true)
	err := p.Conn.Close()
	go func() {
		timer := time.NewTimer(closeWait)
		defer timer.Stop()
		select {
		case <-p.ended:
		case <-timer.C:
		}
		p.cancel()
		_ = p.inner.Close()
	}()
	return err
}
