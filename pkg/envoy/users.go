package envoy

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// users says which clusters HTTP routes and TCP filters send to: that decides
// whether an upstream is HTTP or TCP for the proxy.
type users struct {
	http, tcp map[string]bool
}

func newUsers() users { return users{http: map[string]bool{}, tcp: map[string]bool{}} }

// protocol tells how a cluster is used, or that nothing read so far uses it.
func (u users) protocol(cluster string) facts.Protocol {
	switch {
	case u.http[cluster] && u.tcp[cluster]:
		return facts.ProtocolMixed
	case u.http[cluster]:
		return facts.ProtocolHTTP
	case u.tcp[cluster]:
		return facts.ProtocolTCP
	}
	return facts.ProtocolUnknown
}

// routes notes the clusters of one RouteConfiguration. Envoy has route
// configurations only where an HTTP connection manager asked for them.
func (c *collector) routes(raw jsontext.Value) []string {
	w, err := decode[wireRoutes](raw)
	if err != nil {
		c.problem("a route configuration could not be decoded: " + wrongPart(err).Error())
		return nil
	}
	var found []string
	note := func(names ...string) {
		for _, n := range names {
			if n != "" {
				c.users.http[n] = true
				found = append(found, n)
			}
		}
	}
	mirrors := func(list []wireMirror) {
		for _, m := range list {
			note(m.Cluster)
		}
	}
	mirrors(w.Mirrors)
	for _, h := range w.Hosts {
		mirrors(h.Mirrors)
		for _, r := range h.Routes {
			note(r.Route.Cluster, r.Route.Mirror.Cluster)
			mirrors(r.Route.Mirrors)
			for _, n := range r.Route.Weighted.Clusters {
				note(n.Name)
			}
		}
	}
	return found
}

// filterKind names what a network filter does, by its type, or by its
// registered name where an old dump has a Struct and no type.
func filterKind(f wireFilter) (string, jsontext.Value) {
	if given(f.Typed) {
		typeURL, config, err := openAny(f.Typed)
		if err != nil {
			return "", nil
		}
		return lastPart(typeURL), config
	}
	switch strings.TrimPrefix(strings.TrimPrefix(f.Name, "envoy."), "filters.network.") {
	case "http_connection_manager":
		return "HttpConnectionManager", firstGiven(f.Config, f.HiddenConfig)
	case "tcp_proxy":
		return "TcpProxy", firstGiven(f.Config, f.HiddenConfig)
	}
	return "", firstGiven(f.Config, f.HiddenConfig)
}

// filterClusters notes the clusters that one network filter sends to, and
// returns them.
func (c *collector) filterClusters(f wireFilter) []string {
	kind, config := filterKind(f)
	if config == nil {
		return nil
	}
	switch kind {
	case "HttpConnectionManager":
		w, err := decode[wireHTTPManager](config)
		if err != nil || !given(w.Routes) {
			return nil
		}
		return c.routes(w.Routes)
	case "TcpProxy":
		w, err := decode[wireTCPProxy](config)
		if err != nil {
			c.problem("a tcp_proxy could not be decoded: " + wrongPart(err).Error())
			return nil
		}
		return c.tcpClusters(w)
	case "RedisProxy", "ThriftProxy", "DubboProxy", "MetaProtocolProxy", "GenericProxy":
		found := clusterMembers(config)
		for _, n := range found {
			c.users.tcp[n] = true
		}
		return found
	}
	return nil
}

func (c *collector) tcpClusters(w wireTCPProxy) []string {
	found := []string{w.Cluster}
	for _, n := range w.Weighted.Clusters {
		found = append(found, n.Name)
	}
	for _, r := range append(w.Deprecated.Routes, w.HiddenV1.Routes...) {
		found = append(found, r.Cluster)
	}
	for _, n := range found {
		if n != "" {
			c.users.tcp[n] = true
		}
	}
	return found
}
