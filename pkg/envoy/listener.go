package envoy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// listener is what is kept of one listener until the whole dump is read: only
// then is it known what kind of proxy this is.
type listener struct {
	name      string
	port      int
	more      []int  // of its other addresses
	direction string // INBOUND, OUTBOUND or ""
	state     facts.State
	internal  bool // listens inside Envoy, or on no port
	capture   bool // takes redirected connections for other ports
	hands     bool // hands them to the listeners of those ports, as its name or its configuration says
	passes    bool // its configuration says so
	bound     bool // false: never accepts by itself
	broken    bool // could not be decoded
	chains    []chain
}

type chain struct {
	facts.Chain
	port      int      // destination_port; 0 for any
	blackhole bool     // sends to Istio's BlackHoleCluster or its like: takes nothing
	fallback  bool     // default_filter_chain: takes what no chain matches, on any port
	clusters  []string // that its filters name: none where HTTP routes are kept apart
	match     facts.ChainMatch
	routes    string // route configuration of its HTTP manager
	why       string // why where it leads is not known
}

// listener decodes one listener, and notes which clusters its filters use.
func (c *collector) listener(raw jsontext.Value, state facts.State) *listener {
	w, err := decode[wireListener](raw)
	if err != nil {
		return c.brokenListener(raw, state, wrongPart(err))
	}
	l := &listener{name: w.Name, port: int(w.Address.Socket.Port), direction: w.Direction.in(directions), state: state, bound: true}
	l.internal = given(w.Internal) || w.Address.Socket.Address == ""
	l.passes = w.UseOriginal || w.HiddenUse
	l.capture = l.passes || w.Name == "virtualInbound" || w.Name == "virtualOutbound"
	l.hands = l.capture
	inspects := false
	for _, f := range w.Filters {
		kind, _ := filterKind(f) // the name is anybody's choice where there is a type
		l.capture = l.capture || strings.HasSuffix(f.Name, ".original_dst") || kind == "OriginalDst"
		inspects = inspects || strings.HasSuffix(f.Name, "http_inspector") || kind == "HttpInspector"
	}
	for _, b := range []*bool{w.BindToPort, w.Deprecated.BindToPort} {
		l.bound = l.bound && (b == nil || *b)
	}
	toInbound := false
	o := facts.Outbound{Listener: l.name, Address: w.Address.Socket.Address, Port: l.port, Inspects: inspects}
	c.alsoAt(l, &o, w.More)
	if len(w.Chains) > maxChains {
		return c.brokenListener(raw, state, fmt.Errorf("more than %d filter chains", maxChains))
	}
	for _, one := range w.Chains {
		wc, err := decode[wireChain](one)
		if err == nil && !given(one) {
			err = errors.New("a filter chain is null")
		}
		if err != nil {
			return c.brokenListener(raw, state, wrongPart(err))
		}
		ch, in := c.chain(wc)
		toInbound = toInbound || in
		o.Clusters = append(o.Clusters, ch.clusters...)
		l.chains = append(l.chains, ch)
	}
	all := l.chains
	if given(w.Matcher) {
		l.chains, o.Chooses = matched(slices.Clone(l.chains)), "filter_chain_matcher"
	}
	if w.DefaultChain != nil {
		ch, in := c.chain(*w.DefaultChain)
		toInbound, ch.fallback, ch.port = toInbound || in, true, 0
		o.Clusters = append(o.Clusters, ch.clusters...)
		l.chains, all = append(l.chains, ch), append(slices.Clip(all), ch)
	}
	l.guessDirection(toInbound)
	c.noteOutbound(l, o, all)
	c.noteUnknown(l)
	return l
}

// alsoAt notes the other addresses of a listener.
func (c *collector) alsoAt(l *listener, o *facts.Outbound, more []wireAlso) {
	for _, a := range more {
		o.Also = append(o.Also, a.Address.Socket.Address)
		switch p := int(a.Address.Socket.Port); {
		case p == 0 || p == l.port || slices.Contains(l.more, p):
		case len(l.more) == maxMore:
			c.problem(fmt.Sprintf("of a listener with more than %d ports the others were left out", maxMore))
		default:
			l.more = append(l.more, p)
		}
	}
}

// guessDirection is for listeners that say none: Istio's before 1.5, and HBONE's.
func (l *listener) guessDirection(toInbound bool) {
	switch {
	case l.direction == "INBOUND" || l.direction == "OUTBOUND":
	case toInbound || l.name == "virtualInbound" || l.name == "connect_terminate":
		l.direction = "INBOUND"
	default:
		l.direction = namedDirection(l.name)
	}
}

