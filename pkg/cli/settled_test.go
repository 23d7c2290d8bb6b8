package cli

import (
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// A client is ready when every cluster that a rule is about sends mutual TLS, the one that serves and the one that
// waits; a server is open when no port demands what no policy does. What was not read is neither.
func TestSettled(t *testing.T) {
	mutual := facts.Socket{Kind: facts.SocketTLS, ALPN: []string{"istio"}}
	plain := facts.Socket{Kind: facts.SocketPlaintext}
	strict := facts.Inbound{Port: 8080, Chains: []facts.Chain{{TransportProtocol: "tls", Socket: facts.Socket{Kind: facts.SocketTLS, Validation: facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceFile, Name: "/ca"}}}, RequireClientCert: true}}}
	open := facts.Inbound{Port: 8080, Chains: []facts.Chain{{TransportProtocol: "raw_buffer", Socket: plain}}}
	rule := facts.Rule{Object: facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: "strict"}, Host: "*.shop.svc.cluster.local", Policy: true, HasTLS: true, Mode: "ISTIO_MUTUAL"}
	policy := facts.Policy{Object: facts.Ref{Kind: "PeerAuthentication", Namespace: "shop", Name: "strict"}, Mode: facts.ModeStrict}
	cluster := func(socket facts.Socket, state facts.State, host string) facts.Upstream {
		return facts.Upstream{Cluster: "outbound|80||" + host, Direction: "outbound", Host: host, Port: 80, State: state, Socket: socket}
	}
	const front = "front.shop.svc.cluster.local"
	for name, c := range map[string]struct {
		proxy   facts.Proxy
		config  facts.Config
		is      func(check.Input) error
		settled bool
	}{
		"the client has it":           {facts.Proxy{Upstreams: []facts.Upstream{cluster(mutual, facts.StateActive, front), cluster(plain, facts.StateActive, "else.other.svc.cluster.local")}}, facts.Config{Rules: []facts.Rule{rule}}, sendsAsRuled, true},
		"the client has not":          {facts.Proxy{Upstreams: []facts.Upstream{cluster(plain, facts.StateActive, front)}}, facts.Config{Rules: []facts.Rule{rule}}, sendsAsRuled, false},
		"it waits, the old one calls": {facts.Proxy{Upstreams: []facts.Upstream{cluster(mutual, facts.StateWarming, front), cluster(plain, facts.StateActive, front)}}, facts.Config{Rules: []facts.Rule{rule}}, sendsAsRuled, false},
		"clusters were not read":      {facts.Proxy{Missing: map[facts.Fact]string{facts.FactClusters: "refused"}}, facts.Config{Rules: []facts.Rule{rule}}, sendsAsRuled, false},
		"the server is open":          {facts.Proxy{Inbound: []facts.Inbound{open}}, facts.Config{}, takesAsRuled, true},
		"the server is not yet":       {facts.Proxy{Inbound: []facts.Inbound{strict}}, facts.Config{}, takesAsRuled, false},
		"what it takes is unknown":    {facts.Proxy{Inbound: []facts.Inbound{{Port: 8080}}}, facts.Config{}, takesAsRuled, false},
		"another policy is strict":    {facts.Proxy{Inbound: []facts.Inbound{strict}}, facts.Config{Policies: []facts.Policy{policy}}, takesAsRuled, true},
		"listeners were not read":     {facts.Proxy{Missing: map[facts.Fact]string{facts.FactListeners: "refused"}}, facts.Config{}, takesAsRuled, false},
	} {
		c.proxy.Target, c.config.RootNamespace = facts.Target{Namespace: "shop", Pod: "x", Labels: map[string]string{}}, "istio-system"
		if err := c.is(check.Input{Proxy: &c.proxy, Config: &c.config}); (err == nil) != c.settled {
			t.Errorf("%s: %v", name, err)
		}
	}
}
