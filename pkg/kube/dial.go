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

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
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

// Dialer makes connections from the network of one pod.
type Dialer struct {
	client *Client
	target facts.Target
}

// Dialer gives the dialer of a target, as pkg/probe wants it.
func (c *Client) Dialer(t facts.Target) *Dialer { return &Dialer{client: c, target: t} }

// Dial is Client.Dial for the dialer's target.
func (d *Dialer) Dial(ctx context.Context, address string) (net.Conn, error) {
	return d.client.Dial(ctx, d.target, address)
}

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
	for _, way := range ways {
		conn, err := c.dialBy(ctx, t, way, host, port)
		if err == nil || !errors.Is(err, ErrNoTool) {
			return conn, err
		}
	}
	return nil, fmt.Errorf("connect from %s to %s: %w", t, address, ErrNoTool)
}

func (c *Client) dialBy(ctx context.Context, t facts.Target, way way, host, port string) (net.Conn, error) {
	doing := fmt.Sprintf("connect from %s to %s", t, net.JoinHostPort(host, port))
	wait := max(time.Second, min(connectWait, c.Timeout-2*time.Second))
	exec, err := c.executor(t, way.command(host, port, wait))
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", doing, ErrNotInPod, err)
	}
	p := startPipe(ctx, exec)
	if err := p.waitOpen(ctx, c.Timeout); err != nil {
		_ = p.Close()
		switch {
		case noSuchTool(err):
			return nil, ErrNoTool
		case p.reached() && errors.Is(err, ErrTimeout):
			return nil, fmt.Errorf("%s: %w within %s", doing, ErrTimeout, wait)
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
	return p, nil
}

// executor prepares an exec over a websocket, with SPDY where that is refused,
// as kubectl does.
func (c *Client) executor(t facts.Target, command []string) (streamFunc, error) {
	params, err := execParams(t.Container, command)
	if err != nil {
		return nil, err
	}
	u := c.rest.Get().AbsPath("/api/v1/namespaces", t.Namespace, "pods", t.Pod, "exec").URL()
	u.RawQuery = params.Encode()
	socket, err := remotecommand.NewWebSocketExecutor(c.config, http.MethodGet, u.String())
	if err != nil {
		return nil, err
	}
	spdy, err := remotecommand.NewSPDYExecutor(c.config, http.MethodPost, u)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, o remotecommand.StreamOptions) error {
		err := socket.StreamWithContext(ctx, o)
		if !fallBack(err) {
			return err
		}
		return moreTelling(err, spdy.StreamWithContext(ctx, o))
	}, nil
}

func execParams(container string, command []string) (url.Values, error) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return runtime.NewParameterCodec(scheme).EncodeParameters(&corev1.PodExecOptions{
		Container: container, Command: command, Stdin: true, Stdout: true, Stderr: true,
	}, corev1.SchemeGroupVersion)
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
