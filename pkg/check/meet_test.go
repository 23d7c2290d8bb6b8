package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestMeet walks the whole truth table; a pair that is not in it must be Unknown.
func TestMeet(t *testing.T) {
	modes := []facts.Mode{facts.ModeStrict, facts.ModePermissive, facts.ModeDisable, ModeNone, facts.ModeUnknown, "", facts.ModeSimple, facts.ModeOptionalMutual, facts.ModeMutual, "ELSE"}
	want := map[Sends]string{
		SendsMesh:    "OK OK CONFLICT CONFLICT UNKNOWN UNKNOWN MAY_CONFLICT MAY_CONFLICT MAY_CONFLICT UNKNOWN",
		SendsPlain:   "CONFLICT PLAINTEXT PLAINTEXT PLAINTEXT UNKNOWN UNKNOWN CONFLICT CONFLICT CONFLICT UNKNOWN",
		SendsSimple:  "CONFLICT CONFLICT CONFLICT MAY_CONFLICT UNKNOWN UNKNOWN MAY_CONFLICT MAY_CONFLICT CONFLICT UNKNOWN",
		SendsMutual:  "MAY_CONFLICT CONFLICT CONFLICT MAY_CONFLICT UNKNOWN UNKNOWN MAY_CONFLICT MAY_CONFLICT MAY_CONFLICT UNKNOWN",
		SendsUnknown: "UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN",
	}
	for sends, row := range want {
		for i, word := range strings.Fields(row) {
			got, why := Meet(sends, Accepts{Mode: modes[i]})
			if strings.ReplaceAll(got.String(), " ", "_") != word {
				t.Errorf("%q to %q: %s (%s), want %s", sends, modes[i], got, why, word)
			}
			if why == "" && got != VerdictOK {
				t.Errorf("%q to %q: %s without a reason", sends, modes[i], got)
			}
		}
	}
}

// TestMeetUnopened: TLS of the application passes a port that hands it on, which is
// never so where mutual TLS of the mesh is demanded.
func TestMeetUnopened(t *testing.T) {
	for _, c := range []struct {
		sends Sends
		mode  facts.Mode
		want  Verdict
	}{
		{SendsSimple, facts.ModePermissive, VerdictMayConflict}, {SendsMutual, facts.ModeDisable, VerdictMayConflict},
		{SendsSimple, facts.ModeStrict, VerdictConflict}, {SendsMesh, facts.ModeDisable, VerdictConflict}, {SendsPlain, facts.ModeStrict, VerdictConflict},
	} {
		if got, why := Meet(c.sends, Accepts{Mode: c.mode, OpensNo: true}); got != c.want {
			t.Errorf("%s to %s: %s (%s), want %s", c.sends, c.mode, got, why, c.want)
		}
	}
}

// TestMeetFirst: a server that speaks first is not reached through a sidecar that waits for the client to begin.
func TestMeetFirst(t *testing.T) {
	for _, c := range []struct {
		sends     Sends
		mode      facts.Mode
		port      facts.Port
		container int
		want      Verdict
		told      bool
	}{
		{SendsPlain, facts.ModePermissive, facts.Port{Number: 80, Protocol: "MYSQL"}, 9999, VerdictPlaintext, true},
		{SendsPlain, facts.ModePermissive, facts.Port{Number: 3307, Protocol: "TCP"}, 3306, VerdictPlaintext, true},
		{SendsPlain, facts.ModePermissive, facts.Port{Number: 3307, Protocol: "TCP"}, 3307, VerdictPlaintext, false},
		{SendsPlain, facts.ModeDisable, facts.Port{Number: 3306, Protocol: "MYSQL"}, 3306, VerdictPlaintext, false},
		{SendsPlain, facts.ModeStrict, facts.Port{Number: 3306, Protocol: "MYSQL"}, 3306, VerdictConflict, false},
		{SendsMesh, facts.ModePermissive, facts.Port{Number: 3306, Protocol: "MYSQL"}, 3306, VerdictOK, false},
		{SendsMesh, facts.ModePermissive, facts.Port{Number: 3306}, 3306, VerdictOK, false},
		{SendsMesh, facts.ModeStrict, facts.Port{Number: 13306}, 3306, VerdictMayConflict, true},
		{SendsMesh, facts.ModeStrict, facts.Port{Number: 13306, Protocol: "TCP"}, 3306, VerdictOK, false},
		{SendsMesh, facts.ModeStrict, facts.Port{Number: 8080}, 8080, VerdictOK, false},
	} {
		if got, why := Meet(c.sends, Accepts{Mode: c.mode}.Speaking(c.port, c.container)); got != c.want || strings.Contains(why, "speaks first") != c.told {
			t.Errorf("%s to %s %+v, container port %d: %s (%s), want %s", c.sends, c.mode, c.port, c.container, got, why, c.want)
		}
	}
}

