package kube

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"
)

// refusedError is what the kubelet says when it cannot reach the port.
type refusedError struct{ text string }

func (e *refusedError) Error() string { return e.text }

// streamConn is one TCP connection to a port of the pod: a data stream and an
// error stream on the port-forward connection. There is no local port at all.
type streamConn struct {
	parent      httpstream.Connection
	data, fault httpstream.Stream
	once        sync.Once
	faultDone   chan struct{}
	faultText   string // valid after faultDone is closed
}

// openStream asks for one more connection to the port. It gives up with ctx;
// the connection as a whole is then closed, since a server that does not answer
// a SYN_STREAM answers nothing else either.
func openStream(ctx context.Context, parent httpstream.Connection, id, port int) (*streamConn, error) {
	type result struct {
		conn *streamConn
		err  error
	}
	done := make(chan result, 1)
	go func() {
		conn, err := createStreams(parent, id, port)
		done <- result{conn, err}
	}()
	select {
	case r := <-done:
		return r.conn, r.err
	case <-ctx.Done():
		_ = parent.Close()
		return nil, context.Cause(ctx)
	}
}

func createStreams(parent httpstream.Connection, id, port int) (*streamConn, error) {
	headers := http.Header{}
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	headers.Set(corev1.PortHeader, strconv.Itoa(port))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(id))
	fault, err := parent.CreateStream(headers)
	if err != nil {
		return nil, fmt.Errorf("open a stream to port %d: %w", port, err)
	}
	_ = fault.Close() // nothing is written to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := parent.CreateStream(headers)
	if err != nil {
		_ = fault.Reset()
		parent.RemoveStreams(fault)
		return nil, fmt.Errorf("open a stream to port %d: %w", port, err)
	}
	c := &streamConn{parent: parent, data: data, fault: fault, faultDone: make(chan struct{})}
	go c.readFault()
	return c, nil
}

// readFault keeps the text of the error stream; the kubelet closes it at the
// end of the connection, with or without a text.
func (c *streamConn) readFault() {
	defer close(c.faultDone)
	const limit = 4 << 10
	text, _ := io.ReadAll(io.LimitReader(c.fault, limit))
	c.faultText = strings.TrimSpace(string(text))
}

// faultWait is how long the end of the data may come before its reason.
const faultWait = time.Second

func (c *streamConn) Read(p []byte) (int, error) {
	n, err := c.data.Read(p)
	if n > 0 || err == nil {
		return n, nil
	}
	timer := time.NewTimer(faultWait)
	defer timer.Stop()
	select {
	case <-c.faultDone:
		if c.faultText != "" {
			return 0, &refusedError{c.faultText}
		}
	case <-timer.C:
	}
	return 0, err
}

func (c *streamConn) Write(p []byte) (int, error) { return c.data.Write(p) }

// Close resets both streams: unsent data would block every other stream of the
// connection (client-go's port-forwarder has the same rule).
func (c *streamConn) Close() error {
	c.once.Do(func() {
		_ = c.data.Reset()
		_ = c.fault.Reset()
		c.parent.RemoveStreams(c.data, c.fault)
	})
	return nil
}

type podAddr struct{}

func (podAddr) Network() string { return "tcp" }
func (podAddr) String() string  { return "port-forward" }

func (c *streamConn) LocalAddr() net.Addr  { return podAddr{} }
func (c *streamConn) RemoteAddr() net.Addr { return podAddr{} }

// Deadlines are not offered: net/http ends requests by context and Close.
func (c *streamConn) SetDeadline(time.Time) error      { return errNoDeadline }
func (c *streamConn) SetReadDeadline(time.Time) error  { return errNoDeadline }
func (c *streamConn) SetWriteDeadline(time.Time) error { return errNoDeadline }

var errNoDeadline = fmt.Errorf("a port-forward stream: %w", os.ErrNoDeadline)