// namedDirection reads the direction out of the names of control planes that told it nowhere else in their early days: AWS
// App Mesh (user guide, envoy.html: lds_DIRECTION_ADDRESS_PORT), Consul (agent/xds/listeners.go: PublicListenerName), Kuma
// (pkg/xds/envoy/names: GetInboundListenerName).
func namedDirection(listener string) string {
	for _, one := range []struct{ start, direction string }{
		{"lds_ingress_", "INBOUND"}, {"public_listener:", "INBOUND"}, {"inbound:", "INBOUND"}, {"lds_egress_", "OUTBOUND"}, {"outbound:", "OUTBOUND"},
	} {
		if strings.HasPrefix(listener, one.start) {
			return one.direction
		}
	}
	return ""
}

// matched is for a listener whose filter_chain_matcher picks the chain: Envoy looks at no
// filter_chain_match then (ListenerImpl, FilterChainManagerImpl::findFilterChain). Where the
// chains are not all of one kind of socket, which of them a port gets is not known.
func matched(chains []chain) []chain {
	for i := range chains {
		if chains[i].Socket.Kind != chains[0].Socket.Kind || chains[i].RequireClientCert != chains[0].RequireClientCert {
			return []chain{{Chain: facts.Chain{Socket: unknownSocket(facts.Socket{}, "the listener picks its chains by filter_chain_matcher, which is not evaluated here")}}}
		}
		chains[i].TransportProtocol, chains[i].ALPN, chains[i].ServerNames, chains[i].port = "", nil, nil, 0
	}
	return chains
}

// chain decodes one filter chain. The second result tells that it sends to a
// cluster which Istio named inbound.
func (c *collector) chain(w wireChain) (chain, bool) {
	ch := chain{Chain: facts.Chain{
		Name: w.Name, TransportProtocol: w.Match.Transport, ALPN: w.Match.ALPN, ServerNames: w.Match.Names,
	}}
	if w.Match.Port != nil {
		ch.port = int(*w.Match.Port)
	}
	ch.Socket, ch.RequireClientCert = c.socket(w.Socket, firstGiven(w.TLSContext, w.HiddenTLSContext))
	inbound, ends := false, len(w.Filters) == 0
	for _, f := range w.Filters {
		to := c.filterClusters(f)
		ends = ends || to.ends
		ch.HTTP = ch.HTTP || to.http
		for _, name := range to.clusters {
			ch.clusters = append(ch.clusters, name)
			inbound = inbound || strings.HasPrefix(name, "inbound|")
		}
		ch.routes, ch.why = firstOf(ch.routes, to.routes), firstOf(ch.why, to.why)
	}
	if !ends && ch.why == "" && ch.routes == "" && firstOf(ch.clusters...) == "" {
		ch.why = "none of its network filters is known to lead anywhere: " + filterNames(w.Filters)
	}
	ch.match, ch.why = w.Match.facts(ch.why)
	ch.blackhole = len(ch.clusters) == 1 && isBlackhole(ch.clusters[0])
	return ch, inbound
}

// isBlackhole tells Istio's name for the cluster that drops connections, in all its
// spellings. A service may have such a name too; its cluster's name has parts then.
func isBlackhole(cluster string) bool {
	return strings.Contains(strings.ToLower(cluster), "blackhole") && !strings.ContainsAny(cluster, "|./")
}

// brokenListener keeps a listener that cannot be decoded as one whose mode is
// unknown: on its port, or on all where not even that is told.
func (c *collector) brokenListener(raw jsontext.Value, state facts.State, why error) *listener {
	c.problem("a listener could not be decoded: " + why.Error())
	has, err := decode[struct {
		Name      jsontext.Value `json:"name"`
		Address   jsontext.Value `json:"address"`
		Direction jsontext.Value `json:"traffic_direction"`
	}](raw)
	if err != nil {
		c.unreadListener("", "a listener could not be decoded")
		return nil
	}
	name, _ := decode[string](has.Name)
	address, _ := decode[wireAddress](has.Address)
	direction, _ := decode[enum](has.Direction)
	l := &listener{name: name, port: int(address.Socket.Port), direction: direction.in(directions), state: state, bound: true, broken: true}
	if name == "virtualInbound" {
		l.direction = "INBOUND"
	}
	problem := "the listener could not be decoded: " + why.Error()
	l.chains = []chain{{Chain: facts.Chain{Socket: unknownSocket(facts.Socket{}, problem)}}}
	c.noteOutbound(l, facts.Outbound{Listener: name, Address: address.Socket.Address, Port: l.port, Unread: problem}, nil)
	return l
}

// unreadListener notes a listener of which nothing is known: it may take any call.
func (c *collector) unreadListener(name, why string) {
	c.noteOutbound(&listener{name: name, state: facts.StateActive}, facts.Outbound{Listener: name, Unread: why}, nil)
}
