package envoy

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// stats is what is kept of /stats: counters of TLS by the name of the cluster
// in the stats store, and those of refused configuration.
type stats struct {
	read    bool
	tls     map[string]*facts.TLSCounters
	updates facts.Updates
	state   *uint64 // server.state
}

func stats0() stats { return stats{tls: map[string]*facts.TLSCounters{}} }

// readStats reads /stats, JSON or text.
func (c *collector) readStats(r io.Reader) error {
	c.stats = stats0()
	b := bufio.NewReader(r)
	if isStatsText(b, ": ") {
		c.stats.read = true
		return lines(b, func(line string) error {
			name, value, ok := strings.Cut(line, ": ")
			if !ok {
				return nil
			}
			return c.stats.counter(name, value)
		})
	}
	return c.statsJSON(b)
}

func (c *collector) statsJSON(r io.Reader) error {
	text, err := sniff(r)
	if err != nil {
		return err
	}
	w := c.walker(text, "")
	found := false
	err = w.members(func(name string) error {
		if name != "stats" {
			return w.skip()
		}
		found = true
		return w.list(func() error { return c.stats.entry(w) })
	})
	if err == nil {
		err = w.end()
	}
	if err != nil {
		return inWords(err)
	}
	c.stats.read = found
	return nil
}

// entry reads {"name":..,"value":..}; histograms and texts are passed over.
func (s *stats) entry(w *walker) error {
	name, value := "", ""
	err := w.members(func(member string) error {
		switch {
		case member == "name":
			var err error
			name, err = w.text()
			return err
		case member == "value" && w.dec.PeekKind() == '0':
			raw, err := w.value()
			value = string(raw)
			return err
		case member == "value":
			var err error
			value, err = w.text()
			return err
		}
		return w.skip()
	})
	if err != nil || value == "" {
		return err
	}
	return s.counter(name, value)
}

// counter keeps one counter if it is one that facts need. A value that is no
// number leaves it absent.
func (s *stats) counter(name, text string) error {
	if name == "cluster_manager.cds.version_text" {
		made, _, _ := strings.Cut(strings.Trim(text, `"`), "/")
		s.updates.ClustersMade = at(made)
		return nil
	}
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return nil
	}
	if name == "server.state" {
		s.state = &value
	} else if place := s.update(name); place != nil {
		*place = &value
	} else if place := s.tlsCounter(name); place != nil {
		*place = &value
	}
	return nil
}

// starting tells from server.state whether the proxy waits for its first
// configuration: 2 is PRE_INITIALIZING, 3 INITIALIZING (Envoy: server_info.proto).
func (s *stats) starting() bool { return s.state != nil && (*s.state == 2 || *s.state == 3) }

func (s *stats) update(name string) **uint64 {
	switch name {
	case "cluster_manager.cds.update_rejected":
		return &s.updates.ClustersRejected
	case "listener_manager.lds.update_rejected":
		return &s.updates.ListenersRejected
	}
	return nil
}

// tlsCounter finds the place of cluster.NAME.ssl.X; nil for any other name.
func (s *stats) tlsCounter(name string) **uint64 {
	rest, ok := strings.CutPrefix(name, "cluster.")
	if !ok {
		return nil
	}
	const notReady = ".client_ssl_socket_factory.upstream_context_secrets_not_ready"
	cluster, isNotReady := strings.CutSuffix(rest, notReady)
	stat := ""
	if !isNotReady {
		i := strings.LastIndex(rest, ".ssl.")
		if i < 0 {
			return nil
		}
		cluster, stat = rest[:i], rest[i+len(".ssl."):]
	}
	var place func(*facts.TLSCounters) **uint64
	if isNotReady {
		place = func(t *facts.TLSCounters) **uint64 { return &t.SecretsNotReady }
	} else if place = tlsPlaces[stat]; place == nil {
		return nil
	}
	key := statKey(cluster)
	if s.tls[key] == nil {
		if len(s.tls) >= maxClusters {
			return nil
		}
		s.tls[key] = &facts.TLSCounters{}
	}
	return place(s.tls[key])
}

// tlsPlaces are the counters below ssl. that facts keep.
var tlsPlaces = map[string]func(*facts.TLSCounters) **uint64{
	"handshake":             func(t *facts.TLSCounters) **uint64 { return &t.Handshake },
	"connection_error":      func(t *facts.TLSCounters) **uint64 { return &t.ConnectionError },
	"fail_verify_error":     func(t *facts.TLSCounters) **uint64 { return &t.FailVerifyError },
	"fail_verify_san":       func(t *facts.TLSCounters) **uint64 { return &t.FailVerifySAN },
	"fail_verify_no_cert":   func(t *facts.TLSCounters) **uint64 { return &t.FailVerifyNoCert },
	"fail_verify_cert_hash": func(t *facts.TLSCounters) **uint64 { return &t.FailVerifyHash },
}

// statKey makes names of clusters and of counters comparable: the stats store
// turns ':' into '_', and Istio 1.23 and later end the name with ';'.
func statKey(name string) string {
	return strings.TrimSuffix(strings.ReplaceAll(name, ":", "_"), ";")
}

// joinStats gives each upstream its TLS counters. A warming cluster shares the
// names with the active one, which is the one that counts.
func (c *collector) joinStats() {
	for i := range c.upstreams {
		u := &c.upstreams[i]
		if t := c.stats.tls[statKey(u.StatName)]; t != nil && u.State != facts.StateWarming {
			u.TLS = t
		}
	}
}
