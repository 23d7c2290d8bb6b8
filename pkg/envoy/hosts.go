package envoy

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// hostStatus is one host of /clusters with its counters.
type hostStatus struct {
	address, hostname, health string
	counters                  facts.HostCounters
}

type wireClusterStatus struct {
	Name  string           `json:"name"`
	Hosts []wireHostStatus `json:"host_statuses"`
}

type wireHostStatus struct {
	Address  wireAddress `json:"address"`
	Hostname string      `json:"hostname"`
	Health   struct {
		EDS     enum `json:"eds_health_status"`
		Probe   bool `json:"failed_active_health_check"`
		Outlier bool `json:"failed_outlier_check"`
	} `json:"health_status"`
	Stats []struct {
		Name  string `json:"name"`
		Value number `json:"value"` // left out when 0
	} `json:"stats"`
}

// clusterStatuses reads /clusters, JSON or Envoy's own text.
func (c *collector) clusterStatuses(r io.Reader) error {
	if c.hosts == nil {
		c.hosts = map[string][]hostStatus{}
	}
	b := bufio.NewReader(r)
	if isStatsText(b, "::") {
		return c.clusterText(b)
	}
	text, err := sniff(b)
	if err != nil {
		return err
	}
	w := c.walker(text, facts.StateActive)
	each := func() error {
		raw, err := w.element()
		if err != nil {
			return err
		}
		return c.hostStatus(raw)
	}
	if w.dec.PeekKind() == '[' {
		err = w.list(each)
	} else {
		err = w.members(func(name string) error {
			if name == "clusterstatuses" {
				return w.list(each)
			}
			return w.skip()
		})
	}
	if err == nil {
		err = w.end()
	}
	if err != nil {
		return inWords(err)
	}
	return nil
}

// hostStatus keeps the hosts of one cluster.
func (c *collector) hostStatus(raw jsontext.Value) error {
	w, err := decode[wireClusterStatus](raw)
	if err != nil {
		c.problem("the host counters of a cluster could not be decoded: " + wrongPart(err).Error())
		return nil
	}
	if c.hosts == nil {
		c.hosts = map[string][]hostStatus{}
	}
	list := c.hosts[w.Name]
	for _, h := range w.Hosts {
		if c.count++; c.count > maxEndpoints {
			return errTooMany
		}
		s := hostStatus{address: h.Address.String(), hostname: h.Hostname, health: h.Health.EDS.in(healths)}
		if h.Health.Probe || h.Health.Outlier {
			s.health = "UNHEALTHY"
		}
		for _, v := range h.Stats {
			s.counters = withCounter(s.counters, v.Name, uint64(v.Value))
		}
		list = append(list, s)
	}
	c.hosts[w.Name] = list
	return nil
}

func withCounter(h facts.HostCounters, name string, value uint64) facts.HostCounters {
	switch name {
	case "cx_total":
		h.Total = value
	case "cx_connect_fail":
		h.Failed = value
	case "cx_active":
		h.Active = value
	case "rq_total":
		h.Requests = value
	case "rq_error":
		h.Errors = value
	}
	return h
}

// clusterText reads lines of cluster::address::counter::value.
func (c *collector) clusterText(b *bufio.Reader) error {
	index := map[string]int{} // cluster and address -> place in the list
	return lines(b, func(line string) error {
		p := strings.Split(line, "::")
		if len(p) < 4 { // IPv6 addresses may hold "::" themselves
			return nil
		}
		name, value, stat := p[0], p[len(p)-1], p[len(p)-2]
		address := strings.Join(p[1:len(p)-2], "::")
		if !strings.Contains(address, ":") || strings.HasSuffix(address, "_priority") {
			return nil
		}
		key := name + "\x00" + address
		i, ok := index[key]
		if !ok {
			if c.count++; c.count > maxEndpoints {
				return errTooMany
			}
			i = len(c.hosts[name])
			index[key] = i
			c.hosts[name] = append(c.hosts[name], hostStatus{address: address})
		}
		h := &c.hosts[name][i]
		if stat == "hostname" {
			h.hostname = value
		}
		if v, err := strconv.ParseUint(value, 10, 64); err == nil {
			h.counters = withCounter(h.counters, stat, v)
		}
		return nil
	})
}

// joinHosts gives each endpoint its counters, by address. A host that only
// /clusters knows is added: a DNS name of the configuration, resolved.
func (c *collector) joinHosts() {
	for i := range c.upstreams {
		u := &c.upstreams[i]
		statuses := c.hosts[u.Cluster]
		if len(statuses) == 0 || u.State == facts.StateWarming {
			continue // /clusters shows active clusters only
		}
		byAddress := make(map[string]int, len(u.Endpoints))
		byHostname := map[string]int{}
		for j, e := range u.Endpoints {
			byAddress[e.Address] = j
			byHostname[withoutPort(e.Address)] = j
		}
		resolved := map[int]bool{}
		var added []facts.Endpoint
		for _, s := range statuses {
			counters := s.counters
			if j, ok := byAddress[s.address]; ok {
				u.Endpoints[j].Hosts = &counters
				u.Endpoints[j].Health = firstOf(s.health, u.Endpoints[j].Health)
				continue
			}
			e := facts.Endpoint{Address: s.address, Hostname: s.hostname, Health: firstOf(s.health, "UNKNOWN"), Hosts: &counters}
			if j, ok := byHostname[s.hostname]; ok && s.hostname != "" {
				e.Match = u.Endpoints[j].Match
				resolved[j] = true
			} else if len(u.Matches) > 0 {
				u.EndpointsKnown = false // which socket it gets is not known
			}
			added = append(added, e)
		}
		u.Endpoints = append(without(u.Endpoints, resolved), added...)
		if len(u.Matches) == 0 {
			u.EndpointsKnown = true
		}
	}
}

func without(list []facts.Endpoint, drop map[int]bool) []facts.Endpoint {
	if len(drop) == 0 {
		return list
	}
	var out []facts.Endpoint
	for i, e := range list {
		if !drop[i] {
			out = append(out, e)
		}
	}
	return out
}

func withoutPort(address string) string {
	if i := strings.LastIndexByte(address, ':'); i >= 0 {
		return strings.Trim(address[:i], "[]")
	}
	return address
}
