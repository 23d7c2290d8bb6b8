package facts

import "time"

// Traffic is what happened between two readings of a proxy's counters.
type Traffic struct {
	Took      time.Duration
	Upstreams []Delta // one for each active cluster that was read twice
	Inbound   []Delta // one for each port of the workload, where its counters were seen
}

// Delta is what one upstream, or one inbound port, counted in between. The numbers mean something only with Known.
type Delta struct {
	Cluster                       string // of an upstream
	Port                          int    // of an inbound port
	Known                         bool
	Why                           string // why it is not known
	Connections, Failed, Requests uint64
	Handshakes, TLSErrors         *uint64 // nil: not exported, which is not zero
	Exercise                      string  // what came of a connection that was made on purpose; "" when none was
}

// Between gives what was counted between two readings of one proxy. A counter that is lower than before began anew (the
// proxy restarted, or the cluster was made again), so nothing is known then. What an endpoint counted that is gone is lost.
func Between(before, after *Proxy, took time.Duration) Traffic {
	t := Traffic{Took: took}
	was := map[string]Upstream{}
	for _, u := range before.Upstreams {
		if u.State != StateWarming {
			was[u.Cluster] = u
		}
	}
	for _, u := range after.Upstreams {
		if old, seen := was[u.Cluster]; seen && u.State != StateWarming && u.Direction != "inbound" {
			t.Upstreams = append(t.Upstreams, upstreamDelta(old, u))
		}
	}
	ports := map[int]*HostCounters{}
	for _, in := range before.Inbound {
		ports[in.Port] = in.Served
	}
	for _, in := range after.Inbound {
		if old := ports[in.Port]; old != nil && in.Served != nil {
			d := Delta{Port: in.Port, Known: true}
			d.add(*old, *in.Served)
			t.Inbound = append(t.Inbound, d)
		}
	}
	return t
}

func upstreamDelta(old, now Upstream) Delta {
	d := Delta{Cluster: now.Cluster}
	was := map[string]HostCounters{}
	for _, e := range old.Endpoints {
		if e.Hosts != nil {
			was[e.Address] = *e.Hosts
		}
	}
	for _, e := range now.Endpoints {
		if e.Hosts != nil {
			if !d.Known && d.Why == "" {
				d.Known = true
			}
			d.add(was[e.Address], *e.Hosts)
		}
	}
	if !d.Known && d.Why == "" {
		d.Why = "no counter of its endpoints was seen"
	}
	if old.TLS == nil || now.TLS == nil {
		return d
	}
	d.Handshakes = difference(old.TLS.Handshake, now.TLS.Handshake)
	for _, pair := range [][2]*uint64{{old.TLS.ConnectionError, now.TLS.ConnectionError}, {old.TLS.FailVerifyError, now.TLS.FailVerifyError},
		{old.TLS.FailVerifySAN, now.TLS.FailVerifySAN}, {old.TLS.FailVerifyNoCert, now.TLS.FailVerifyNoCert}, {old.TLS.FailVerifyHash, now.TLS.FailVerifyHash}} {
		n := difference(pair[0], pair[1])
		if n == nil {
			continue
		}
		if d.TLSErrors == nil {
			d.TLSErrors = new(uint64)
		}
		*d.TLSErrors += *n
	}
	return d
}

// add counts one endpoint.
func (d *Delta) add(old, now HostCounters) {
	if now.Total < old.Total || now.Failed < old.Failed || now.Requests < old.Requests {
		d.Known, d.Why = false, "its counters began anew in between"
		return
	}
	d.Connections += now.Total - old.Total
	d.Failed += now.Failed - old.Failed
	d.Requests += now.Requests - old.Requests
}

// difference is nil where one of the two was not seen, or the counter began anew.
func difference(old, now *uint64) *uint64 {
	if old == nil || now == nil || *now < *old {
		return nil
	}
	n := *now - *old
	return &n
}
