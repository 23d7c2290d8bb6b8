package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// istioSocket is what istiod gives an upstream (cluster_tls.go defaultUpstreamCommonTLSContext).
func istioSocket(in *Input) *facts.Socket {
	k := sock(in)
	k.MinTLS, k.MaxTLS = "TLSv1_2", "TLSv1_3"
	in.Proxy.TLSLibrary = "BoringSSL"
	return k
}

func policyCases() []sabotage {
	ask := func(p TLSPolicy, do func(in *Input, k *facts.Socket)) func(*testing.T, *Input) {
		return func(_ *testing.T, in *Input) {
			in.Policy = p
			do(in, istioSocket(in))
		}
	}
	inbound := func(p TLSPolicy, do func(in *Input, k *facts.Socket)) func(*testing.T, *Input) {
		return func(_ *testing.T, in *Input) {
			in.Policy = p
			k := facts.Socket{Kind: facts.SocketTLS, MinTLS: "TLSv1_2", MaxTLS: "TLSv1_3"}
			in.Proxy.TLSLibrary = "BoringSSL"
			do(in, &k)
			in.Proxy.Inbound = append(in.Proxy.Inbound, facts.Inbound{Port: 8443, Gateway: true, Listener: "0.0.0.0_8443", Chains: []facts.Chain{{Socket: k}}})
		}
	}
	v13, fips, pqc := TLSPolicy{MinTLS: "TLSv1_3"}, TLSPolicy{Name: "fips"}, TLSPolicy{Name: "pqc"}
	none := func(*Input, *facts.Socket) {}
	return []sabotage{
		{"min 1.3, Istio's own", ask(v13, none), "MT026", Fail, "lowest version TLS 1.2"},
		{"min 1.3, Envoy's default tops at 1.2", ask(v13, func(_ *Input, k *facts.Socket) { k.MinTLS, k.MaxTLS = "", "" }), "MT026", Fail, "highest version TLS 1.2 (default of Envoy 1.39"},
		{"min 1.2, old TLS allowed", ask(TLSPolicy{MinTLS: "TLSv1_2"}, func(_ *Input, k *facts.Socket) { k.MinTLS = "TLSv1_0" }), "MT026", Fail, "TLS 1.0"},
		{"min 1.2, Envoy unknown", ask(TLSPolicy{MinTLS: "TLSv1_2"}, func(in *Input, k *facts.Socket) { k.MinTLS, in.Proxy.Envoy = "", "" }), "MT026", Unknown, "default of Envoy unknown is not known"},
		{"min 1.2, version of the future", ask(TLSPolicy{MinTLS: "TLSv1_2"}, func(_ *Input, k *facts.Socket) { k.MaxTLS = "TLSv1_4" }), "MT026", Unknown, "highest version"},
		{"fips, plain BoringSSL", ask(fips, none), "MT026", Fail, "not a build for FIPS"},
		{"fips, plain BoringSSL: ciphers of TLS 1.3", ask(fips, none), "MT026", Fail, "TLS 1.3 takes ChaCha20-Poly1305 too"},
		{"fips, ChaCha20", ask(fips, func(in *Input, _ *facts.Socket) { in.Proxy.TLSLibrary = "BoringSSL-FIPS" }), "MT026", Fail, "CHACHA20"},
		{"fips, library unknown", ask(fips, func(in *Input, k *facts.Socket) {
			in.Proxy.TLSLibrary, k.Ciphers, k.Curves = "", fipsCiphers, []string{"P-256"}
		}), "MT026", Unknown, "validated for FIPS"},
		{"pqc, classic key exchange", ask(pqc, func(_ *Input, k *facts.Socket) { k.MinTLS = "TLSv1_3" }), "MT026", Fail, "X25519, P-256"},
		{"pqc, may fall back", ask(pqc, func(_ *Input, k *facts.Socket) { k.MinTLS, k.Curves = "TLSv1_3", []string{"X25519MLKEM768", "X25519"} }), "MT026", Fail, "key exchange X25519 ("},
		{"pqc, newer Envoy", ask(pqc, func(in *Input, k *facts.Socket) { k.MinTLS, in.Proxy.Envoy = "TLSv1_3", "1.41.0" }), "MT026", Unknown, "default of Envoy 1.41 is not known"},
		{"pqc, OpenSSL", ask(pqc, func(in *Input, k *facts.Socket) { k.MinTLS, in.Proxy.TLSLibrary = "TLSv1_3", "OpenSSL" }), "MT026", Unknown, "OpenSSL"},
		{"a compliance policy for something else", ask(pqc, func(_ *Input, k *facts.Socket) { k.Compliance = []string{"FIPS_202205"} }), "MT026", Unknown, "FIPS_202205"},
		{"compliance overrules the lowest version", ask(v13, func(_ *Input, k *facts.Socket) { k.MinTLS, k.Compliance = "TLSv1_3", []string{"FIPS_202205"} }), "MT026", Fail, "compliance policy FIPS_202205"},
		{"compliance, lowest version unknown", ask(v13, func(_ *Input, k *facts.Socket) { k.Compliance = []string{"CNSA1_202603"} }), "MT026", Unknown, "lowest version of compliance policy CNSA1_202603"},
		{"compliance, lowest version and name", ask(TLSPolicy{Name: "fips", MinTLS: "TLSv1_3"}, func(_ *Input, k *facts.Socket) { k.Compliance = []string{"FIPS_202205"} }), "MT026", Fail, "policy FIPS_202205"},
		{"inbound: min 1.3", inbound(v13, none), "MT027", Fail, "gateway's port 8443"},
		{"inbound: min 1.3, what to set", inbound(v13, none), "MT027", Fail, "\nkubectl get gateways.networking.istio.io -A   # edit the one whose server has port 8443: tls.minProtocolVersion"},
		{"inbound: min 1.3, a sidecar's rest of ports", func(t *testing.T, in *Input) {
			inbound(v13, none)(t, in)
			in.Proxy.Inbound[0].Port, in.Proxy.Inbound[0].Gateway = 0, false
		}, "MT027", Fail, "connections to ports without chains of their own"},
		{"inbound: not read", inbound(v13, func(in *Input, _ *facts.Socket) { lacks(in, facts.FactListeners) }), "MT027", Unknown, "not known"},
		{"inbound: server's default of 1.21", inbound(TLSPolicy{MinTLS: "TLSv1_2"}, func(in *Input, k *facts.Socket) { k.MinTLS, in.Proxy.Envoy = "", "1.21.6" }), "MT027", Fail, "TLS 1.0"},
		{"inbound: damaged", inbound(v13, func(_ *Input, k *facts.Socket) { k.Kind = facts.SocketUnknown }), "MT027", Unknown, "could not be read"},
	}
}

