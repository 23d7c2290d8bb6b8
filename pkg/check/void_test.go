package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestRuleOfNoPort: a rule's TLS for a port that the host does not have does nothing; where it is the port behind one of the
// host's own, which gets plaintext, it was meant for that.
func TestRuleOfNoPort(t *testing.T) {
	behind := func(in *Input) { in.Config.Services[0].Ports[0].Target = 8443 }
	plainly := func(in *Input) { behind(in); up(in).Socket = facts.Socket{Kind: facts.SocketPlaintext} }
	own := func(in *Input) *facts.Rule { return &in.Config.Rules[len(in.Config.Rules)-1] }
	for name, c := range map[string]struct {
		odd  func(*Input)
		want Outcome
		text string
	}{
		"another port":             {func(*Input) {}, Warn, "asks for TLS to port 8443 of " + host},
		"behind, and TLS all same": {behind, Warn, "does nothing"},
		"behind, and plaintext":    {plainly, Fail, "port 8443 is the one behind the host's port 16222, whose calls leave in plaintext"},
		"behind, led to TLS": {func(in *Input) {
			plainly(in)
			up(in).Protocol, up(in).Instead = facts.ProtocolUnknown, []facts.Shared{{Cluster: "x", Kind: facts.SocketTLS}}
		}, Warn, "does nothing"},
		"behind, the application's": {func(in *Input) { plainly(in); in.Config.Services[0].Ports[0].Protocol = "HTTPS" }, Warn, "does nothing"},
		"a port of the host":        {func(in *Input) { own(in).Port = 16222 }, NotJudged, ""},
		"of a subset":               {func(in *Input) { own(in).Subset = "v1" }, NotJudged, ""},
		"another namespace's":       {func(in *Input) { own(in).Object.Namespace = "other" }, NotJudged, ""},
		"that says DISABLE":         {func(in *Input) { own(in).Mode = "DISABLE" }, NotJudged, ""},
		"that does not count":       {func(in *Input) { own(in).Object.Name = "zzz" }, NotJudged, ""},
		"with --to":                 {func(in *Input) { in.Void = false }, NotJudged, ""},
	} {
		in := healthy(t)
		in.Intents, in.Void = nil, true
		r := *rule(&in)
		r.Port, r.Owner = 8443, ""
		in.Config.Rules = append(in.Config.Rules, r)
		c.odd(&in)
		got := Finding{Outcome: NotJudged}
		for _, f := range byID(Run(All(), in), "MT001") {
			if f.Cluster == "outbound|8443||"+host {
				got = f
			}
		}
		if got.Outcome != c.want || !strings.Contains(got.Summary, c.text) {
			t.Errorf("%s: %+v, want %s naming %q", name, got, c.want, c.text)
		}
	}
}
