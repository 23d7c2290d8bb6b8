package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Dialer makes connections from the network of one pod.
type Dialer struct {
	client *Client
	target facts.Target

	mu    sync.Mutex
	ready *pipe // a helper in the pod that waits to be told an address; nil: none
}

// Dialer gives the dialer of a target, as pkg/probe wants it.
func (c *Client) Dialer(t facts.Target) *Dialer { return &Dialer{client: c, target: t} }

// Prepare starts in the pod what the next Dial needs, and does not wait for it: to start a process in a container takes
// longer than the connection, and needs no address yet. It lives no longer than ctx; Close ends what no Dial has used.
// What hinders it is told by Dial.
func (d *Dialer) Prepare(ctx context.Context) {
	p := d.client.takeHelper(d.target)
	if p == nil {
		var err error
		if p, err = d.client.start(ctx, d.target, ways[0], waitHost, ""); err != nil {
			return
		}
	}
	if before := d.replace(p); before != nil {
		_ = before.Close()
	}
}

func (d *Dialer) replace(p *pipe) *pipe {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.ready
	d.ready = p
	return before
}

// Close ends what Prepare started. Connections stay.
func (d *Dialer) Close() error {
	if p := d.replace(nil); p != nil {
		return p.Close()
	}
	return nil
}

// Dial is Client.Dial for the dialer's target. The helper that Prepare started is used once.
func (d *Dialer) Dial(ctx context.Context, address string) (net.Conn, error) {
	host, port, err := splitAddress(address)
	if err != nil {
		return nil, err
	}
	p := d.replace(nil)
	if p == nil {
		return d.client.dialBy(ctx, d.target, ways, host, port)
	}
	p.endWith(ctx)                                               // as the connection of any Dial
	go func() { _, _ = fmt.Fprintf(p, "%s %s\n", host, port) }() // the peer's bytes come after the mark, so nothing overtakes it
	conn, err := d.client.opened(ctx, p, connecting(d.target, host, port))
	switch {
	case errors.Is(err, ErrNoTool):
		return d.client.dialBy(ctx, d.target, ways[1:], host, port)
	case errors.Is(err, ErrNotInPod) && ctx.Err() == nil:
		return d.client.dialBy(ctx, d.target, ways, host, port) // it may have been too early for it
	}
	return conn, err
}
