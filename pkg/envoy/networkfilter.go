package envoy

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

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

// leading is where one network filter sends to.
type leading struct {
	clusters []string
	http     bool   // it reads HTTP
	routes   string // route configuration that an HTTP manager asks for
	why      string // why where it sends to is not known, "" where it is
}

// filterClusters notes the clusters that one network filter sends to, and
// returns them.
func (c *collector) filterClusters(f wireFilter) leading {
	kind, config := filterKind(f)
	if config == nil {
		return leading{http: kind == "HttpConnectionManager"}
	}
	switch kind {
	case "HttpConnectionManager":
		w, err := decode[wireHTTPManager](config)
		routes := firstGiven(w.Routes, w.Value.Routes)
		if err != nil || routes == nil {
			return leading{http: true, routes: w.RDS.Name}
		}
		return leading{http: true, clusters: c.routes(routes)}
	case "TcpProxy":
		w, err := decode[wireTCPProxy](config)
		if err != nil {
			c.problem("a tcp_proxy could not be decoded: " + wrongPart(err).Error())
			return leading{}
		}
		return leading{clusters: c.tcpClusters(w)}
	case "RedisProxy", "ThriftProxy", "DubboProxy", "MetaProtocolProxy", "GenericProxy":
		found := clusterMembers(config)
		for _, n := range found {
			c.users.tcp[n] = true
		}
		return leading{clusters: found}
	}
	return leading{why: steered(f)}
}

func (c *collector) tcpClusters(w wireTCPProxy) []string {
	found := []string{w.Cluster}
	for _, n := range w.Weighted.Clusters {
		found = append(found, n.Name)
	}
	old, err := decode[wireTCPDeprecatedV1](w.Deprecated)
	if err != nil && w.Deprecated.Kind() == '{' {
		c.problem("the routes of a tcp_proxy could not be decoded: " + wrongPart(err).Error())
	}
	for _, r := range slices.Concat(old.Routes, w.HiddenV1.Routes, w.Value.Routes.Routes) {
		found = append(found, r.Cluster)
	}
	for _, n := range found {
		if n != "" {
			c.users.tcp[n] = true
		}
	}
	c.users.together(found)
	return found
}
