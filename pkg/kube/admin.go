package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/streaming/pkg/httpstream"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Admin asks the admin port of one proxy. All requests share one port-forward
// connection, and as a rule one TCP connection to the proxy.
type Admin struct {
	client  *Client
	target  facts.Target
	port    int
	before  podState
	timeout time.Duration
	maximum int64
	forward httpstream.Connection
	http    *http.Client

	mu    sync.Mutex
	dials int
}

// Admin opens the port-forward of a target. The caller closes it. Errors say
// what was tried on which pod, with ErrForbidden or ErrTimeout in the chain
// where that is the cause.
func (c *Client) Admin(ctx context.Context, t facts.Target) (*Admin, error) {
	state, err := c.state(ctx, t)
	if err != nil {
		return nil, err
	}
	if state.down != "" {
		return nil, fmt.Errorf("cannot reach the admin port of %s: %s", t, state.down)
	}
	doing := fmt.Sprintf("port-forward to %s", t)
	opened := c.openForward(ctx, t)
	if err := opened.err; err != nil {
		if opened.late {
			return nil, fmt.Errorf("%s: the API server %s did not open it within %s: %w", doing, c.server(), c.Timeout, ErrTimeout)
		}
		if why, ok := c.changed(ctx, t, state); ok && why != "" {
			return nil, fmt.Errorf("%s: %s: %w", doing, why, err)
		}
		return nil, c.explain(doing, err)
	}
	a := &Admin{client: c, target: t, port: adminPort(c.AdminPort, state.adminPort), before: state,
		timeout: c.Timeout, maximum: c.MaxAnswer, forward: opened.conn}
	a.http = &http.Client{Transport: &http.Transport{
		DialContext:        a.dial,
		DisableCompression: true,
		MaxConnsPerHost:    4, // Envoy answers one at a time, on its main thread
	}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return a, nil
}

func adminPort(set, said int) int {
	switch {
	case set != 0:
		return set
	case said != 0:
		return said
	}
	return DefaultAdminPort
}

// dial makes one more connection to the admin port. Each one after the first
// may be needed because the proxy behind it is a new one, whose answers must
// not be mixed with those of the old: so it looks at the pod first.
func (a *Admin) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	a.mu.Lock()
	a.dials++
	id := a.dials
	a.mu.Unlock()
	if id > 1 {
		if why, ok := a.client.changed(ctx, a.target, a.before); ok && why != "" {
			return nil, errors.New(why)
		}
	}
	return openStream(ctx, a.forward, id, a.port)
}

// dialled is the number of connections so far.
func (a *Admin) dialled() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dials
}

// Get asks for one path of the admin interface, such as
// config_dump?include_eds; the caller escapes what needs it and closes the
// answer. The answer ends with an error when it stands still for Client.Timeout,
// grows over Client.MaxAnswer, or the proxy goes away; an HTTP status other than
// 200 is an error that names path, status and the first line of the answer.
func (a *Admin) Get(ctx context.Context, path string) (io.ReadCloser, error) {
	path = "/" + strings.TrimPrefix(path, "/")
	ctx, cancel := context.WithCancelCause(ctx)
	idle := time.AfterFunc(a.timeout, func() { cancel(ErrTimeout) })
	fail := func(err error) error {
		idle.Stop()
		err = a.explain(ctx, path, err)
		cancel(nil)
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return nil, fail(err)
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return nil, fail(err)
	}
	idle.Stop() // reading starts it anew
	if resp.StatusCode != http.StatusOK {
		line := firstLine(resp.Body)
		_ = resp.Body.Close()
		return nil, fail(&statusError{code: resp.StatusCode, text: "answered " + join(": ", resp.Status, line)})
	}
	return &answer{admin: a, ctx: ctx, cancel: cancel, idle: idle, body: resp.Body, path: path, left: a.maximum}, nil
}

// Close ends the port-forward and every request on it.
func (a *Admin) Close() error {
	a.http.CloseIdleConnections()
	return a.forward.Close()
}

// explain says what is wrong with the proxy, as far as the pod shows it.
func (a *Admin) explain(ctx context.Context, path string, err error) error {
	path, _, _ = strings.Cut(path, "?") // the query is of no use to a reader
	doing := fmt.Sprintf("ask the admin port %d of %s for %s", a.port, a.target, path)
	cause := context.Cause(ctx)
	if cause != nil && !errors.Is(cause, ErrTimeout) {
		return fmt.Errorf("%s: %w", doing, cause)
	}
	if why, ok := a.client.changed(ctx, a.target, a.before); ok && why != "" {
		return fmt.Errorf("%s: %s; run the command again", doing, why)
	}
	var refused *refusedError
	switch {
	case errors.Is(cause, ErrTimeout):
		return fmt.Errorf("%s: it accepted the connection and then sent nothing for %s: %w; the proxy hangs or is overloaded",
			doing, a.timeout, ErrTimeout)
	case errors.As(err, &refused) && strings.Contains(refused.text, "connection refused") && a.dialled() > 1:
		return fmt.Errorf("%s: the proxy went away meanwhile (connection refused), it seems to restart; run the command again", doing)
	case errors.As(err, &refused) && strings.Contains(refused.text, "connection refused"):
		return fmt.Errorf("%s: nothing listens there (connection refused); is it the proxy's admin port, and has the proxy started?", doing)
	case errors.As(err, &refused):
		return fmt.Errorf("%s: %s", doing, clean(refused.text))
	}
	if cause := rootCause(err); errors.Is(cause, io.EOF) || errors.Is(cause, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: it closed the connection before the answer was complete: %w", doing, cause)
	}
	return fmt.Errorf("%s: %w", doing, rootCause(err))
}
