package envoy

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// endpoints decodes one ClusterLoadAssignment of the endpoints section.
func (c *collector) endpoints(raw jsontext.Value) error {
	w, err := decode[wireAssignment](raw)
	if err != nil {
		c.problem("the endpoints of a cluster could not be decoded: " + wrongPart(err).Error())
		return nil
	}
	if w.Cluster == "" {
		return nil
	}
	found := c.assignment(w)
	if c.count += len(found); c.count > maxEndpoints {
		return errTooMany
	}
	c.eds[w.Cluster] = append(c.eds[w.Cluster], found...)
	if c.eds[w.Cluster] == nil {
		c.eds[w.Cluster] = []facts.Endpoint{}
	}
	return nil
}

// assignment flattens localities, whose metadata is kept beside each endpoint's own.
func (c *collector) assignment(w wireAssignment) []facts.Endpoint {
	var out []facts.Endpoint
	for _, l := range w.Endpoints {
		for _, e := range l.LBEndpoints {
			out = append(out, facts.Endpoint{
				Address: e.Endpoint.Address.String(), Hostname: e.Endpoint.Hostname, Health: firstOf(e.Health.in(healths), "UNKNOWN"),
				Match: e.Metadata.Filter.Match, Locality: l.Metadata.Filter.Match,
			})
		}
	}
	return out
}

// joinEndpoints puts the endpoints section's hosts into the upstreams: it shows
// resolved addresses and match metadata, so it wins over the cluster's own.
func (c *collector) joinEndpoints() {
	for i := range c.upstreams {
		u := &c.upstreams[i]
		name := firstOf(c.edsNames[u.Cluster], u.Cluster)
		found, ok := c.eds[name]
		if !ok || u.State == facts.StateWarming {
			continue // the section shows active clusters only
		}
		u.Endpoints, u.EndpointsKnown = append([]facts.Endpoint(nil), found...), true
	}
}
