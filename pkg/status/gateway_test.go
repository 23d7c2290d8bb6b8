package status

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// throughGateway is a client whose calls to a host take an egress gateway; past is how the
// proxy uses the host's own cluster.
func throughGateway(past facts.Protocol) Input {
	const site, service, id = "www.example.com", "gw.egress.svc.cluster.local", "spiffe://cluster.local/ns/egress/sa/gw"
	labels := map[string]string{"istio": "egress"}
	it := intent.Intent{Recipe: intent.RecipeEgress, Name: "web", Namespace: "egress", Host: site, Ports: []intent.Port{{Number: 80, Protocol: intent.ProtocolHTTP}}, TLSPort: 443,
		Form: intent.FormVirtualService, Mode: intent.ModeSimple, SNI: site, SANs: []string{site}, ExportTo: []string{"shop"},
		Through: intent.Through{Service: service, Port: 443, Workload: labels, Identities: []string{id}}}
	mesh := facts.Source{Kind: facts.SourceSDS, Name: "ROOTCA"}
	client := &facts.Proxy{Target: facts.Target{Namespace: "shop", Pod: "web-1", Container: "istio-proxy", Labels: map[string]string{"app": "web"}}, Missing: map[facts.Fact]string{}, Upstreams: []facts.Upstream{
		{Cluster: "outbound|443|web|" + service, Direction: "outbound", Host: service, Port: 443, Subset: "web", State: facts.StateActive, Type: "EDS", Protocol: facts.ProtocolHTTP, EndpointsKnown: true,
			Endpoints: []facts.Endpoint{{Address: "10.0.0.7:8443"}}, Socket: facts.Socket{Kind: facts.SocketTLS, SNI: site, Cert: facts.Source{Kind: facts.SourceSDS, Name: "default"},
				Validation: facts.Validation{Present: true, CA: mesh, SANs: []facts.NameMatch{{Kind: "exact", Value: id}}}}},
		{Cluster: "outbound|80||" + site, Direction: "outbound", Host: site, Port: 80, State: facts.StateActive, Type: "STRICT_DNS", Protocol: past, EndpointsKnown: true,
			Endpoints: []facts.Endpoint{{Address: "10.9.9.9:80"}}, Socket: facts.Socket{Kind: facts.SocketPlaintext}},
	}}
	gateway := &facts.Proxy{Node: facts.Node{Kind: facts.NodeRouter}, Target: facts.Target{Namespace: "egress", Pod: "gw-1", Container: "istio-proxy", Gateway: true, Labels: labels}, Missing: map[facts.Fact]string{}, Inbound: []facts.Inbound{{Port: 8443, Gateway: true,
		Chains: []facts.Chain{{TransportProtocol: "tls", ServerNames: []string{site}, RequireClientCert: true, Socket: facts.Socket{Kind: facts.SocketTLS, Validation: facts.Validation{Present: true, CA: mesh}}}}}}}
	return Input{Intents: it.Hops(), Config: &facts.Config{RootNamespace: "istio-system", Rules: []facts.Rule{
		{Object: facts.Ref{Kind: "DestinationRule", Namespace: "egress", Name: "web"}, Host: site, Port: 443, HasTLS: true, Policy: true, Mode: "SIMPLE", ExportTo: []string{"."}, Selector: labels, Owner: "web"}}},
		Services: []facts.Service{
			{Object: facts.Ref{Kind: "Service", Namespace: "egress", Name: "gw"}, Hosts: []string{service}, Selector: labels, Ports: []facts.Port{{Number: 443, Target: 8443}}},
			{Object: facts.Ref{Kind: "ServiceEntry", Namespace: "egress", Name: "web"}, Hosts: []string{site}, External: true, ExportTo: []string{"shop", "."}, Ports: []facts.Port{{Number: 80, Target: 80, Protocol: "HTTP"}}},
		},
		Seen: []Seen{{Client: true, Peer: check.Peer{Pod: facts.Pod{Target: client.Target, IPs: []string{"10.0.0.6"}}, Proxy: client}},
			{Peer: check.Peer{Pod: facts.Pod{Target: gateway.Target, IPs: []string{"10.0.0.7"}}, Proxy: gateway}}}}
}

