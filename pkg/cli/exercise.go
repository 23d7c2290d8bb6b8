package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// heldFor is how long a connection must stay open to count: a sidecar takes every connection of its application, and
// closes it when the one to the upstream, TLS included, does not come to stand.
const heldFor = 2 * time.Second

// exercise connects to the upstream's host as the application would: from the application's container, whose user the
// sidecar captures (a probe comes from the proxy's own, which it does not). It says in words what came of it.
func exercise(ctx context.Context, c *kube.Client, t facts.Target, s check.Subject) string {
	switch {
	case t.App == "":
		return "was not made: the pod has no container of an application that its sidecar captures"
	case s.Host == "" || s.Port == 0 || strings.HasPrefix(s.Host, "*"):
		return "was not made: the upstream has no single host and port"
	case s.Subset != "":
		return "was not made: which calls go to subset " + s.Subset + " is for routes to say"
	}
	app := t
	app.Container = t.App
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	address := net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	conn, err := c.Dial(ctx, app, address)
	switch {
	case errors.Is(err, kube.ErrNoTool):
		return "was not made: container " + t.App + " has no bash, python3, socat or nc"
	case err != nil:
		return "from container " + t.App + " failed: " + report.Plain(err.Error())
	}
	defer func() { _ = conn.Close() }()
	ask := ""
	if s.Active.Protocol == facts.ProtocolHTTP {
		ask = "HEAD / HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: kubectl-mesh-tls\r\nConnection: close\r\n\r\n"
	}
	return "from container " + t.App + " " + converse(ctx, conn, ask)
}

// converse asks, where there is something to ask, and tells what became of the connection.
func converse(ctx context.Context, conn net.Conn, ask string) string {
	heard := make(chan []byte, 1) // nothing: it was closed
	go func() {
		if ask != "" {
			if _, err := io.WriteString(conn, ask); err != nil {
				heard <- nil
				return
			}
		}
		text := make([]byte, 64)
		n, _ := conn.Read(text)
		heard <- text[:n]
	}()
	timer := time.NewTimer(heldFor)
	defer timer.Stop()
	select {
	case text := <-heard:
		switch {
		case len(text) > 0 && ask != "":
			line, _, _ := bytes.Cut(text, []byte("\r\n"))
			return "was answered: " + report.Plain(strings.ToValidUTF8(string(line), ""))
		case len(text) > 0:
			return "was answered"
		}
		return "was closed at once, as a sidecar does that gets no connection to the upstream"
	case <-timer.C:
	case <-ctx.Done():
		return fmt.Sprintf("was given up: %v", context.Cause(ctx))
	}
	if ask != "" {
		return "stood, and was not answered within " + heldFor.String()
	}
	return "stood for " + heldFor.String()
}
