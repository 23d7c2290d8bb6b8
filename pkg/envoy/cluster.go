package envoy

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// cluster decodes one cluster. One that cannot be decoded becomes an upstream
// whose socket is unknown; the dump goes on.
func (c *collector) cluster(raw jsontext.Value, state facts.State) *facts.Upstream {
	w, err := decode[wireCluster](raw)
	if err != nil {
		return c.brokenCluster(raw, state, wrongPart(err))
	}
	if w.Name == "" {
		c.lose("a cluster without a name was left out")
		return nil
	}
	u := &facts.Upstream{
		Cluster: w.Name, StatName: firstOf(w.AltStatName, w.ObservabilityName, w.Name), State: state,
		Type:     firstOf(w.ClusterType.Name, w.Type.in(clusterTypes), "STATIC"), // proto JSON leaves out STATIC, the zero value
		External: w.Metadata.Filter.Istio.External,
		Rule:     ruleRef(w.Metadata.Filter.Istio.Config),
		TLSAsked: w.Metadata.Filter.Istio.ALPN == "false",
	}
	splitName(u)
	c.httpOptions(w, u)
	c.sockets(w, u)
	c.clusterEndpoints(w, u)
	return u
}

// httpOptions reads what Envoy's HTTP router takes from the request: the newer place
// is an extension's message, which counts where there is one (Envoy:
// ClusterInfoImpl, createOptions).
func (c *collector) httpOptions(w wireCluster, u *facts.Upstream) {
	o := w.HTTPOptions
	if given(w.Options.HTTP) {
		_, config, err := openAny(w.Options.HTTP)
		if err == nil {
			var inner wireUpstreamHTTP
			inner, err = decode[wireUpstreamHTTP](config)
			o = inner.Upstream
		}
		if err != nil {
			c.problem("the HTTP options of a cluster could not be decoded: " + wrongPart(err).Error())
		}
	}
	u.AutoSNI, u.AutoSAN = o.AutoSNI, o.AutoSAN
	if h := strings.ToLower(o.Header); h != ":authority" && h != "host" {
		u.NameHeader = h
	}
}

// sockets fills the cluster's own socket and those per endpoint.
func (c *collector) sockets(w wireCluster, u *facts.Upstream) {
	if typeURL, composed := w.ClusterType.composed(); composed {
		u.Socket, u.Members = facts.Socket{Kind: facts.SocketOther, TypeURL: typeURL}, w.ClusterType.members()
		return
	}
	u.Socket, _ = c.socket(w.Socket, firstGiven(w.TLSContext, w.HiddenTLSContext))
	if given(w.Matcher) {
		u.Socket = unknownSocket(facts.Socket{}, "the cluster picks its socket by transport_socket_matcher, which is not evaluated here")
		return
	}
	if len(w.Matches) > maxMatches {
		u.Problem = fmt.Sprintf("it has more than %d sockets to choose from", maxMatches)
		u.Socket = unknownSocket(facts.Socket{}, u.Problem)
		return
	}
	for _, m := range w.Matches {
		s := unknownSocket(facts.Socket{}, "a choice among the sockets names none, which Envoy refuses")
		if given(m.Socket) {
			s, _ = c.socket(m.Socket, nil)
		}
		s.Name, s.Match = m.Name, m.Match
		u.Matches = append(u.Matches, s)
	}
}

// brokenCluster keeps what can be kept of a cluster: its name.
func (c *collector) brokenCluster(raw jsontext.Value, state facts.State, why error) *facts.Upstream {
	name := nameOf(raw)
	if name == "" {
		c.lose("a cluster could not be decoded: " + why.Error())
		return nil
	}
	u := &facts.Upstream{Cluster: name, StatName: name, State: state, Problem: "the cluster could not be decoded: " + why.Error()}
	u.Socket = unknownSocket(facts.Socket{}, u.Problem)
	splitName(u)
	return u
}

// clusterEndpoints takes the endpoints that the cluster itself names. For EDS
// they come from the endpoints section, joined later by the name kept here.
func (c *collector) clusterEndpoints(w wireCluster, u *facts.Upstream) {
	if w.EDS.ServiceName != "" && w.EDS.ServiceName != w.Name {
		c.edsNames[w.Name] = w.EDS.ServiceName
	}
	if u.Type == "EDS" {
		return // whatever else it names (Envoy: EdsClusterImpl)
	}
	u.Endpoints = c.assignment(w.LoadAssignment)
	for _, h := range append(w.Hosts, w.HiddenHosts...) {
		u.Endpoints = append(u.Endpoints, facts.Endpoint{Address: h.String()})
	}
	u.EndpointsKnown = len(u.Endpoints) > 0
}