// TestHopToTheGateway: what the two ends of the hop to a gateway are not known to be is no OK of it.
func TestHopToTheGateway(t *testing.T) {
	for why, do := range map[string]func(in *Input){
		"is not mutual TLS of the mesh alone":   func(in *Input) { cluster(in).Socket = plainSocket() },
		"accepts is not known to be mutual TLS": func(in *Input) { in.Seen[1].Proxy.Inbound[0].Chains[0].RequireClientCert = false },
		"go past the gateway is not known":      func(in *Input) { in.Seen[0].Proxy.Missing[facts.FactRoutes] = "not in the dump" },
	} {
		in := throughGateway(facts.ProtocolUnknown)
		do(&in)
		if r := Of(in)[1]; r.Subset != "web" || r.Verdict != check.VerdictUnknown || r.Outcome != check.Unknown || !strings.Contains(strings.Join(r.Why, "\n"), why) {
			t.Errorf("%s of %s: %s, %s, %q; want UNKNOWN, %s", r.Subset, r.Host, r.Verdict, r.Outcome, r.Why, why)
		}
	}
}

// The way to a gateway is only as good as it is taken: where a route leads past it, its row
// and the host's both fail, however well its two ends fit.
func TestWayToTheGateway(t *testing.T) {
	for name, c := range map[string]struct {
		past          facts.Protocol
		gateway, host check.Verdict
		why           string
	}{
		"taken": {facts.ProtocolUnknown, check.VerdictOK, check.VerdictNotJudged, "to gateway gw.egress"},
		"past":  {facts.ProtocolHTTP, check.VerdictPlaintext, check.VerdictPlaintext, "go past the gateway"},
	} {
		rows := map[string]Row{}
		for _, r := range Of(throughGateway(c.past)) {
			rows[r.Host+"/"+r.Subset] = r
		}
		gateway, host := rows["gw.egress.svc.cluster.local/web"], rows["www.example.com/"]
		if gateway.Verdict != c.gateway || host.Verdict != c.host || !strings.Contains(strings.Join(host.Why, " "), c.why) {
			t.Errorf("%s: gateway %s %q, host %s %q", name, gateway.Verdict, gateway.Why, host.Verdict, host.Why)
		}
	}
}

// TestIdleAtGateway: a gateway has a cluster for every host that it sees, and sends nothing to those that its routes do not lead to.
func TestIdleAtGateway(t *testing.T) {
	router := func(in *Input) { in.Seen[0].Proxy.Node.Kind = facts.NodeRouter }
	for name, c := range map[string]struct {
		do   func(in *Input)
		want check.Verdict
	}{
		"a gateway without a route":         {router, check.VerdictNotJudged},
		"a gateway that a header tells":     {func(in *Input) { router(in); in.Seen[0].Proxy.AnyCluster = "the cluster that header x names" }, check.VerdictUnknown},
		"a gateway whose routes lead there": {func(in *Input) { router(in); cluster(in).Protocol = facts.ProtocolHTTP }, check.VerdictPlaintext},
		"a gateway of unknown routes":       {func(in *Input) { router(in); in.Seen[0].Proxy.Missing[facts.FactRoutes] = "not in the dump" }, check.VerdictPlaintext},
		"a gateway that starts":             {func(in *Input) { router(in); in.Seen[0].Proxy.Starting = true }, check.VerdictPlaintext},
		"a listener that was not read": {func(in *Input) {
			router(in)
			cluster(in).Listeners = []facts.Outbound{{Listener: "0.0.0.0_80", Unread: "of a shape that is not known"}}
		}, check.VerdictPlaintext},
		"a sidecar": {func(in *Input) {}, check.VerdictPlaintext},
	} {
		in := throughGateway(facts.ProtocolUnknown)
		in.Intents, in.Config.Rules = nil, nil
		in.Services, in.Seen[0].Proxy.Upstreams = in.Services[1:], in.Seen[0].Proxy.Upstreams[1:]
		c.do(&in)
		if r := Of(in)[0]; r.Verdict != c.want {
			t.Errorf("%s: %s %q, want %s", name, r.Verdict, r.Why, c.want)
		}
	}
}
