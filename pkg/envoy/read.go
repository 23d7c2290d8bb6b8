package envoy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Read asks one proxy for what the scope needs and puts it in facts. The error
// says, in a sentence for a person, that nothing usable could be read: not
// reached, not JSON, cut off. Parts that could not be had are in Missing, parts
// that could not be decoded in Problems or in the thing itself.
//
// With Hosts, live proxies are asked for those hosts only: Upstreams are those
// of the hosts, Secrets those that they name (and the workload's own), Inbound
// stays empty unless it is asked for, and what is there is as with All.
func Read(ctx context.Context, t facts.Target, g Getter, s Scope) (*facts.Proxy, error) {
	c := newCollector()
	var err error
	if _, c.saved = g.(Files); c.saved || s.whole() {
		err = c.readWhole(ctx, g)
	} else {
		err = c.readScoped(ctx, g, s)
	}
	if err != nil {
		return nil, err
	}
	return c.proxy(t, s), nil
}

// whole tells that everything is wanted, or so many hosts that asking for each
// is more work than the whole.
func (s Scope) whole() bool { return s.All || len(s.Hosts) == 0 || len(s.Hosts) > maxHosts }

// readWhole reads everything: one dump, one list of hosts, one of counters. A live proxy is asked for the second and
// third as soon as it begins to send the dump, which it has made whole by then: what is counted is never older than the
// configuration that it is counted for, and the proxy works while the dump is decoded.
func (c *collector) readWhole(ctx context.Context, g Getter) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var w *walker
	var counted chan *collector
	err := answer(ctx, g, "/config_dump?include_eds", func(r io.Reader) (err error) {
		if !c.saved {
			counted = startCounters(ctx, g)
		}
		w, err = c.dump(r, facts.StateActive)
		return err
	})
	if err != nil {
		return fmt.Errorf("the proxy's configuration (config_dump) could not be read: %w", err)
	}
	if w.parts == 0 && c.hosts == nil {
		return errors.New("the proxy's configuration (config_dump) cannot be used: " + cmp.Or(w.other, "it is JSON, but none of Envoy's sections (clusters, listeners, secrets) is in it"))
	}
	if c.saved {
		c.readCounters(ctx, g, allClusters, "/stats?format=json&filter="+escape(allStats))
		c.readReady(ctx, g)
	} else {
		c.take(<-counted)
	}
	c.readCertificates(ctx, g)
	c.readServerInfo(ctx, g)
	return nil
}

const allClusters = "/clusters?format=json"

// startCounters reads in the background, into a collector of their own, what traffic has shown and whether the proxy has
// started.
func startCounters(ctx context.Context, g Getter) chan *collector {
	done := make(chan *collector, 1)
	go func() {
		side := newCollector()
		side.readCounters(ctx, g, allClusters, "/stats?format=json&filter="+escape(allStats))
		side.readReady(ctx, g)
		done <- side
	}()
	return done
}

// take adds what startCounters has read.
func (c *collector) take(side *collector) {
	c.hosts, c.stats, c.waits = side.hosts, side.stats, side.waits
	if c.count += side.count; c.count > maxEndpoints {
		c.hosts, side.missing[facts.FactHostCounters] = nil, missingAnswer("the host counters (/clusters)", errTooMany)
	}
	maps.Copy(c.missing, side.missing)
	for _, p := range side.problems {
		c.problem(p)
	}
}

// readCounters asks for what traffic has shown; both answers may be missing.
func (c *collector) readCounters(ctx context.Context, g Getter, clusters, stats string) {
	before := c.hosts // a list of istioctl may have brought them
	if err := answer(ctx, g, clusters, c.clusterStatuses); err != nil {
		if c.hosts = before; before == nil {
			c.missing[facts.FactHostCounters] = missingAnswer("the host counters (/clusters)", err)
		}
	}
	if err := answer(ctx, g, stats, c.readStats); err != nil || !c.stats.read {
		c.stats = stats0()
		why := missingAnswer("the counters (/stats)", err)
		c.missing[facts.FactTLSCounters], c.missing[facts.FactUpdates] = why, why
	}
}

// readReady asks whether the proxy has started at all: until it is LIVE the answer is 503 with the state in it (Envoy:
// server_info_handler.cc handlerReady). The counter of the state lags by seconds.
func (c *collector) readReady(ctx context.Context, g Getter) {
	body, err := g.Get(ctx, "/ready")
	if err == nil {
		_ = body.Close()
		return
	}
	c.waits = refusedWith(err, 503) && strings.Contains(err.Error(), "INITIALIZING")
}

// readServerInfo is asked only when the bootstrap did not tell the version.
func (c *collector) readServerInfo(ctx context.Context, g Getter) {
	if c.boot.envoy != "" {
		return
	}
	if err := answer(ctx, g, "/server_info", c.serverInfo); err != nil && c.seen&partBootstrap == 0 {
		c.missing[facts.FactServerInfo] = missingAnswer("the proxy's version and identity (bootstrap, /server_info)", err)
	}
}

func missingAnswer(what string, err error) string {
	switch {
	case err == nil:
		return what + " are not in the answer"
	case errors.Is(err, ErrNotSaved):
		return err.Error()
	}
	return what + " could not be read: " + strings.TrimSpace(err.Error())
}
