package status

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// truth is the table of verdicts (docs/status.md; the proposal at the end of 2.2 of the facts on Istio), every combination: what
// the server's PeerAuthentication says, or that it has no sidecar (bare); the client's DestinationRule, or that there is none, with
// auto mTLS or without; then the verdict for a port declared HTTP and for one declared TCP. The facts of a row are made as Istio
// makes them (3.6 and 3.7 there). TestTruthTable in e2e walks the same rows on a live mesh.
const truth = `
STRICT     auto         OK           OK
STRICT     off          CONFLICT     CONFLICT
STRICT     DISABLE      CONFLICT     CONFLICT
STRICT     SIMPLE       CONFLICT     CONFLICT
STRICT     MUTUAL       MAY_CONFLICT MAY_CONFLICT
STRICT     ISTIO_MUTUAL OK           OK
STRICT     HBONE        OK           OK
PERMISSIVE auto         OK           OK
PERMISSIVE off          PLAINTEXT    PLAINTEXT
PERMISSIVE DISABLE      PLAINTEXT    PLAINTEXT
PERMISSIVE SIMPLE       CONFLICT     MAY_CONFLICT
PERMISSIVE MUTUAL       CONFLICT     MAY_CONFLICT
PERMISSIVE ISTIO_MUTUAL OK           OK
PERMISSIVE HBONE        OK           OK
DISABLE    auto         PLAINTEXT    PLAINTEXT
DISABLE    off          PLAINTEXT    PLAINTEXT
DISABLE    DISABLE      PLAINTEXT    PLAINTEXT
DISABLE    SIMPLE       CONFLICT     MAY_CONFLICT
DISABLE    MUTUAL       CONFLICT     MAY_CONFLICT
DISABLE    ISTIO_MUTUAL CONFLICT     CONFLICT
DISABLE    HBONE        OK           OK
unset      auto         OK           OK
unset      off          PLAINTEXT    PLAINTEXT
unset      DISABLE      PLAINTEXT    PLAINTEXT
unset      SIMPLE       CONFLICT     MAY_CONFLICT
unset      MUTUAL       CONFLICT     MAY_CONFLICT
unset      ISTIO_MUTUAL OK           OK
unset      HBONE        OK           OK
bare       auto         PLAINTEXT    PLAINTEXT
bare       off          PLAINTEXT    PLAINTEXT
bare       DISABLE      PLAINTEXT    PLAINTEXT
bare       SIMPLE       MAY_CONFLICT MAY_CONFLICT
bare       MUTUAL       MAY_CONFLICT MAY_CONFLICT
bare       ISTIO_MUTUAL CONFLICT     CONFLICT
ambient    auto         UNKNOWN      UNKNOWN
ambient    HBONE        UNKNOWN      UNKNOWN
mixed      auto         PARTIAL      PARTIAL
mixed      off          CONFLICT     CONFLICT
mixed      DISABLE      CONFLICT     CONFLICT
mixed      ISTIO_MUTUAL CONFLICT     CONFLICT
`

// plainTruth is the same for a client that has no sidecar: what plaintext would meet, if it calls.
const plainTruth = "STRICT refused, PERMISSIVE let in, DISABLE let in, unset let in, bare let in, ambient unknown, mixed refused"

// TestTruthTable walks the table row by row.
func TestTruthTable(t *testing.T) {
	for line := range strings.Lines(strings.TrimSpace(truth)) {
		words := strings.Fields(line)
		for i, protocol := range []string{"HTTP", "TCP"} {
			in := met(words[0], words[1], protocol)
			got := Of(in)[0]
			if strings.ReplaceAll(got.Verdict.String(), " ", "_") != words[2+i] {
				t.Errorf("server %s, client %s, port %s: %s %q, want %s", words[0], words[1], protocol, got.Verdict, got.Why, words[2+i])
			}
		}
	}
	for _, row := range strings.Split(plainTruth, ", ") {
		server, want, _ := strings.Cut(row, " ")
		in := met(server, "off", "HTTP")
		in.Seen = append(in.Seen, Seen{Peer: check.Peer{Pod: facts.Pod{Target: facts.Target{Namespace: "shop", Pod: "cron"}}}, Bare: true})
		p := PlainOf(in, Of(in))
		if got := map[string][]Row{"refused": p.Refused, "let in": p.LetIn, "unknown": p.Unknown}[want]; len(got) != 1 {
			t.Errorf("server %s, client without sidecar: %+v, want it %s", server, p, want)
		}
	}
}

