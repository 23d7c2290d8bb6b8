package kube

import (
	"context"
	"errors"

	"k8s.io/streaming/pkg/httpstream"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// expected is what was begun for a pod by its name alone. Admin and Dialer take it.
type expected struct {
	forward chan forwarded // nil: taken
	helper  *pipe          // nil: none, or taken
}

// forwarded is how the opening of a port-forward ended.
type forwarded struct {
	conn httpstream.Connection
	late bool // it took longer than Client.Timeout
	err  error
}

// Expect tells that the proxies of the pods which Resolve is given by name will be asked, and with dial that a
// connection from their network will be wanted: both are begun while the pod is still being looked up. ctx bounds them.
// The function that it returns ends what nobody took.
func (c *Client) Expect(ctx context.Context, dial bool) (drop func()) {
	begun := map[string]*expected{}
	begin := func(t facts.Target) {
		if begun[t.String()] != nil {
			return
		}
		done := make(chan forwarded, 1)
		go func() { done <- c.tryForward(ctx, t) }()
		e := &expected{forward: done}
		if dial {
			e.helper, _ = c.start(ctx, t, ways[0], waitHost, "") // what is wrong is told when it is dialled without
		}
		begun[t.String()] = e
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin, c.begun = begin, begun
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, e := range begun {
			e.drop()
		}
		c.begin, c.begun = nil, nil
	}
}

func (e *expected) drop() {
	if e.helper != nil {
		_ = e.helper.Close()
	}
	if done := e.forward; done != nil {
		go func() {
			if r := <-done; r.conn != nil {
				_ = r.conn.Close()
			}
		}()
	}
}

// expect begins what is expected of a pod of this name, whose proxy has the usual container.
func (c *Client) expect(namespace, pod string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.begin != nil {
		c.begin(facts.Target{Namespace: namespace, Pod: pod, Container: proxyName})
	}
}

// tryForward opens a port-forward, in no more than Client.Timeout.
func (c *Client) tryForward(ctx context.Context, t facts.Target) forwarded {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout, ErrTimeout)
	defer cancel()
	conn, err := c.forward(ctx, t)
	return forwarded{conn: conn, late: errors.Is(context.Cause(ctx), ErrTimeout), err: err}
}

// openForward takes the port-forward that was begun, or opens one.
func (c *Client) openForward(ctx context.Context, t facts.Target) forwarded {
	c.mu.Lock()
	var begun chan forwarded
	if e := c.begun[t.String()]; e != nil {
		begun, e.forward = e.forward, nil
	}
	c.mu.Unlock()
	if begun == nil {
		return c.tryForward(ctx, t)
	}
	select {
	case r := <-begun:
		return r
	case <-ctx.Done():
		(&expected{forward: begun}).drop()
		return forwarded{err: context.Cause(ctx)}
	}
}

// takeHelper gives the helper that was begun in the target's container, or nil.
func (c *Client) takeHelper(t facts.Target) *pipe {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.begun[t.String()]
	if e == nil || t.Container != proxyName {
		return nil
	}
	p := e.helper
	e.helper = nil
	return p
}
