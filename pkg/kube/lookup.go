package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"k8s.io/client-go/tools/remotecommand"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// lookupTime bounds what the pod's resolver may take.
const lookupTime = 5 * time.Second

// Lookup gives the addresses of a host as the pod itself resolves it (its search domains,
// its hosts file), by getent in the proxy container. Errors: ErrForbidden (no right to
// exec), or that the container has no getent, or knows no such host.
func (c *Client) Lookup(ctx context.Context, t facts.Target, host string) ([]netip.Addr, error) {
	if _, _, err := splitAddress(net.JoinHostPort(host, "1")); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	run, err := c.executor(t, []string{"getent", "ahosts", host})
	if err != nil {
		return nil, err
	}
	return lookup(ctx, run, fmt.Sprintf("look up %s in %s", host, t))
}

func lookup(ctx context.Context, run streamFunc, doing string) ([]netip.Addr, error) {
	var out, errs bytes.Buffer
	if err := run(ctx, remotecommand.StreamOptions{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, errors.Join(err, textOf(errs.String())))
	}
	var found []netip.Addr
	seen := map[netip.Addr]bool{}
	for line := range strings.Lines(out.String()) {
		first, _, _ := strings.Cut(line, " ")
		if a, err := netip.ParseAddr(strings.TrimSpace(first)); err == nil && !seen[a.Unmap()] {
			seen[a.Unmap()] = true
			found = append(found, a.Unmap())
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no address", doing)
	}
	return found, nil
}

// textOf is what a command said, nil where it said nothing.
func textOf(said string) error {
	if said = strings.TrimSpace(said); said == "" {
		return nil
	}
	return errors.New(said)
}
