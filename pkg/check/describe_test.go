package check

import (
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestInboundMode: the filter chains that Istio writes for each mode.
func TestInboundMode(t *testing.T) {
	socket := func(cert string, ca facts.Source) facts.Socket {
		return facts.Socket{Kind: facts.SocketTLS, Cert: facts.Source{Kind: facts.SourceSDS, Name: cert}, Validation: facts.Validation{Present: ca.Kind != "", CA: ca}}
	}
	rootCA := facts.Source{Kind: facts.SourceSDS, Name: "ROOTCA"}
	nobody := facts.Source{Kind: facts.SourceNone}
	strict := facts.Chain{TransportProtocol: "tls", Socket: socket("default", rootCA), RequireClientCert: true}
	simple := facts.Chain{TransportProtocol: "tls", Socket: socket("web", facts.Source{})}
	optional := facts.Chain{TransportProtocol: "tls", Socket: socket("web", facts.Source{Kind: facts.SourceFile, Name: "/ca"})}
	mutual := facts.Chain{TransportProtocol: "tls", Socket: socket("web", facts.Source{Kind: facts.SourceFile, Name: "/ca"}), RequireClientCert: true}
	toothless := facts.Chain{TransportProtocol: "tls", Socket: socket("default", nobody), RequireClientCert: true}
	raw := facts.Chain{TransportProtocol: "raw_buffer", Socket: facts.Socket{Kind: facts.SocketPlaintext}}
	old := facts.Chain{Socket: facts.Socket{Kind: facts.SocketPlaintext}}
	passthrough := facts.Chain{TransportProtocol: "tls", Socket: facts.Socket{Kind: facts.SocketPlaintext}}
	odd := facts.Chain{Socket: facts.Socket{Kind: facts.SocketOther, TypeURL: "x"}}
	for _, c := range []struct {
		name    string
		gateway bool
		chains  []facts.Chain
		want    facts.Mode
	}{
		{"strict", false, []facts.Chain{strict, strict}, facts.ModeStrict},
		{"permissive on TCP", false, []facts.Chain{strict, passthrough, raw}, facts.ModePermissive},
		{"permissive before 1.8", false, []facts.Chain{strict, old}, facts.ModePermissive},
		{"disabled", false, []facts.Chain{raw}, facts.ModeDisable},
		{"passthrough only", false, []facts.Chain{passthrough}, facts.ModeUnknown},
		{"no chain", false, nil, facts.ModeUnknown},
		{"a socket that is not known", false, []facts.Chain{strict, odd}, facts.ModeUnknown},
		{"a socket that could not be read", false, []facts.Chain{{}}, facts.ModeUnknown},
		{"ingress TLS of a sidecar", false, []facts.Chain{simple}, facts.ModeSimple},
		{"ingress mutual TLS of a sidecar", false, []facts.Chain{mutual}, facts.ModeMutual},
		{"gateway simple", true, []facts.Chain{simple}, facts.ModeSimple},
		{"gateway mutual", true, []facts.Chain{mutual}, facts.ModeMutual},
		{"gateway istio mutual", true, []facts.Chain{strict}, facts.ModeMutual},
		{"gateway optional", true, []facts.Chain{optional}, facts.ModeOptionalMutual},
		{"gateway, the weakest server counts", true, []facts.Chain{mutual, simple}, facts.ModeSimple},
		{"gateway http", true, []facts.Chain{old}, facts.ModeDisable},
		{"a certificate is required and no CA is there", false, []facts.Chain{toothless}, facts.ModeSimple},
	} {
		if got := InboundMode(&facts.Proxy{}, facts.Inbound{Gateway: c.gateway, Chains: c.chains}); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestNameChecked agrees with MT006 in every case.
func TestNameChecked(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(in *Input)
		want Answer
		sni  Answer
	}{
		{"names", func(*Input) {}, Yes, Yes},
		{"no names on TCP", func(in *Input) { sock(in).Validation.SANs = nil; sock(in).SNI = "" }, No, No},
		{"auto on HTTP", func(in *Input) { auto(in, facts.ProtocolHTTP) }, Yes, Yes},
		{"auto on TCP", func(in *Input) { auto(in, facts.ProtocolTCP) }, No, No},
		{"auto, no listener seen", func(in *Input) { auto(in, facts.ProtocolUnknown) }, NotKnown, NotKnown},
		{"no CA", func(in *Input) { sock(in).Validation.CA = facts.Source{Kind: facts.SourceNone} }, No, Yes},
		{"pins", func(in *Input) { sock(in).Validation.SANs = nil; sock(in).Validation.Pins = 1 }, Yes, Yes},
		{"auto_sni_san_validation", func(in *Input) { sock(in).Validation.SANs = nil; sock(in).AutoSNISAN = true }, Yes, Yes},
		{"auto_host_sni", func(in *Input) { sock(in).SNI = ""; sock(in).AutoHostSNI = true }, Yes, Yes},
	} {
		in := healthy(t)
		c.do(&in)
		s := Subjects(in)[0]
		got, how := NameChecked(in, s, *sock(&in))
		if got != c.want || how == "" {
			t.Errorf("%s: %s (%s), want %s", c.name, got, how, c.want)
		}
		if sent := SNISent(s, *sock(&in)); sent != c.sni {
			t.Errorf("%s: sni sent %s, want %s", c.name, sent, c.sni)
		}
		if ok := Worst(byID(Run(All(), in), "MT006")) == OK; ok && got != Yes && c.name != "no CA" {
			t.Errorf("%s: MT006 is OK, the table says %s", c.name, got)
		}
	}
}

func auto(in *Input, p facts.Protocol) {
	sock(in).Validation.SANs, sock(in).SNI = nil, ""
	up(in).AutoSNI, up(in).AutoSAN, up(in).Protocol = true, true, p
}

// TestCompleted: no counter is not zero.
func TestCompleted(t *testing.T) {
	in := healthy(t)
	if done, failed, known := Completed(Subjects(in)[0]); done != 3 || failed != 0 || !known {
		t.Errorf("%d %d %v", done, failed, known)
	}
	up(&in).Endpoints[0].Hosts = nil
	if _, _, known := Completed(Subjects(in)[0]); known {
		t.Error("counters out of nothing")
	}
	if _, _, known := Completed(Subject{}); known {
		t.Error("counters of no cluster")
	}
	if (Answer(0)).String() != "unknown" || Yes.String() != "yes" || No.String() != "no" {
		t.Error("words")
	}
}
