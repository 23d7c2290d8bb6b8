package report

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// knownYAML covers one of the two bad findings of failing, and has an entry that
// nothing matches.
const knownYAML = `
apiVersion: mesh-tls.io/v1alpha1
kind: Baseline
accepted:
- id: MT006
  namespace: re*
  cluster: "outbound|16222||redis.*"
  object: DestinationRule redis/external-redi?
  reason: the certificate has no name until the move
  expires: 2026-11-01
- id: MT006
  cluster: "*"
  namespace: elsewhere
  reason: another team
  expires: "2027-01-01"
- {id: MT004, cluster: "*", reason: the dump has no secrets, expires: 2026-12-31T00:00:00Z}
`

// known is a failing report with a baseline applied.
func known(t *testing.T, text string) Report {
	t.Helper()
	b, err := ParseBaseline([]byte(text), "known.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc := document(failing)
	doc.Accept(b, clock(), FailOn{})
	return doc
}

func TestAccept(t *testing.T) {
	doc := known(t, knownYAML)
	if doc.ExitCode != 0 || doc.Outcome != Fail || doc.Targets[0].Outcome != Fail {
		t.Errorf("exit code %d, outcome %s: what is accepted does not count, and stays what it is", doc.ExitCode, doc.Outcome)
	}
	for i, want := range []Known{{State: "used", Matches: 1}, {State: "unused"}, {State: "used", Matches: 1}} {
		if k := doc.Baseline.Entries[i]; k.State != want.State || k.Matches != want.Matches {
			t.Errorf("entry %d: %s, %d matches", i, k.State, k.Matches)
		}
	}
	for _, f := range doc.Targets[0].Findings {
		if want := f.ID == "MT004" || f.ID == "MT006"; (f.Accepted != nil) != want {
			t.Errorf("%s: accepted is %v", f.ID, f.Accepted)
		}
	}
	for _, c := range []struct {
		name string
		text string
		on   FailOn
		now  time.Time
		code int
	}{
		{"the last moment", knownYAML, FailOn{}, time.Date(2026, 11, 1, 23, 59, 59, 0, time.UTC), 0},
		{"a day later", knownYAML, FailOn{}, time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), 1},
		{"a warning is left", knownYAML, FailOn{Warn: true}, clock(), 1},
		{"only the failure is known", knownYAML[:strings.Index(knownYAML, "- {id: MT004")], FailOn{}, clock(), 2},
		{"and unknown fails", knownYAML[:strings.Index(knownYAML, "- {id: MT004")], FailOn{Unknown: true}, clock(), 1},
		{"another object", strings.ReplaceAll(knownYAML, "external-redi?", "other"), FailOn{}, clock(), 1},
		{"another cluster", strings.ReplaceAll(knownYAML, "16222", "16223"), FailOn{}, clock(), 1},
		{"a glob is no regexp", strings.ReplaceAll(knownYAML, "external-redi?", "external.redi?"), FailOn{}, clock(), 1},
		{"expired and without a match", strings.Replace(knownYAML, `"2027-01-01"`, "2026-10-31", 1), FailOn{}, clock(), 1},
	} {
		b, err := ParseBaseline([]byte(c.text), "known.yaml")
		if err != nil {
			t.Fatal(err)
		}
		doc := document(failing)
		doc.Accept(b, c.now, c.on)
		if doc.ExitCode != c.code {
			t.Errorf("%s: exit code %d, want %d", c.name, doc.ExitCode, c.code)
		}
	}
}

// TestAcceptMakesNoVerdict: where nothing was judged or read, no entry helps.
func TestAcceptMakesNoVerdict(t *testing.T) {
	b, err := ParseBaseline([]byte(strings.ReplaceAll(knownYAML, "re*", `"*"`)), "known.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]TargetReport{
		"nothing": {Outcome: Unknown, Findings: []Finding{{ID: "MT004", Outcome: Unknown}}},
		"error":   {Outcome: Unknown, Error: "no sidecar"},
		"zero":    {},
	} {
		doc := New([]TargetReport{target}, clock(), "v", FailOn{})
		doc.Accept(b, clock(), FailOn{})
		if doc.ExitCode != 2 {
			t.Errorf("%s: exit code %d", name, doc.ExitCode)
		}
	}
}

