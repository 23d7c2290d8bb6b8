package envoy

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// ReadServed asks a sidecar what it handed to its own application, and puts that into
// the proxy's inbound ports. The source are the host counters of Istio's clusters
// inbound|PORT||, where PORT is the container's. Ports without such a cluster stay
// without counters, which is not zero.
func ReadServed(ctx context.Context, g Getter, p *facts.Proxy) error {
	c := newCollector()
	if err := answer(ctx, g, "/clusters?format=json&filter="+escape(`inbound\|.*`), c.clusterStatuses); err != nil {
		return fmt.Errorf("what the sidecar handed to its application (/clusters) could not be read: %w", err)
	}
	c.served(p.Inbound)
	return nil
}

// served puts the counters of clusters inbound|PORT|| into the ports.
func (c *collector) served(ports []facts.Inbound) {
	for i := range ports {
		in := &ports[i]
		for name, hosts := range c.hosts {
			if in.Gateway || in.Port == 0 || inboundPort(name) != in.Port {
				continue
			}
			if in.Served == nil {
				in.Served = &facts.HostCounters{}
			}
			for _, h := range hosts {
				in.Served.Total += h.counters.Total
				in.Served.Failed += h.counters.Failed
				in.Served.Active += h.counters.Active
				in.Served.Requests += h.counters.Requests
			}
		}
	}
}

// inboundPort reads inbound|8080||; 0 for any other name. Before Istio 1.10 the name
// had the Service's port and host: those do not end in bars.
func inboundPort(cluster string) int {
	rest, ok := strings.CutPrefix(cluster, "inbound|")
	if !ok || !strings.HasSuffix(rest, "||") {
		return 0
	}
	port, err := strconv.Atoi(strings.TrimSuffix(rest, "||"))
	if err != nil {
		return 0
	}
	return port
}
