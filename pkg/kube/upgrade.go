package kube

import (
	"context"
	"errors"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/rest"
	tunnel "k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/transport/websocket"
	"k8s.io/streaming/pkg/httpstream"
	streamspdy "k8s.io/streaming/pkg/httpstream/spdy"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// pingPeriod keeps an idle connection alive through load balancers; kubectl's value.
const pingPeriod = 10 * time.Second

// forward opens the one port-forward connection of a pod: SPDY frames over a
// websocket, and plain SPDY where the server (before Kubernetes 1.30) or a proxy
// on the way refuses the upgrade. client-go's own dialers do the same but know
// no context, so a silent server would hold them for ever.
func (c *Client) forward(ctx context.Context, t facts.Target) (httpstream.Connection, error) {
	conn, err := c.forwardWebsocket(ctx, t)
	if !fallBack(err) {
		return conn, err
	}
	conn, second := c.forwardSPDY(ctx, t)
	return conn, moreTelling(err, second)
}

// moreTelling chooses between the errors of both ways: the websocket's keeps the
// server's status (forbidden, not found), of which SPDY's has only the text.
func moreTelling(socket, spdy error) error {
	var upgrade *httpstream.UpgradeFailureError
	var status apierrors.APIStatus
	if spdy != nil && errors.As(socket, &upgrade) && errors.As(upgrade.Cause, &status) {
		return upgrade.Cause
	}
	return spdy
}

// fallBack is kubectl's rule: a refused upgrade, or an HTTPS proxy that the
// websocket library does not speak to.
func fallBack(err error) bool {
	return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
}

func (c *Client) forwardRequest(ctx context.Context, method string, t facts.Target) (*http.Request, error) {
	u := c.rest.Get().AbsPath("/api/v1/namespaces", t.Namespace, "pods", t.Pod, "portforward").URL()
	return http.NewRequestWithContext(ctx, method, u.String(), nil)
}

func (c *Client) forwardWebsocket(ctx context.Context, t facts.Target) (httpstream.Connection, error) {
	transport, holder, err := websocket.RoundTripperFor(c.config)
	if err != nil {
		return nil, err
	}
	req, err := c.forwardRequest(ctx, http.MethodGet, t) // RFC 6455 4.1: GET
	if err != nil {
		return nil, err
	}
	conn, err := websocket.Negotiate(transport, holder, req, portforward.WebsocketsSPDYTunnelingPrefix+portforward.PortForwardV1Name)
	if err != nil {
		return nil, err
	}
	if conn == nil {
		return nil, errors.New("the websocket was accepted without a connection")
	}
	return streamspdy.NewClientConnectionWithPings(tunnel.NewTunnelingConnection("admin", conn), pingPeriod)
}

func (c *Client) forwardSPDY(ctx context.Context, t facts.Target) (httpstream.Connection, error) {
	config := rest.CopyConfig(c.config)
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	req, err := c.forwardRequest(ctx, http.MethodPost, t)
	if err != nil {
		return nil, err
	}
	conn, _, err := spdy.NegotiateStreaming(upgrader, &http.Client{Transport: transport}, req, portforward.PortForwardV1Name)
	return conn, err
}