// TestPolicyKept: what keeps to a policy is OK, and says from where it is known.
func TestPolicyKept(t *testing.T) {
	for _, c := range []struct {
		name string
		p    TLSPolicy
		do   func(in *Input, k *facts.Socket)
		got  string
	}{
		{"1.2", TLSPolicy{MinTLS: "TLSv1_2"}, func(*Input, *facts.Socket) {}, "from TLSv1_2 (tls_params)"},
		{"1.2 by Envoy's default", TLSPolicy{MinTLS: "TLSv1_2"}, func(_ *Input, k *facts.Socket) { k.MinTLS, k.MaxTLS = "", "" }, "default of Envoy 1.39, envoy: api"},
		{"1.3", TLSPolicy{MinTLS: "TLSv1_3"}, func(_ *Input, k *facts.Socket) { k.MinTLS = "TLSv1_3" }, "a probe negotiated TLS 1.3"},
		{"pqc as Istio enforces it", TLSPolicy{Name: "pqc"}, func(_ *Input, k *facts.Socket) { k.MinTLS, k.Curves = "TLSv1_3", []string{"X25519MLKEM768"} }, ""},
		{"fips-140-2 as Istio enforces it", TLSPolicy{Name: "fips"}, func(in *Input, k *facts.Socket) {
			in.Proxy.TLSLibrary, k.MaxTLS, k.Ciphers = "BoringSSL-FIPS", "TLSv1_2", fipsCiphers
		}, ""},
		{"1.2 by compliance", TLSPolicy{MinTLS: "TLSv1_2"}, func(_ *Input, k *facts.Socket) { k.MinTLS, k.Compliance = "TLSv1_0", []string{"FIPS_202205"} }, ""},
		{"1.3 by compliance", TLSPolicy{MinTLS: "TLSv1_3", Name: "pqc"}, func(_ *Input, k *facts.Socket) { k.Compliance = []string{"CNSA2_202603"} }, ""},
		{"fips-140-3 as Istio enforces it", TLSPolicy{Name: "fips"}, func(_ *Input, k *facts.Socket) { k.Compliance = []string{"FIPS_202205"} }, ""},
	} {
		in := healthy(t)
		in.Policy = c.p
		c.do(&in, istioSocket(&in))
		fs := byID(Run(All(), in), "MT026")
		if Worst(fs) != OK || !strings.Contains(fs[0].Got, c.got) {
			t.Errorf("%s: %+v", c.name, fs)
		}
	}
	in := healthy(t)
	if fs := append(byID(Run(All(), in), "MT026"), byID(Run(All(), in), "MT027")...); len(fs) != 0 {
		t.Errorf("nothing was demanded: %+v", fs)
	}
}

// TestOffer: a probe offers what the socket says, and for the rest the default of the release; what a compliance policy
// leaves is not known.
func TestOffer(t *testing.T) {
	for _, c := range []struct {
		envoy, library  string
		k               facts.Socket
		most            string
		ciphers, groups int
	}{
		{"1.39.3", "BoringSSL", facts.Socket{}, "TLSv1_2", 6, 2},
		{"", "", facts.Socket{MaxTLS: "TLSv1_3"}, "TLSv1_3", 6, 2},
		{"1.39.3", "BoringSSL-FIPS", facts.Socket{Ciphers: fipsCiphers}, "TLSv1_2", 4, 1},
		{"1.12.0", "BoringSSL", facts.Socket{}, "", 0, 0},
		{"1.39.3", "BoringSSL", facts.Socket{MaxTLS: "TLSv1_2", Compliance: []string{"FIPS_202205"}}, "", 0, 0},
	} {
		got := OfferOf(&facts.Proxy{Envoy: c.envoy, TLSLibrary: c.library}, c.k)
		if got.MaxTLS != c.most || len(got.Ciphers) != c.ciphers || len(got.Curves) != c.groups {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}
