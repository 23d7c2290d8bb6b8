package status

import (
	"fmt"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const (
	dbHost  = "db.shop.svc.cluster.local"
	outHost = "redis.example.internal"
)

func clock() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC) }

func meshSocket() facts.Socket {
	return facts.Socket{Name: "tlsMode-istio", Match: map[string]any{"tlsMode": "istio"}, Kind: facts.SocketTLS, Cert: facts.Source{Kind: facts.SourceSDS, Name: "default"},
		Validation: facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSDS, Name: "ROOTCA"}, SANs: []facts.NameMatch{{Kind: "exact", Value: "spiffe://cluster.local/ns/shop/sa/db"}}}}
}

func plainSocket() facts.Socket { return facts.Socket{Kind: facts.SocketPlaintext} }

// inbound makes a port as Istio makes it for a mode.
func inbound(port int, mode facts.Mode) facts.Inbound {
	tls := facts.Chain{TransportProtocol: "tls", RequireClientCert: true, Socket: meshSocket()}
	raw := facts.Chain{TransportProtocol: "raw_buffer", Socket: plainSocket()}
	return facts.Inbound{Port: port, Chains: map[facts.Mode][]facts.Chain{facts.ModeStrict: {tls}, facts.ModePermissive: {tls, raw}, facts.ModeDisable: {raw}}[mode]}
}

func pod(name, app, ip string) Seen {
	t := facts.Target{Namespace: "shop", Pod: name, Container: "istio-proxy", Labels: map[string]string{"app": app}, Annotations: map[string]string{}}
	p := &facts.Proxy{Target: t, Node: facts.Node{Kind: facts.NodeSidecar}, Missing: map[facts.Fact]string{},
		Inbound: []facts.Inbound{inbound(0, facts.ModePermissive), inbound(3306, facts.ModePermissive)},
		Secrets: []facts.Secret{{Name: "default", State: facts.StateActive}, {Name: "ROOTCA", State: facts.StateActive, Validation: &facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceInline}, Inline: []facts.Certificate{{Subject: "CN=root", NotBefore: clock().AddDate(-1, 0, 0), NotAfter: clock().AddDate(9, 0, 0)}}}}}}
	return Seen{Peer: check.Peer{Pod: facts.Pod{Target: t, IPs: []string{ip}, Ports: map[string]int{"mysql": 3306}}, Proxy: p}, Client: true}
}

// auto is the cluster that auto mTLS makes, with one endpoint that takes TLS.
func auto() facts.Upstream {
	return facts.Upstream{Cluster: "outbound|3306||" + dbHost, Direction: "outbound", Host: dbHost, Port: 3306, State: facts.StateActive, Type: "EDS", Protocol: facts.ProtocolTCP,
		Matches: []facts.Socket{meshSocket(), {Name: "tlsMode-disabled", Kind: facts.SocketPlaintext}}, EndpointsKnown: true, Listeners: leadTo("outbound|3306||"+dbHost, 3306),
		Endpoints: []facts.Endpoint{{Address: "10.0.0.9:3306", Match: map[string]any{"tlsMode": "istio"}, Hosts: &facts.HostCounters{Total: 2, Requests: 2}}}}
}

// leadTo are the listeners of a cluster that takes all calls to a port.
func leadTo(cluster string, port int) []facts.Outbound {
	return []facts.Outbound{{Listener: fmt.Sprintf("0.0.0.0_%d", port), Address: "0.0.0.0", Port: port, Clusters: []string{cluster}}}
}

// shop is a namespace in order: web calls db, both with sidecars, without policies.
func shop() Input {
	web, db := pod("web-1", "web", "10.0.0.8"), pod("db-1", "db", "10.0.0.9")
	db.Client = false
	web.Proxy.Upstreams = []facts.Upstream{auto()}
	service := facts.Service{Object: facts.Ref{Kind: "Service", Namespace: "shop", Name: "db"}, Hosts: []string{dbHost}, Selector: map[string]string{"app": "db"},
		Ports: []facts.Port{{Number: 3306, TargetName: "mysql", Protocol: "MYSQL"}}}
	return Input{Config: &facts.Config{RootNamespace: "istio-system", Services: []facts.Service{service}}, Services: []facts.Service{service},
		Seen: []Seen{web, db}, Now: clock(), Warn: time.Hour}
}

// helpers that reach into it.
func cluster(in *Input) *facts.Upstream { return &in.Seen[0].Proxy.Upstreams[0] }
func serverIs(in *Input, m facts.Mode)  { in.Seen[1].Proxy.Inbound[1] = inbound(3306, m) }
func sends(in *Input, k facts.Socket) {
	k.Match = nil
	cluster(in).Matches, cluster(in).Socket = nil, k
}
func policy(in *Input, m facts.Mode) {
	in.Config.Policies = []facts.Policy{{Object: facts.Ref{Kind: "PeerAuthentication", Namespace: "shop", Name: "default"}, Mode: m}}
}
func rule(in *Input, mode string) {
	in.Config.Rules = []facts.Rule{{Object: facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: "db"}, Host: "db", Policy: true, HasTLS: true, Mode: mode}}
}

// plainPod takes the server's sidecar away.
func plainPod(in *Input) { in.Seen[1].Pod.Target.Container, in.Seen[1].Proxy = "", nil }
