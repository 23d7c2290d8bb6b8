package check

import (
	"os"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestHealthy: the unharmed input is OK in every check, with every check having
// something to say but those for client certificates, strict intents and gateways, and for
// services that the user names (TestPairHealthy).
func TestHealthy(t *testing.T) {
	in := healthy(t)
	fs := Run(All(), in)
	said := map[string]bool{}
	for _, f := range fs {
		said[f.ID] = true
		if f.Outcome != OK {
			t.Errorf("false alarm: %+v", f)
		}
	}
	for _, c := range All() {
		if !said[c.ID] && c.ID != "MT009" && c.ID != "MT016" && c.ID != "MT019" && !strings.HasPrefix(c.ID, "MT02") {
			t.Errorf("%s said nothing", c.ID)
		}
	}
	if e := EvidenceOf(in, Subjects(in)[0]); e != facts.EvidenceExercised {
		t.Errorf("evidence %s", e)
	}
}

// TestCatalogue: ids are unique and in order, every check has a name, a sentence
// and exactly one function; each has an Unknown or a Fail or Warn case among the sabotages.
func TestCatalogue(t *testing.T) {
	cases := map[string]bool{}
	for _, s := range sabotages() {
		cases[s.id] = true
	}
	last := ""
	for _, c := range All() {
		if c.ID <= last || !strings.HasPrefix(c.ID, "MT") {
			t.Errorf("id %s after %s", c.ID, last)
		}
		last = c.ID
		if c.Name == "" || c.Doc == "" || (c.Upstream == nil) == (c.Proxy == nil) {
			t.Errorf("%s: name %q, doc %q, or not exactly one function", c.ID, c.Name, c.Doc)
		}
		if !cases[c.ID] {
			t.Errorf("%s: no sabotage proves that it can speak", c.ID)
		}
	}
}

// TestMissingFactIsUnknown: taking away any fact that a check needs turns it
// from OK to Unknown.
func TestMissingFactIsUnknown(t *testing.T) {
	for _, c := range All() {
		for _, need := range c.Needs {
			if need == facts.FactRules {
				continue // the check does not apply without rules: TestRulesUnread
			}
			in := healthy(t)
			lacks(&in, need)
			if got := Worst(byID(Run(All(), in), c.ID)); got != Unknown {
				t.Errorf("%s without %s: %s", c.ID, need, got)
			}
		}
	}
}

// TestSilentCheckIsUnknown: a check that applies and reports nothing is shown.
func TestSilentCheckIsUnknown(t *testing.T) {
	mute := &Check{ID: "MT999", Name: "mute", Doc: "speaks", Upstream: func(Input, Subject) []Finding { return nil }}
	fs := Run([]*Check{mute}, healthy(t))
	if len(fs) != 1 || fs[0].Outcome != Unknown {
		t.Errorf("got %+v", fs)
	}
}

func TestWorst(t *testing.T) {
	for _, c := range []struct {
		in   []Outcome
		want Outcome
	}{
		{nil, Unknown}, {[]Outcome{OK}, OK}, {[]Outcome{OK, Warn}, Warn}, {[]Outcome{Warn, Unknown}, Unknown},
		{[]Outcome{Unknown, Fail, OK}, Fail}, {[]Outcome{NotJudged}, NotJudged}, {[]Outcome{NotJudged, OK}, OK},
	} {
		var fs []Finding
		for _, o := range c.in {
			fs = append(fs, Finding{Outcome: o})
		}
		if got := Worst(fs); got != c.want {
			t.Errorf("%v: %s, want %s", c.in, got, c.want)
		}
	}
	if (Finding{}).Outcome != Unknown {
		t.Error("the zero outcome must be Unknown")
	}
}

// TestEvidence: no step is skipped, and an absent counter is not a zero or a one.
func TestEvidence(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(in *Input)
		want facts.Evidence
	}{
		{"no counters", func(in *Input) { up(in).Endpoints[0].Hosts = nil }, facts.EvidenceReady},
		{"no connection yet", func(in *Input) { *up(in).Endpoints[0].Hosts = facts.HostCounters{} }, facts.EvidenceReady},
		{"only failures", func(in *Input) { *up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 2, Failed: 2, Requests: 2} }, facts.EvidenceReady},
		{"still connecting", func(in *Input) { *up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 1, Active: 1} }, facts.EvidenceReady},
		{"open and used", func(in *Input) { *up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 1, Active: 1, Requests: 1} }, facts.EvidenceExercised},
		{"ssl.handshake says none", func(in *Input) { zero := uint64(0); up(in).TLS = &facts.TLSCounters{Handshake: &zero} }, facts.EvidenceReady},
		{"secret warming", func(in *Input) { in.Proxy.Secrets[0].State = facts.StateWarming }, facts.EvidenceConfigured},
		{"secrets unseen", func(in *Input) { lacks(in, facts.FactSecrets) }, facts.EvidenceConfigured},
		{"cluster warming", func(in *Input) { up(in).State = facts.StateWarming }, facts.EvidenceNone},
		{"plaintext", func(in *Input) { plain(in) }, facts.EvidenceNone},
	} {
		in := healthy(t)
		c.do(&in)
		if got := EvidenceOf(in, Subjects(in)[0]); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestSubjects: what is meant to be TLS, and by whom.
func TestSubjects(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(in *Input)
		meant bool
		why   string
	}{
		{"intent", func(in *Input) { in.Config = nil }, true, "intent"},
		{"rule", func(in *Input) { in.Intents = nil }, true, "DestinationRule"},
		{"nobody", func(in *Input) { in.Intents, in.Config = nil, nil }, false, ""},
		{"all", func(in *Input) { in.Intents, in.Config, in.All = nil, nil, true }, true, "TLS socket"},
		{"all, plaintext", func(in *Input) { in.Intents, in.Config, in.All = nil, nil, true; plain(in) }, false, ""},
		{"all, marker", func(in *Input) { in.Intents, in.Config, in.All = nil, nil, true; plain(in); up(in).TLSAsked = true }, true, "asked"},
		{"to", func(in *Input) { in.Intents, in.Config = nil, nil; plain(in); in.To = []To{{Host: host}} }, true, "--to"},
		{"to a port", func(in *Input) { in.To = []To{{Host: host, Port: 16222}} }, true, "--to " + host + ":16222"},
		{"to another", func(in *Input) { in.To = []To{{Host: host, Port: 1}} }, false, ""},
		{"intent for other pods", func(in *Input) { in.Config = nil; in.Intents[0].Workload = map[string]string{"app": "x"} }, false, ""},
		{"intent of another namespace", func(in *Input) { in.Config = nil; in.Intents[0].Namespace, in.Intents[0].ExportTo = "x", []string{"."} }, false, ""},
		{"rule for other pods", func(in *Input) { in.Intents = nil; rule(in).Selector = map[string]string{"app": "x"}; plain(in) }, false, ""},
		{"all, one that chooses among others", func(in *Input) {
			in.Intents, in.Config, in.All = nil, nil, true
			up(in).Members, up(in).TLSAsked, *sock(in) = []string{"a", "b"}, false, facts.Socket{Kind: facts.SocketOther}
		}, false, ""},
		{"hidden rule of an intent", func(in *Input) {
			in.Intents[0].Namespace, in.Intents[0].ExportTo = "x", []string{"."}
			rule(in).Object.Namespace, rule(in).Owner = "x", in.Intents[0].Name
			plain(in)
		}, true, "DestinationRule x"},
		{"hidden rule", func(in *Input) { in.Intents = nil; rule(in).Object.Namespace = "x"; plain(in) }, true, "DestinationRule x"},
	} {
		in := healthy(t)
		c.do(&in)
		s := Subjects(in)[0]
		if s.Meant != c.meant || !strings.Contains(s.Why, c.why) {
			t.Errorf("%s: meant %v because %q", c.name, s.Meant, s.Why)
		}
	}
}

// TestDocumented: docs/checks.md lists every check with the sentence that it has here.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range All() {
		if row := "| " + c.ID + " | " + c.Name + " | " + c.Doc + " |"; !strings.Contains(string(text), row) {
			t.Errorf("docs/checks.md lacks the row %s", row)
		}
	}
}
