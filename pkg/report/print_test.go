package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// document is written by hand, so that these tests hold the printing and not the
// words of the checks.
func document(change func(t *TargetReport)) Report {
	ca := []Certificate{{Subject: "CN=redis-ca,O=Example", NotAfter: "2026-11-30T12:00:00Z"}}
	t := named(facts.Target{Namespace: "redis", Pod: "redis-client-6466fc4fc5-b5tfs"})
	t.Envoy, t.Istio, t.Outcome = "1.39.3", "1.31.1", OK
	t.Upstreams = []Upstream{{
		Cluster: redisTLS, Transport: "tls", CA: "sds:" + caSecret, SNI: redis, SANs: []string{redis}, ClientCert: "none", Evidence: "exercised", Outcome: OK,
		Host: redis, Port: 16222, State: "active", Protocol: "tcp", Mode: "SIMPLE", Meant: true, Why: "intent redis/external-redis", Rule: "DestinationRule redis/external-redis",
		NameChecked: "yes", NameCheckedHow: redis, SNISent: "yes", MinTLS: "TLSv1_2", MaxTLS: "TLSv1_3",
		Endpoints: &Endpoints{Total: 1, TLS: 1}, Handshakes: &Handshakes{Completed: 3}, CACertificates: ca,
	}}
	t.Findings = []Finding{
		{ID: "MT002", Name: "transport-tls", Outcome: OK, Cluster: redisTLS, Summary: "not to be shown"},
		{ID: "MT003", Name: "ca-validated", Outcome: OK, Cluster: redisTLS, Summary: "not to be shown"},
	}
	t.Missing = []Missing{{"tls-counters", "Istio does not export them by default"}}
	t.NotRun = []NotRun{{"MT009", "client-certificate", "no client certificate is asked for or configured"}}
	change(&t)
	return New([]TargetReport{t}, clock(), "v1.2.3", FailOn{})
}

func unchanged(*TargetReport) {}

// failing has the name unchecked, a wrong CA on a second upstream, and two
// upstreams that nobody judges.
func failing(t *TargetReport) {
	t.Outcome = Fail
	u := &t.Upstreams[0]
	u.Outcome, u.NameChecked, u.SANs, u.SNI, u.SNISent = Fail, "no", []string{}, "", "no"
	other := *u
	other.Cluster, other.Host, other.Port, other.Outcome, other.Evidence, other.Handshakes, other.CACertificates, other.CA = "outbound|443||api.example.com", "api.example.com", 443, Unknown, "configured", nil, nil, "sds:late"
	plain := Upstream{Cluster: "PassthroughCluster", Transport: "plaintext", CA: "none", ClientCert: "none", Evidence: "none", Outcome: NotJudged, State: "static", Protocol: "unknown", NameChecked: "no", SNISent: "no"}
	t.Upstreams = append(t.Upstreams, other, plain)
	t.Findings = append(t.Findings,
		Finding{ID: "MT004", Outcome: Unknown, Cluster: other.Cluster, Summary: "whether secret late is delivered is not known", Got: "the dump has no secrets", Want: "the secrets section of config_dump"},
		Finding{ID: "MT006", Outcome: Fail, Cluster: redisTLS, Object: "DestinationRule redis/external-redis", Summary: "the server's name is not checked: any certificate of redis-ca is accepted",
			Got: `sni "", no subjectAltNames; port 16222 is TCP, where Istio sets neither by itself`, Want: "sni and subjectAltNames " + redis, Fix: "kubectl mesh-tls enable origination " + redis + ":16222 -n redis --name external-redis --adopt"},
		Finding{ID: "MT012", Outcome: Warn, Cluster: redisTLS, Endpoint: "10.0.0.1:16222", Summary: "some connections failed"},
	)
}

