package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// clocksApart is how far this machine's clock may be from the API server's before the server's is taken: proxies judge
// certificates by the clocks of the cluster.
const clocksApart = 30 * time.Second

// serverClock is how far the API server's clock is ahead of ours, as its answers tell. The zero value knows nothing.
type serverClock struct {
	mu    sync.Mutex
	ahead time.Duration // 0: not known, or close enough
	known bool
	told  bool
}

// hear takes the first answer from which it is sure whether the clocks are apart: a Date is in whole seconds, and somewhere
// between the question and the answer.
func (c *serverClock) hear(x kube.Dated) {
	least, most := x.Server.Sub(x.Answered), x.Server.Add(time.Second).Sub(x.Asked)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.known:
	case least > clocksApart, most < -clocksApart:
		c.ahead, c.known = (least + (most-least)/2).Round(time.Second), true
	case least >= -clocksApart && most <= clocksApart:
		c.known = true
	}
}

// apart gives the difference, and whether it is to be told: once.
func (c *serverClock) apart() (ahead time.Duration, tell bool) {
	if c == nil {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	tell = c.ahead != 0 && !c.told
	c.told = c.told || tell
	return c.ahead, tell
}

// judged is the time by which certificates are judged: the API server's where its answers show that ours is wrong.
func (d *deps) judged() time.Time {
	ahead, tell := d.clock.apart()
	if tell {
		tellClock(d.Err, ahead)
	}
	return d.now().Add(ahead)
}

func tellClock(to io.Writer, ahead time.Duration) {
	word := "behind"
	if ahead < 0 {
		word = "ahead of"
	}
	fmt.Fprintf(to, "this machine's clock is %s %s the API server's: certificates are judged by the server's clock\n", ahead.Abs(), word)
}
