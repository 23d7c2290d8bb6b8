package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"k8s.io/client-go/tools/remotecommand"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// ErrNoTool says that the proxy container has nothing that can make a TCP
// connection: distroless images have neither a shell nor python.
var ErrNoTool = errors.New("its proxy container has no bash, python3, socat or nc (a distroless image?)")

// ErrNotInPod says that nothing was learned in the pod: the command there did not run, or its answer did not come.
// It tells of the way to the pod, and nothing of the server.
var ErrNotInPod = errors.New("no command of ours answered in the pod")

// connectWait is how long the command in the pod tries to connect. It is shorter than a caller waits, so that the
// pod's own word ("nothing answers there") comes before the caller gives up on the way to the pod.
const connectWait = 3 * time.Second

// Dial opens a byte pipe from the pod's own network to HOST:PORT, past the
// sidecar: it is made by a process in the proxy container, whose user (1337)
// the sidecar's iptables leave alone. The connection ends with ctx, with Close,
// or when either end is gone; nothing stays in the pod. Errors: ErrForbidden
// (no right to exec), ErrNoTool, ErrNotInPod, or what the connection met.
func (c *Client) Dial(ctx context.Context, t facts.Target, address string) (net.Conn, error) {
	host, port, err := splitAddress(address)
	if err != nil {
		return nil, err
	}
	return c.dialBy(ctx, t, ways, host, port)
}

// dialBy tries one way after the other.
func (c *Client) dialBy(ctx context.Context, t facts.Target, ways []way, host, port string) (net.Conn, error) {
	doing := connecting(t, host, port)
	for _, way := range ways {
		p, err := c.start(ctx, t, way, host, port)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", doing, ErrNotInPod, err)
		}
		conn, err := c.opened(ctx, p, doing)
		if err == nil || !errors.Is(err, ErrNoTool) {
			return conn, err
		}
	}
	return nil, fmt.Errorf("%s: %w", doing, ErrNoTool)
}

func connecting(t facts.Target, host, port string) string {
	return fmt.Sprintf("connect from %s to %s", t, net.JoinHostPort(host, port))
}

// podWait is how long the command in the pod tries.
func (c *Client) podWait() time.Duration {
	return max(time.Second, min(connectWait, c.Timeout-2*time.Second))
}

func (c *Client) start(ctx context.Context, t facts.Target, way way, host, port string) (*pipe, error) {
	exec, err := c.executor(t, way.command(host, port, c.podWait()))
	if err != nil {
		return nil, err
	}
	return startPipe(ctx, exec), nil
}

// opened waits until the connection stands, and says what hindered it.
func (c *Client) opened(ctx context.Context, p *pipe, doing string) (net.Conn, error) {
	err := p.waitOpen(ctx, c.Timeout)
	if err == nil {
		return p, nil
	}
	_ = p.Close()
	switch {
	case noSuchTool(err):
		return nil, ErrNoTool
	case p.reached() && errors.Is(err, ErrTimeout):
		return nil, fmt.Errorf("%s: %w within %s", doing, ErrTimeout, c.podWait())
	case p.reached():
		return nil, fmt.Errorf("%s: %w", doing, err) // the pod's own words, not the API server's
	case errors.Is(err, ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("%s: %w in time (a busy cluster?)", doing, ErrNotInPod)
	}
	if err = c.explain(doing, err); errors.Is(err, ErrForbidden) {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", ErrNotInPod, err)
}

// executor prepares an exec over a websocket, with SPDY where that is refused,
// as kubectl does.
func (c *Client) executor(t facts.Target, command []string) (streamFunc, error) {
	u := c.rest.Get().AbsPath("/api/v1/namespaces", t.Namespace, "pods", t.Pod, "exec").URL()
	u.RawQuery = execParams(t.Container, command).Encode()
	socket, err := remotecommand.NewWebSocketExecutor(c.config, http.MethodGet, u.String())
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, o remotecommand.StreamOptions) error {
		err := socket.StreamWithContext(ctx, o)
		if !fallBack(err) {
			return err
		}
		spdy, second := remotecommand.NewSPDYExecutor(c.config, http.MethodPost, u)
		if second == nil {
			second = spdy.StreamWithContext(ctx, o)
		}
		return moreTelling(err, second)
	}, nil
}

// execParams are the fields of PodExecOptions as a query. Kubernetes' own encoder needs a scheme, which takes longer
// to fill than the whole request.
func execParams(container string, command []string) url.Values {
	return url.Values{"container": {container}, "command": command, "stdin": {"true"}, "stdout": {"true"}, "stderr": {"true"}}
}

// splitAddress admits names and addresses only: a host is foreign text, and it
// goes to a program in the pod.
func splitAddress(address string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(address)
	if err != nil {
		return "", "", fmt.Errorf("address %q is not HOST:PORT: %w", address, err)
	}
	if _, err := net.LookupPort("tcp", port); err != nil || strings.Trim(port, "0123456789") != "" || port == "0" {
		return "", "", fmt.Errorf("address %q has no port of 1 to 65535", address)
	}
	ip := net.ParseIP(host)
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	if ip == nil && (host == "" || strings.HasPrefix(host, "-") || strings.Trim(host, allowed) != "") {
		return "", "", fmt.Errorf("address %q has no usable host name", address)
	}
	return host, port, nil
}