// TestGolden compares whole outputs with the files in testdata; UPDATE=1 writes
// them anew.
func TestGolden(t *testing.T) {
	two := document(failing)
	two.Targets = append(two.Targets, document(unchanged).Targets[0], TargetError(facts.Target{Namespace: "redis", Pod: "bare"}, errors.New("the pod has no istio-proxy container")))
	two = New(two.Targets, clock(), "v1.2.3", FailOn{})
	warning := func(t *TargetReport) {
		t.Outcome, t.Upstreams[0].Outcome = Warn, Warn
		t.Findings = append(t.Findings, Finding{ID: "MT008", Outcome: Warn, Cluster: redisTLS, Summary: "the CA ends in 9 days", Got: "redis-ca", Want: "a CA that lasts"})
	}
	nothing := func(t *TargetReport) {
		t.Outcome, t.Upstreams, t.Findings = Unknown, nil, nil
	}
	wide := func(t *TargetReport) {
		failing(t)
		t.Inbound = []Inbound{{Port: 0, Mode: "PERMISSIVE", Listener: "virtualInbound"}, {Port: 8080, Mode: "STRICT", Listener: "virtualInbound"}}
		t.Secrets = []Secret{{Name: caSecret, State: "active", Certificates: t.Upstreams[0].CACertificates}, {Name: "default", State: "warming"}}
		t.Problems = []string{"one part of the answers"}
	}
	for name, c := range map[string]struct {
		doc Report
		f   Format
		o   Options
	}{
		"ok.txt": {document(unchanged), FormatTable, Options{}}, "ok-color.txt": {document(unchanged), FormatTable, Options{Color: true}},
		"ok-narrow.txt": {document(unchanged), FormatTable, Options{Width: 80}}, "ok-fits.txt": {document(unchanged), FormatTable, Options{Width: 160}},
		"fail.txt": {document(failing), FormatTable, Options{}}, "fail-color.txt": {document(failing), FormatTable, Options{Color: true}},
		"fail-narrow.txt": {document(failing), FormatTable, Options{Color: true, Width: 60}}, "fail-tiny.txt": {document(failing), FormatTable, Options{Width: 10}},
		"wide.txt": {document(wide), FormatWide, Options{}}, "warn.txt": {document(warning), FormatTable, Options{}},
		"nothing.txt": {document(nothing), FormatTable, Options{}}, "three.txt": {two, FormatTable, Options{}}, "none.txt": {New(nil, clock(), "v", FailOn{}), FormatTable, Options{}},
		"fail.json": {document(wide), FormatJSON, Options{Color: true, Width: 10}}, "fail.yaml": {document(wide), FormatYAML, Options{Color: true, Width: 10}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Print(&b, c.doc, c.f, c.o); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name)
			if os.Getenv("UPDATE") == "1" {
				if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestColorOnlyPaints: without its escape sequences the colored text is the plain
// one, and color is never the only difference between outcomes.
func TestColorOnlyPaints(t *testing.T) {
	escapes := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, doc := range []Report{document(unchanged), document(failing)} {
		var plain, colored bytes.Buffer
		for _, p := range []struct {
			b *bytes.Buffer
			o Options
		}{{&plain, Options{}}, {&colored, Options{Color: true}}} {
			if err := Print(p.b, doc, FormatWide, p.o); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(plain.String(), escapes.ReplaceAllString(colored.String(), "")); diff != "" {
			t.Error(diff)
		}
		if plain.String() == colored.String() || strings.Contains(plain.String(), "\x1b") {
			t.Error("color is not switched")
		}
	}
	seen := map[string]bool{}
	for _, o := range []Outcome{OK, Warn, Fail, Unknown, NotJudged} {
		l := lookOf(o)
		if seen[l.sign] || seen[l.word] {
			t.Errorf("%s looks like another", o)
		}
		seen[l.sign], seen[l.word] = true, true
	}
}

// TestFormatsAgree: YAML and JSON hold the same data.
func TestFormatsAgree(t *testing.T) {
	doc := New([]TargetReport{build(zoo(), true)}, clock(), "v", FailOn{Warn: true})
	var fromJSON, fromYAML Report
	if err := json.Unmarshal(printed(t, doc, FormatJSON), &fromJSON); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(printed(t, doc, FormatYAML), &fromYAML); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(doc, fromJSON); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(doc, fromYAML); diff != "" {
		t.Error(diff)
	}
}

func TestFormat(t *testing.T) {
	for in, want := range map[string]Format{"": FormatTable, "table": FormatTable, "wide": FormatWide, "json": FormatJSON, "yaml": FormatYAML} {
		if got, err := ParseFormat(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	_, parse := ParseFormat("xml")
	printing := Print(&bytes.Buffer{}, Report{}, "", Options{})
	for _, err := range []error{parse, printing} {
		if err == nil || !strings.Contains(err.Error(), "must be one of table, wide, json, yaml") {
			t.Errorf("%v", err)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteErrors(t *testing.T) {
	for _, f := range Formats() {
		if err := Print(broken{}, document(unchanged), f, Options{}); err == nil {
			t.Errorf("%s: a failed write was not noticed", f)
		}
	}
}