// met puts a server and a client together as Istio configures them.
func met(server, client, protocol string) Input {
	in := shop()
	in.Services[0].Ports[0].Protocol = protocol
	in.Services[0].Ports[0].Number, cluster(&in).Port, cluster(&in).Cluster = 80, 80, "outbound|80||"+dbHost
	cluster(&in).Listeners = leadTo(cluster(&in).Cluster, 80)
	endpoint := &cluster(&in).Endpoints[0]
	endpoint.Hosts, endpoint.Address, in.Seen[1].Pod.Ports["mysql"] = nil, "10.0.0.9:8080", 8080 // never called
	in.Seen[1].Proxy.Inbound[1] = taking(facts.Mode(server), protocol)
	in.Seen[1].Proxy.Inbound = append(in.Seen[1].Proxy.Inbound, facts.Inbound{Port: 15008, Chains: []facts.Chain{{RequireClientCert: true, Socket: meshSocket()}}})
	switch server {
	case "unset":
		in.Seen[1].Proxy.Inbound[1] = taking(facts.ModePermissive, protocol)
	case "bare":
		plainPod(&in)
		endpoint.Match = nil
	case "ambient":
		plainPod(&in)
		in.Seen[1].Pod.Ambient, endpoint.Match = true, nil
	case "mixed":
		in.Seen[1].Proxy.Inbound[1] = taking(facts.ModeStrict, protocol)
		in.Seen = append(in.Seen, Seen{Peer: check.Peer{Pod: facts.Pod{Target: facts.Target{Namespace: "shop", Pod: "db-2", Labels: map[string]string{"app": "db"}}, IPs: []string{"10.0.0.10"}, Ports: map[string]int{"mysql": 8080}}}})
		cluster(&in).Endpoints = append(cluster(&in).Endpoints, facts.Endpoint{Address: "10.0.0.10:8080"})
	case "DISABLE":
		endpoint.Match = nil // istiod does not label it tlsMode: istio (mtls_checker.go)
	}
	sending(&in, client)
	return in
}

// taking are the chains of container port 8080.
func taking(mode facts.Mode, protocol string) facts.Inbound {
	in := inbound(8080, mode)
	for i := range in.Chains {
		in.Chains[i].HTTP = protocol == "HTTP"
	}
	if mode == facts.ModePermissive {
		in.Chains[0].ALPN = []string{"istio-http/1.0", "istio-http/1.1", "istio-h2"}
		if protocol == "TCP" {
			in.Chains[0].ALPN = []string{"istio-peer-exchange", "istio"}
			in.Chains = append(in.Chains, facts.Chain{TransportProtocol: "tls", Socket: plainSocket()})
		}
	}
	return in
}

// sending makes the client's cluster.
func sending(in *Input, client string) {
	rule(in, client)
	own := meshSocket()
	switch client {
	case "auto":
		in.Config.Rules = nil
	case "off":
		in.Config.Rules = nil
		sends(in, plainSocket())
	case "DISABLE":
		sends(in, plainSocket())
	case "SIMPLE":
		own.Cert = facts.Source{Kind: facts.SourceNone}
		sends(in, own)
	case "MUTUAL":
		own.Cert.Name = "file-cert:/cert~/key"
		sends(in, own)
	case "ISTIO_MUTUAL":
		sends(in, own)
	case "HBONE":
		in.Config.Rules = nil
		own.Name, own.Match, own.Through = "hbone", map[string]any{"tunnel": "http"}, "connect_originate"
		u := cluster(in)
		u.Matches = append([]facts.Socket{own}, u.Matches...)
		u.Endpoints[0].Match, u.Endpoints[0].Address = map[string]any{"tunnel": "http"}, "envoy://connect_originate/"+u.Endpoints[0].Address
	}
}
