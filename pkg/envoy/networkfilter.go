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
		if isStruct(typeURL) {
			return namedKind(f.Name), config
		}
		return lastPart(typeURL), config
	}
	return namedKind(f.Name), firstGiven(f.Config, f.HiddenConfig)
}

// namedKind is what the registered name alone tells.
func namedKind(name string) string {
	switch strings.TrimPrefix(strings.TrimPrefix(name, "envoy."), "filters.network.") {
	case "http_connection_manager":
		return "HttpConnectionManager"
	case "tcp_proxy":
		return "TcpProxy"
	}
	return ""
}

// leading is where one network filter sends to.
type leading struct {
	clusters []string
	http     bool   // it reads HTTP
	routes   string // route configuration that an HTTP manager asks for
	ends     bool   // it answers or closes by itself what it does not send to a cluster
	why      string // why where it sends to is not known, "" where it is
}

// filterClusters notes the clusters that one network filter sends to, and
// returns them.
func (c *collector) filterClusters(f wireFilter) leading {
	kind, config := filterKind(f)
	switch kind {
	case "HttpConnectionManager":
		return c.httpManager(config)
	case "TcpProxy":
		w, err := decode[wireTCPProxy](config)
		if err != nil {
			c.problem("a tcp_proxy could not be decoded: " + wrongPart(err).Error())
			return leading{why: "a tcp_proxy could not be decoded"}
		}
		return leading{clusters: c.tcpClusters(w)}
	case "RedisProxy", "ThriftProxy", "DubboProxy", "MetaProtocolProxy", "GenericProxy":
		found := c.clusterMembers(config)
		for _, n := range found {
			c.users.tcp[n] = true
		}
		c.users.together(found) // by key or method, with weights, or as copies
		return leading{clusters: found}
	}
	return leading{why: steered(f), ends: answers(f)}
}

// httpManager notes where an HTTP connection manager sends to. Routes that name no cluster answer by themselves.
func (c *collector) httpManager(config jsontext.Value) leading {
	w, err := decode[wireHTTPManager](config)
	if err != nil {
		c.problem("an HTTP connection manager could not be decoded: " + wrongPart(err).Error())
		return leading{http: true, routes: w.RDS.Name, why: "an HTTP connection manager could not be decoded"}
	}
	if routes := firstGiven(w.Routes, w.Value.Routes); routes != nil {
		to, err := c.routes(routes)
		if err != nil {
			return leading{http: true, why: "the routes of an HTTP connection manager could not be decoded"}
		}
		return leading{http: true, clusters: to, ends: true}
	}
	return leading{http: true, routes: w.RDS.Name}
}

// answers tells network filters that end a connection by themselves (Envoy: the filters direct_response and echo).
func answers(f wireFilter) bool {
	typeURL, _, err := openAny(f.Typed)
	return err == nil && (strings.Contains(typeURL, ".network.direct_response.") || strings.Contains(typeURL, ".network.echo."))
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
