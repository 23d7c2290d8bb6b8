package envoy

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Getter gives one answer of an Envoy's admin API: a live sidecar, a folder of
// saved answers, or a test. The path starts with a slash and may have a query
// that is already percent-encoded. The caller closes the answer.
//
// An error may say with which HTTP status Envoy refused, by a method
// StatusCode() int somewhere in its chain; then Read can tell an old Envoy that
// does not know a parameter from one that cannot be reached.
type Getter interface {
	Get(ctx context.Context, path string) (io.ReadCloser, error)
}

// Scope says what of the proxy is wanted. Hosts are full names as they stand in
// cluster names, also with "*." in front, which means every host below it too.
// Ports narrow the hosts; none means every port. Without hosts, or with All,
// everything is read. Inbound adds the ports on which the workload accepts
// connections to a reading of hosts.
//
// Found is called, in a reading of some hosts, as soon as their clusters and endpoints are known, and before the rest
// is asked for: what needs no more can begin. They lack counters and protocol; they must not be changed.
type Scope struct {
	Hosts   []string
	Ports   []int
	All     bool
	Inbound bool
	Found   func([]facts.Upstream)
}

// maxAnswer bounds one answer, in bytes. The largest real one that is known has
// some tens of MB.
const maxAnswer = 512 << 20

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB: ask for less with --to HOST", maxAnswer>>20)

// refusal is what a Getter's error may tell about the answer.
type refusal interface{ StatusCode() int }

// refused tells whether Envoy answered, and said no: an old one that does not
// know the parameter. Other errors mean that it was not reached.
func refused(err error) bool {
	var r refusal
	return errors.As(err, &r) && r.StatusCode() >= 400 && r.StatusCode() < 500
}

// refusedWith tells whether Envoy answered with this status.
func refusedWith(err error, status int) bool {
	var r refusal
	return errors.As(err, &r) && r.StatusCode() == status
}

// answer asks for one path and hands the checked text to read.
func answer(ctx context.Context, g Getter, path string, read func(io.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	body, err := g.Get(ctx, path)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return read(&bounded{ctx: ctx, from: body, left: maxAnswer})
}

// bounded reads at most left bytes, and stops when the context ends.
type bounded struct {
	ctx  context.Context
	from io.Reader
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, fmt.Errorf("the answer did not end in time: %w", context.Cause(b.ctx))
	}
	if b.left <= 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.from.Read(p)
	b.left -= int64(n)
	return n, err
}