func TestJoin(t *testing.T) {
	ok, part, plain, may, con, un, not := VerdictOK, VerdictPartial, VerdictPlaintext, VerdictMayConflict, VerdictConflict, VerdictUnknown, VerdictNotJudged
	for _, c := range []struct {
		in   []Verdict
		want Verdict
	}{
		{nil, not}, {[]Verdict{not}, not}, {[]Verdict{ok, not}, ok}, {[]Verdict{ok, plain}, part}, {[]Verdict{plain, plain}, plain}, {[]Verdict{ok, part}, part},
		{[]Verdict{ok, un, may}, un}, {[]Verdict{con, un}, con}, {[]Verdict{plain, may}, may}, {[]Verdict{ok, plain, con}, con},
	} {
		if got := Join(c.in); got != c.want {
			t.Errorf("%v: %s, want %s", c.in, got, c.want)
		}
	}
	if Verdict(0) != VerdictUnknown || Verdict(99).String() != "UNKNOWN" {
		t.Error("the zero verdict must be Unknown")
	}
}

// meshSocket is what Istio makes of mutual TLS.
func meshSocket() facts.Socket {
	return facts.Socket{Kind: facts.SocketTLS, Cert: facts.Source{Kind: facts.SourceSDS, Name: "default"},
		Validation: facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSDS, Name: "ROOTCA"}}}
}

func TestSendsOf(t *testing.T) {
	own := meshSocket()
	own.Cert.Name = "file-cert:a~b"
	simple := meshSocket()
	simple.Cert = facts.Source{Kind: facts.SourceNone}
	old := own
	old.ALPN = []string{"istio"}
	foggy := meshSocket()
	foggy.Cert = facts.Source{}
	for name, c := range map[string]struct {
		k    facts.Socket
		want Sends
	}{
		"mesh": {meshSocket(), SendsMesh}, "own pair": {own, SendsMutual}, "no pair": {simple, SendsSimple}, "files of an old mesh": {old, SendsMesh},
		"plain": {facts.Socket{Kind: facts.SocketPlaintext}, SendsPlain}, "tunnel": {facts.Socket{Kind: facts.SocketOther, TypeURL: "x"}, SendsUnknown},
		"zero": {facts.Socket{}, SendsUnknown}, "pair not read": {foggy, SendsUnknown},
	} {
		if got, why := SendsOf(c.k); got != c.want || (got == SendsUnknown) != (why != "") {
			t.Errorf("%s: %q (%s), want %q", name, got, why, c.want)
		}
	}
}

// peer is a pod with a sidecar that has this port.
func peer(in ...facts.Inbound) Peer {
	target := facts.Target{Namespace: "shop", Pod: "db-1", Container: "istio-proxy", Annotations: map[string]string{}}
	return Peer{Pod: facts.Pod{Target: target, IPs: []string{"10.0.0.9"}}, Proxy: &facts.Proxy{Target: target, Inbound: in, Missing: map[facts.Fact]string{}}}
}

func TestAcceptsOf(t *testing.T) {
	with := func(do func(p *Peer)) Peer {
		p := peer(inboundPort(0, facts.ModePermissive), inboundPort(3306, facts.ModeStrict))
		do(&p)
		return p
	}
	for _, c := range []struct {
		name string
		p    Peer
		port int
		want facts.Mode
		why  string
	}{
		{"own chains", with(func(*Peer) {}), 3306, facts.ModeStrict, ""},
		{"the rest", with(func(*Peer) {}), 80, facts.ModePermissive, ""},
		{"no listener", peer(), 80, "", "no inbound listener"},
		{"no sidecar", with(func(p *Peer) { p.Pod.Target.Container, p.Proxy = "", nil }), 80, ModeNone, "no sidecar"},
		{"ambient", with(func(p *Peer) { p.Pod.Target.Container, p.Pod.Ambient = "", true }), 80, "", "ambient"},
		{"not read", with(func(p *Peer) { p.Proxy, p.Err = nil, "timeout" }), 80, "", "timeout"},
		{"listeners missing", with(func(p *Peer) { p.Proxy.Missing[facts.FactListeners] = "forbidden" }), 80, "", "forbidden"},
		{"excluded", with(func(p *Peer) { p.Pod.Target.Annotations[excludeInbound] = "80, 3306" }), 3306, ModeNone, excludeInbound},
		{"not included", with(func(p *Peer) { p.Pod.Target.Annotations[includeInbound] = "80" }), 3306, ModeNone, includeInbound},
		{"all included", with(func(p *Peer) { p.Pod.Target.Annotations[includeInbound] = "*" }), 3306, facts.ModeStrict, ""},
		{"none included", with(func(p *Peer) { p.Pod.Target.Annotations[includeInbound] = "" }), 3306, ModeNone, includeInbound},
		{"nothing captured", with(func(p *Peer) { p.Pod.Target.Annotations[interception] = "NONE" }), 3306, "", "captures nothing"},
		{"chains not decoded", peer(inboundPort(80, facts.ModeUnknown)), 80, facts.ModeUnknown, "could not be judged"},
		{"a gateway's listener", with(func(p *Peer) { p.Proxy.Inbound[1].Gateway = true }), 3306, facts.ModePermissive, ""},
	} {
		got := AcceptsOf(c.p, c.port)
		if got.Mode != c.want || !strings.Contains(got.Why, c.why) || c.why == "" && got.Why != "" {
			t.Errorf("%s: %q (%s), want %q (%s)", c.name, got.Mode, got.Why, c.want, c.why)
		}
	}
}
