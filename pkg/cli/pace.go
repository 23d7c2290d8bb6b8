package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// pace waits between the two halves of a change that is taken back: servers take
// plaintext again before clients lose their rules, and clients have rules again before
// servers are strict. What does not come in time is told, and it goes on: to stay half
// way would be worse.
type pace struct {
	d       *deps
	c       *kube.Client
	touched map[string]bool
	waited  map[string]bool
}

func newPace(d *deps, c *kube.Client) *pace {
	return &pace{d: d, c: c, touched: map[string]bool{}, waited: map[string]bool{}}
}

// before is called before an object of a kind is touched. Only with auto mTLS off does one
// half depend on the other.
func (p *pace) before(ctx context.Context, kind string) {
	other := map[string]string{kube.KindDestinationRule: kube.KindPeerAuthentication, kube.KindPeerAuthentication: kube.KindDestinationRule}[kind]
	p.touched[kind] = true
	if other == "" || !p.touched[other] || p.waited[kind] {
		return
	}
	p.waited[kind] = true
	if where, _, err := autoMTLSOff(ctx, p.c); err != nil || where == "" {
		return
	}
	wait, what := serversOpen, "do not take plaintext again: their clients may be refused until then"
	if kind == kube.KindPeerAuthentication {
		wait, what = clientsHave, "do not send mutual TLS again: they may be refused until then"
	}
	late, total, err := wait(ctx, p.d, p.c, paceTimeout)
	switch {
	case err != nil:
		fmt.Fprintf(p.d.Err, "not waited for the sidecars: %v\n", err)
	case len(late) > 0:
		fmt.Fprintf(p.d.Err, "warning: %d of %d sidecars %s; the first: %s: %v\n", len(late), total, what, late[0].target, late[0].err)
	default:
		fmt.Fprintf(p.d.Err, "waited     %d of %d sidecars follow\n", total, total)
	}
}

// paceTimeout is how long one half of a way back waits for the other.
const paceTimeout = 20 * time.Second
