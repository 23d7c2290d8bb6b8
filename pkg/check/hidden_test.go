package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestMeshDefaultHides: of a rule of another namespace that says nothing of exportTo the mesh's default may be the reason why
// the sidecar does not have it, and only of such a one.
func TestMeshDefaultHides(t *testing.T) {
	const words = "defaultDestinationRuleExportTo"
	for name, tt := range map[string]struct {
		do   func(in *Input)
		told bool
	}{
		"of the root namespace":    {func(*Input) {}, true},
		"exported by itself":       {func(in *Input) { rule(in).ExportTo = []string{"*"} }, false},
		"of the client's own":      {func(in *Input) { rule(in).Object.Namespace = in.client().Namespace }, false},
		"of a namespace not known": {func(in *Input) { rule(in).Object.Namespace = "" }, false},
	} {
		for id, harm := range map[string]func(in *Input){"MT002": plain, "MT011": func(in *Input) { sock(in).SNI = "other.example" }} {
			in := healthy(t)
			in.Intents, in.To = nil, []To{{Host: host}}
			rule(&in).Object.Namespace = in.Config.RootNamespace
			harm(&in)
			tt.do(&in)
			up(&in).Rule = rule(&in).Object
			var said string
			for _, f := range byID(Run(All(), in), id) {
				said += f.Summary
			}
			if said == "" && rule(&in).Object.Namespace != "" || strings.Contains(said, words) != tt.told {
				t.Errorf("%s, %s: %q, want %q: %t", name, id, said, words, tt.told)
			}
		}
	}
}

// TestPortOfAnother: the second of two TCP hosts without addresses has no listener, and its calls come to the first one's
// servers; where they are led elsewhere by other means, that is not said.
func TestPortOfAnother(t *testing.T) {
	const first = "outbound|5432||first.example"
	for name, tt := range map[string]struct {
		do   func(u *facts.Upstream)
		says string
	}{
		"two hosts":          {func(*facts.Upstream) {}, "another host of the same port"},
		"on one address":     {func(u *facts.Upstream) { u.Listeners[0].Address = "240.0.0.1" }, "what is sent on from there"},
		"another port's":     {func(u *facts.Upstream) { u.Listeners[0].Clusters = []string{"outbound|443||gateway.mesh"} }, "what is sent on from there"},
		"of several":         {func(u *facts.Upstream) { u.Listeners[0].Clusters = append(u.Listeners[0].Clusters, first+"2") }, "what is sent on from there"},
		"a host of the mesh": {func(u *facts.Upstream) { u.External = false }, "what is sent on from there"},
		"another listener":   {func(u *facts.Upstream) { u.Listeners[0].Port = 1 }, "what is sent on from there"},
		"in plaintext":       {func(u *facts.Upstream) { u.Instead[0].Kind = facts.SocketPlaintext }, ""},
	} {
		u := facts.Upstream{External: true, Instead: []facts.Shared{{Cluster: first, Kind: facts.SocketTLS}}, Listeners: []facts.Outbound{{Port: 5432, Address: "0.0.0.0", Listener: "0.0.0.0_5432", Clusters: []string{first}}}}
		tt.do(&u)
		f := handedOn(Subject{Cluster: "outbound|5432||second.example", Host: "second.example", Port: 5432, Active: &u})
		if f.Outcome != Unknown || !strings.Contains(f.Summary, tt.says) || tt.says == "" && f.Summary != "" || strings.Contains(f.Fix, "addresses of its own") != (tt.says == "another host of the same port") {
			t.Errorf("%s: %+v, want %q", name, f, tt.says)
		}
	}
}
