package facts

import "testing"

var (
	sdsCA   = Validation{Present: true, CA: Source{Kind: SourceSDS, Name: "ROOTCA"}}
	fileCA  = Validation{Present: true, CA: Source{Kind: SourceFile, Name: "/ca.pem"}}
	emptyCA = Validation{Present: true, CA: Source{Kind: SourceNone}}
)

func tlsChain(v Validation, require bool) Chain {
	return Chain{TransportProtocol: "tls", Socket: Socket{Kind: SocketTLS, Validation: v}, RequireClientCert: require}
}

func plainChain(transport string, names ...string) Chain {
	return Chain{TransportProtocol: transport, ServerNames: names, Socket: Socket{Kind: SocketPlaintext}}
}

// TestMode walks the table of what Istio and others make of a port.
func TestMode(t *testing.T) {
	mtls, simple, optional := tlsChain(sdsCA, true), tlsChain(Validation{}, false), tlsChain(fileCA, false)
	cases := map[string]struct {
		chains  []Chain
		gateway bool
		want    Mode
	}{
		"no chains":                      {nil, false, ModeUnknown},
		"strict":                         {[]Chain{mtls, mtls}, false, ModeStrict},
		"strict, CA from a file":         {[]Chain{tlsChain(fileCA, true)}, false, ModeStrict},
		"permissive":                     {[]Chain{mtls, plainChain("raw_buffer"), plainChain("tls")}, false, ModePermissive},
		"permissive before 1.8":          {[]Chain{mtls, plainChain("")}, false, ModePermissive},
		"TLS of the application passes":  {[]Chain{mtls, plainChain("tls")}, false, ModePermissive},
		"disable":                        {[]Chain{plainChain("raw_buffer")}, false, ModeDisable},
		"disable before 1.8":             {[]Chain{plainChain("")}, false, ModeDisable},
		"passthrough only":               {[]Chain{plainChain("tls", "a.example")}, true, ModePassthrough},
		"passthrough, and plaintext":     {[]Chain{plainChain("tls", "a.example"), plainChain("raw_buffer")}, true, ModeDisable},
		"simple":                         {[]Chain{simple}, false, ModeSimple},
		"gateway simple":                 {[]Chain{simple}, true, ModeSimple},
		"gateway mutual":                 {[]Chain{mtls}, true, ModeMutual},
		"gateway optional":               {[]Chain{optional}, true, ModeOptionalMutual},
		"gateway optional, by name":      {[]Chain{tlsChain(Validation{Present: true, CA: fileCA.CA, SANs: []NameMatch{{Kind: "exact", Value: "a"}}}, false)}, true, ModeMutual},
		"gateway optional, pinned":       {[]Chain{tlsChain(Validation{Present: true, CA: fileCA.CA, Pins: 1}, false)}, true, ModeMutual},
		"untrusted, by name":             {[]Chain{tlsChain(Validation{Present: true, CA: fileCA.CA, SANs: []NameMatch{{Kind: "exact", Value: "a"}}, AcceptUntrusted: true}, false)}, true, ModeSimple},
		"gateway with another host":      {[]Chain{mtls, plainChain("", "pass.example")}, true, ModeMutual},
		"gateway, TLS of all passes":     {[]Chain{mtls, plainChain("tls")}, true, ModeMutual},
		"gateway, plaintext of all":      {[]Chain{mtls, plainChain("raw_buffer")}, true, ModePermissive},
		"the weakest counts":             {[]Chain{mtls, optional, simple}, true, ModeSimple},
		"optional weakens":               {[]Chain{mtls, optional}, true, ModeOptionalMutual},
		"required without a CA":          {[]Chain{tlsChain(Validation{}, true)}, false, ModeSimple},
		"required with an empty context": {[]Chain{tlsChain(emptyCA, true)}, true, ModeSimple},
		"required, names without a CA":   {[]Chain{tlsChain(Validation{Present: true, CA: Source{Kind: SourceNone}, SANs: []NameMatch{{Kind: "exact", Value: "a"}}}, true)}, false, ModeSimple},
		"pinned":                         {[]Chain{tlsChain(Validation{Present: true, Pins: 1}, true)}, true, ModeMutual},
		"SPIFFE validator":               {[]Chain{tlsChain(Validation{Present: true, CA: Source{Kind: SourceSPIFFE}}, true)}, false, ModeStrict},
		"untrusted is accepted":          {[]Chain{tlsChain(Validation{Present: true, CA: fileCA.CA, AcceptUntrusted: true}, true)}, false, ModeSimple},
		"unknown provider":               {[]Chain{tlsChain(Validation{Present: true, CA: Source{Kind: SourceOther}}, true)}, false, ModeUnknown},
		"CA does not parse":              {[]Chain{tlsChain(Validation{Present: true, CA: Source{Kind: SourceInline}, Problem: "x"}, true)}, false, ModeUnknown},
		"socket unknown":                 {[]Chain{mtls, {Socket: Socket{Kind: SocketUnknown}}}, false, ModeUnknown},
		"socket of another type":         {[]Chain{{Socket: Socket{Kind: SocketOther}}}, false, ModeUnknown},
		"zero chain":                     {[]Chain{{}}, false, ModeUnknown},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := Inbound{Gateway: c.gateway, Chains: c.chains}
			if got := in.Mode(nil); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestModeAndSecrets checks what the state and content of the CA's secret do.
func TestModeAndSecrets(t *testing.T) {
	in := Inbound{Chains: []Chain{tlsChain(sdsCA, true)}}
	good := &Validation{Present: true, CA: Source{Kind: SourceInline}, Inline: []Certificate{{Subject: "CN=root"}}}
	spire := &Validation{Present: true, CA: Source{Kind: SourceSPIFFE}}
	cases := map[string]struct {
		secrets []Secret
		want    Mode
	}{
		"no secrets in the dump":    {nil, ModeStrict},
		"another secret":            {[]Secret{{Name: "default", State: StateActive}}, ModeStrict},
		"waiting":                   {[]Secret{{Name: "ROOTCA", State: StateWarming, Empty: true}}, ModeStrict},
		"delivered":                 {[]Secret{{Name: "ROOTCA", State: StateActive, Validation: good}}, ModeStrict},
		"SPIRE":                     {[]Secret{{Name: "ROOTCA", State: StateActive, Validation: spire}}, ModeStrict},
		"delivered without a CA":    {[]Secret{{Name: "ROOTCA", State: StateActive, Validation: &emptyCA}}, ModeSimple},
		"one of two without a CA":   {[]Secret{{Name: "ROOTCA", State: StateActive, Validation: good}, {Name: "ROOTCA", State: StateActive, Validation: &emptyCA}}, ModeSimple},
		"a certificate, not a CA":   {[]Secret{{Name: "ROOTCA", State: StateActive, Chain: good.Inline}}, ModeSimple},
		"content that is not known": {[]Secret{{Name: "ROOTCA", State: StateActive, Problem: "could not be decoded"}}, ModeUnknown},
		"a CA that does not parse":  {[]Secret{{Name: "ROOTCA", State: StateStatic, Validation: &Validation{Present: true, CA: Source{Kind: SourceInline}}}}, ModeUnknown},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := in.Mode(&Proxy{Secrets: c.secrets}); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestModeNamesInSecret: names that the secret brings demand a certificate, too.
func TestModeNamesInSecret(t *testing.T) {
	in := Inbound{Gateway: true, Chains: []Chain{tlsChain(sdsCA, false)}}
	for state, want := range map[State]Mode{StateActive: ModeMutual, StateWarming: ModeOptionalMutual} {
		held := Validation{Present: true, CA: fileCA.CA, SANs: []NameMatch{{Kind: "exact", Value: "a"}}}
		if got := in.Mode(&Proxy{Secrets: []Secret{{Name: "ROOTCA", State: state, Validation: &held}}}); got != want {
			t.Errorf("%s: got %s, want %s", state, got, want)
		}
		held.SANs = nil
		if got := in.Mode(&Proxy{Secrets: []Secret{{Name: "ROOTCA", State: state, Validation: &held}}}); got != ModeOptionalMutual {
			t.Errorf("%s, no names: got %s", state, got)
		}
	}
}

// TestModeMergesSecret: a CA of the default context counts where the secret has none,
// and a secret that accepts anything makes the demand nothing.
func TestModeMergesSecret(t *testing.T) {
	own := sdsCA
	own.Default = Source{Kind: SourceFile, Name: "/ca"}
	lax := emptyCA
	lax.AcceptUntrusted = true
	for _, c := range []struct {
		context, secret Validation
		want            Mode
	}{{own, emptyCA, ModeStrict}, {sdsCA, emptyCA, ModeSimple}, {own, lax, ModeSimple}} {
		in := Inbound{Chains: []Chain{tlsChain(c.context, true)}}
		if got := in.Mode(&Proxy{Secrets: []Secret{{Name: "ROOTCA", State: StateActive, Validation: &c.secret}}}); got != c.want {
			t.Errorf("%+v with %+v: got %s, want %s", c.context, c.secret, got, c.want)
		}
	}
}

// TestModeOfOthers: a sidecar that takes clients of another CA than the mesh's is not STRICT, as far as that can be told.
func TestModeOfOthers(t *testing.T) {
	own := tlsChain(Validation{Present: true, CA: Source{Kind: SourceSDS, Name: "file-root:/ca"}}, true)
	spire := tlsChain(Validation{Present: true, CA: Source{Kind: SourceSPIFFE}}, true)
	mesh := []Secret{{Name: "ROOTCA", State: StateActive, Validation: &Validation{Present: true, CA: Source{Kind: SourceInline}, Inline: []Certificate{{}}}}}
	for _, c := range []struct {
		name    string
		chains  []Chain
		secrets []Secret
		want    Mode
	}{
		{"its own CA", []Chain{own}, mesh, ModeMutual},
		{"beside the mesh's", []Chain{tlsChain(sdsCA, true), own}, mesh, ModeMutual},
		{"a CA of a file", []Chain{tlsChain(fileCA, true)}, mesh, ModeMutual},
		{"the mesh's", []Chain{tlsChain(sdsCA, true)}, mesh, ModeStrict},
		{"SPIFFE", []Chain{spire}, mesh, ModeStrict},
		{"an identity of files", []Chain{own}, nil, ModeStrict},
		{"TLS of the application passes, too", []Chain{own, plainChain("tls")}, mesh, ModePermissive},
		{"plaintext, too", []Chain{own, plainChain("raw_buffer")}, mesh, ModePermissive},
	} {
		if got := (Inbound{Chains: c.chains}).Mode(&Proxy{Secrets: c.secrets}); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestSystemRootsDemandNothing: a server that would verify its clients with roots that Envoy does not have asks them for nothing.
func TestSystemRootsDemandNothing(t *testing.T) {
	in := Inbound{Chains: []Chain{{RequireClientCert: true, Socket: Socket{Kind: SocketTLS, Validation: Validation{Present: true, CA: Source{Kind: SourceSystem}}}}}}
	for envoy, want := range map[string]Mode{"1.39.3": ModeSimple, "1.41.0": ModeUnknown, "": ModeUnknown} {
		if got := in.Mode(&Proxy{Envoy: envoy}); got != want {
			t.Errorf("Envoy %q: %s, want %s", envoy, got, want)
		}
	}
}
