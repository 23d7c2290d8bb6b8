package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

func TestSafe(t *testing.T) {
	for in, want := range map[string]string{
		"redis.example.internal": "redis.example.internal", "": "", "Grüße 日本 ✓": "Grüße 日本 ✓",
		"\x1b[31mred\x1b[0m": `\x1b[31mred\x1b[0m`, "a\nb\tc\rd\x00e\x7f": `a\nb\tc\x0dd\x00e\x7f`,
		"\u009b31m": `\x9b31m`, "x\u202egnp.exe": `x\u202egnp.exe`, "zero\u200bwidth\ufeff": `zero\u200bwidth\ufeff`,
		"bad\xff\xfe": `bad\xff\xfe`, "line\u2028sep": `line\u2028sep`, "tag\U000e0041": `tag\U000e0041`, "\u061c\u2066": `\u061c\u2066`,
	} {
		if got := safe(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// hostile fills every string that comes from outside with what a terminal would
// obey.
func hostile() (check.Input, string) {
	const evil = "\x1b]0;owned\a\x1b[2J\u202e\u009b1m\xff\r\n✓ OK"
	in := zoo()
	in.Proxy.Target = facts.Target{Context: evil, Namespace: evil, Pod: evil}
	in.Proxy.Envoy, in.Proxy.Istio = evil, evil
	in.Proxy.Problems = []string{evil}
	in.Proxy.Missing[facts.FactListeners] = evil
	in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: evil, State: facts.State(evil), Problem: evil})
	in.Proxy.Inbound = []facts.Inbound{{Listener: evil}}
	for i := range in.Proxy.Upstreams {
		u := &in.Proxy.Upstreams[i]
		u.Cluster += evil
		u.Host, u.Subset, u.Rule, u.Problem = evil, evil, facts.Ref{Kind: evil, Namespace: evil, Name: evil}, evil
		for _, k := range append([]*facts.Socket{&u.Socket}, pointers(u.Matches)...) {
			k.SNI, k.Name, k.TypeURL, k.MinTLS, k.Problem = evil, evil, evil, evil, evil
			k.Validation.SANs = []facts.NameMatch{{Kind: evil, Value: evil}}
			k.Validation.Inline = []facts.Certificate{{Subject: evil, Issuer: evil}}
		}
	}
	return in, evil
}

func pointers(ks []facts.Socket) []*facts.Socket {
	var out []*facts.Socket
	for i := range ks {
		out = append(out, &ks[i])
	}
	return out
}

// TestHostileNames: no format lets a control character or a change of direction
// through, and the tables have no line that an outsider wrote.
func TestHostileNames(t *testing.T) {
	in, _ := hostile()
	doc := New([]TargetReport{build(in, true), {Pod: "p", Error: "\x1b[2J"}}, clock(), "v", FailOn{})
	for _, f := range Formats() {
		out := printed(t, doc, f)
		if !utf8.Valid(out) {
			t.Errorf("%s is no UTF-8", f)
		}
		for _, r := range string(out) {
			if r != '\n' && harmful(r) {
				t.Fatalf("%s holds %q", f, r)
			}
		}
		if f == FormatTable || f == FormatWide {
			for _, line := range strings.Split(string(out), "\n") {
				if line == "✓ OK" {
					t.Errorf("%s: a name wrote a verdict", f)
				}
			}
		}
	}
}

// TestJSONKeepsNames: escaping changes no data, but for bytes that are no UTF-8.
func TestJSONKeepsNames(t *testing.T) {
	name := "a\x1b[1m\u202e\U000e0041\u2028\x7fé<&>"
	doc := New([]TargetReport{{Pod: name}}, clock(), "v", FailOn{})
	var back Report
	if err := json.Unmarshal(printed(t, doc, FormatJSON), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(name, back.Targets[0].Pod); diff != "" {
		t.Error(diff)
	}
}

// TestLongNamesAreCut: a name of a megabyte does not fill the screen.
func TestLongNamesAreCut(t *testing.T) {
	doc := document(func(t *TargetReport) { t.Upstreams[0].Host = strings.Repeat("x", 1<<20) })
	if out := printed(t, doc, FormatTable); len(out) > 4000 || !bytes.Contains(out, []byte("xxx…")) {
		t.Errorf("%d bytes", len(out))
	}
}

func TestWidth(t *testing.T) {
	for in, want := range map[string]int{"": 0, "abc": 3, "✓ OK": 4, "日本": 4, "e\u0301": 1, "ｗ": 2, "…": 1} {
		if got := textWidth(in); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{{"abcdef", 0, "abcdef"}, {"abcdef", 6, "abcdef"}, {"abcdef", 4, "abc…"}, {"日本語", 4, "日…"}, {"abc", 1, "…"}} {
		if got := cut(c.in, c.limit); got != c.want {
			t.Errorf("%q at %d: %q, want %q", c.in, c.limit, got, c.want)
		}
	}
	if diff := cmp.Diff([]string{"one two", "three", "averyverylongword", "x"}, wrap("one two three averyverylongword x", 8)); diff != "" {
		t.Error(diff)
	}
}

func TestPasteable(t *testing.T) {
	for _, c := range []struct {
		cluster, object, secret, fix string
		shown                        bool
	}{
		{redisTLS, "DestinationRule redis/external-redis", caSecret, "kubectl mesh-tls enable origination x:1 --adopt", true},
		{"outbound|443||*.example.com", "", "file-cert:/a~/b", "kubectl get secret -A | grep a", true},
		{"outbound|1||x;reboot", "", "", "kubectl mesh-tls enable origination x;reboot:1", false},
		{"outbound|1||$(reboot)", "", "", "kubectl mesh-tls enable", false},
		{"outbound|1||x", "DestinationRule a/b`reboot`", "", "kubectl edit", false},
		{"outbound|1||x", "", "kubernetes://a;reboot-cacert", "kubectl get secret -A | grep a;reboot", false},
		{"outbound|1||x\ny", "", "", "kubectl", false}, {"-rf", "", "", "kubectl", false},
	} {
		in := check.Input{Proxy: &facts.Proxy{Secrets: []facts.Secret{{Name: c.secret}}}}
		got := pasteable(foulNames(in.Proxy), check.Finding{Cluster: c.cluster, Object: c.object, Fix: c.fix})
		if want := map[bool]string{true: c.fix, false: withheld}[c.shown]; got != want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