// TestAcceptIsShown: accepted findings stand in every format, with the reason, and
// so do the entries that are of no use.
func TestAcceptIsShown(t *testing.T) {
	doc := known(t, strings.Replace(knownYAML, `"2027-01-01"`, "2026-10-31", 1))
	for _, f := range Formats() {
		out := string(printed(t, doc, f))
		for _, want := range []string{"MT006", "the certificate has no name until the move", "2026-11-01"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", f, want, out)
			}
		}
		if !strings.Contains(out, "another team") && f != FormatPolicyReport {
			t.Errorf("%s does not show the entry that has expired", f)
		}
	}
	var quiet bytes.Buffer
	if err := Print(&quiet, doc, FormatTable, Options{Quiet: true}); err != nil {
		t.Fatal(err)
	}
	if out := quiet.String(); !strings.Contains(out, "another team") || !strings.Contains(out, "MT006") || strings.Contains(out, "UPSTREAM") || strings.Contains(out, "not run") {
		t.Errorf("quiet:\n%s", out)
	}
}

func TestParseBaseline(t *testing.T) {
	head := "apiVersion: mesh-tls.io/v1alpha1\nkind: Baseline\n"
	for text, want := range map[string]string{
		"":               "empty",
		"kind: Baseline": "apiVersion",
		head + "accepted: [{id: MT1, cluster: x, reason: r, expires: 2026-01-01}]":               "MT006",
		head + "accepted: [{id: MT001, reason: r, expires: 2026-01-01}]":                         "say where",
		head + "accepted: [{id: MT001, cluster: x, expires: 2026-01-01}]":                        "reason",
		head + "accepted: [{id: MT001, cluster: x, reason: ' ', expires: 2026-01-01}]":           "reason",
		head + "accepted: [{id: MT001, cluster: x, reason: r}]":                                  "expires",
		head + "accepted: [{id: MT001, cluster: x, reason: r, expires: tomorrow}]":               "tomorrow",
		head + "accepted: [{id: MT001, cluster: x, reason: r, expires: 2026-02-30}]":             "2026-02-30",
		head + "accepted: [{id: MT001, clusters: x, reason: r, expires: 2026-01-01}]":            "clusters",
		head + "accepted: [{id: MT001, cluster: x, cluster: y, reason: r, expires: 2026-01-01}]": "cluster",
		head + "accepted: {id: MT001}":                                                           "accepted",
		head + strings.Repeat("# comment\n", maxBaseline/10):                                     "MiB",
		"\t{": "",
		strings.Replace(head, "v1alpha1", "v9", 1) + "accepted: []":                                           "v9",
		head + "accepted: [{id: MT001, cluster: x, reason: r, expires: 2026-01-01}, {id: MT002, cluster: x}]": "entry 2",
	} {
		if _, err := ParseBaseline([]byte(text), "f"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100q: %v, want %q", text, err, want)
		}
	}
	if b, err := ParseBaseline([]byte(head), "f"); err != nil || len(b.Entries) != 0 {
		t.Errorf("an empty list: %v", err)
	}
}

func TestParseFailOn(t *testing.T) {
	if on, err := ParseFailOn([]string{"warn", "unknown"}); err != nil || !on.Warn || !on.Unknown {
		t.Errorf("%v %v", on, err)
	}
	for _, bad := range [][]string{nil, {""}, {"never"}, {"warn", "no"}} {
		if _, err := ParseFailOn(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, c := range []struct {
		o    Outcome
		on   FailOn
		code int
	}{{Unknown, FailOn{}, 2}, {Unknown, FailOn{Unknown: true}, 1}, {NotJudged, FailOn{Unknown: true}, 1}, {Warn, FailOn{Unknown: true}, 0}, {OK, FailOn{true, true}, 0}, {Unknown, FailOn{Warn: true}, 2}} {
		if got := ExitCode(c.o, c.on); got != c.code {
			t.Errorf("%s %v: %d", c.o, c.on, got)
		}
	}
}
