package report

import (
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jstemmer/go-junit-report/v2/junit"
	"sigs.k8s.io/yaml"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// recordedReports are those of real proxies: of the lab's, and of other people's where their dumps are at hand.
func recordedReports(t *testing.T) map[string]Report {
	t.Helper()
	dumps, err := filepath.Glob("../../../shared/captures/*.json")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Report{}
	for _, d := range append(dumps, "../envoy/testdata/lab/client", "../envoy/testdata/lab/web", "../envoy/testdata/gateway") {
		files := envoy.NewFiles(os.DirFS(filepath.Dir(d)), filepath.Base(d))
		if !strings.HasSuffix(d, ".json") {
			files = envoy.NewFiles(os.DirFS(d), "")
		}
		p, err := envoy.Read(context.Background(), facts.Target{Source: filepath.Base(d)}, files, envoy.Scope{All: true})
		if err != nil {
			continue // not a dump: pkg/envoy's own tests say which
		}
		in := check.Input{Proxy: p, All: true, Now: clock(), Warn: time.Hour}
		out[filepath.Base(d)] = New([]TargetReport{Target(in, check.Run(check.All(), in), true)}, clock(), "v", FailOn{})
	}
	if want := 3 + len(dumps)*2/3; len(out) < want {
		t.Errorf("only %d of %d dumps could be read", len(out), 3+len(dumps))
	}
	return out
}

// madeUp are reports of every mixture: proxies with any number of findings, in any order, of any outcome.
func madeUp() map[string]Report {
	r := rand.New(rand.NewPCG(1, 2))
	checks, outcomes := check.All(), []Outcome{OK, OK, Warn, Fail, Unknown, NotJudged}
	out := map[string]Report{}
	for n := range 40 {
		var targets []TargetReport
		for i := range 1 + r.IntN(3) {
			t := TargetReport{Namespace: fmt.Sprintf("ns%d", r.IntN(3)), Pod: fmt.Sprintf("pod-%d", i), Outcome: NotJudged}
			for u := range r.IntN(5) {
				t.Upstreams = append(t.Upstreams, Upstream{Cluster: fmt.Sprintf("outbound|443||h%d", u), Host: fmt.Sprintf("h%d", u), Port: 443, Transport: "tls", Meant: true})
			}
			for range r.IntN(12) {
				c := checks[r.IntN(len(checks))]
				f := Finding{ID: c.ID, Name: c.Name, Outcome: outcomes[r.IntN(len(outcomes))], Summary: fmt.Sprintf("summary %d", r.IntN(4)), Got: "got", Want: "want"}
				if u := r.IntN(6); u < len(t.Upstreams) {
					f.Cluster = t.Upstreams[u].Cluster
					t.Upstreams[u].Outcome = worse(t.Upstreams[u].Outcome, f.Outcome)
				}
				t.Outcome = worse(t.Outcome, f.Outcome)
				t.Findings = append(t.Findings, f)
			}
			targets = append(targets, t)
		}
		out[fmt.Sprintf("made up %d", n)] = New(targets, clock(), "v", FailOn{Warn: n%4 == 1, Unknown: n%3 == 1})
	}
	return out
}

// TestAlike: every format tells the same findings, in the same order, with the same counts and the same exit code.
func TestAlike(t *testing.T) {
	reports := recordedReports(t)
	maps.DeleteFunc(reports, func(_ string, doc Report) bool { return doc.Summary.Upstreams.Total > 20 }) // seconds, and nothing new
	for name, doc := range madeUp() {
		reports[name] = doc
	}
	outcomes := map[Outcome]int{}
	for name, doc := range reports {
		for _, x := range doc.Targets {
			for _, f := range x.Findings {
				outcomes[f.Outcome]++
			}
		}
		want := wanted(doc)
		for format, read := range map[Format]func(*testing.T, []byte) []string{FormatSARIF: sarifTells, FormatGitHub: gitHubTells, FormatPolicyReport: policyTells, FormatHTML: htmlTells, FormatMarkdown: markdownTells} {
			if format == FormatPolicyReport {
				continue // sorts proxies by namespace, and has what is not judged: policiesAlike
			}
			if diff := gocmp.Diff(want, read(t, printed(t, doc, format))); diff != "" {
				t.Errorf("%s as %s: %s", name, format, diff)
			}
		}
		for format, alike := range map[Format]func(Report, []byte) string{FormatJSON: jsonAlike, FormatYAML: yamlAlike, FormatSARIF: exitAlike, FormatJUnit: junitAlike, FormatPolicyReport: policiesAlike,
			FormatTable: func(doc Report, raw []byte) string { return tableAlike(doc, raw, false) }, FormatWide: func(doc Report, raw []byte) string { return tableAlike(doc, raw, true) }} {
			if diff := alike(doc, printed(t, doc, format)); diff != "" {
				t.Errorf("%s as %s: %s", name, format, diff)
			}
		}
	}
	for _, o := range []Outcome{OK, Warn, Fail, Unknown, NotJudged} {
		if outcomes[o] < 20 {
			t.Errorf("only %d findings are %s: the test proves little", outcomes[o], o)
		}
	}
}

func jsonAlike(doc Report, raw []byte) string {
	var got Report
	if err := json.Unmarshal(raw, &got); err != nil {
		return err.Error()
	}
	return sameDocument(doc, got)
}

func yamlAlike(doc Report, raw []byte) string {
	var got Report
	if err := yaml.Unmarshal(raw, &got); err != nil {
		return err.Error()
	}
	return sameDocument(doc, got)
}

func sameDocument(doc, got Report) string {
	type summary struct {
		Outcome  Outcome
		ExitCode int
		Summary  Summary
		Findings [][]Finding
	}
	of := func(r Report) (s summary) {
		s = summary{r.Outcome, r.ExitCode, r.Summary, nil}
		for _, t := range r.Targets {
			s.Findings = append(s.Findings, append([]Finding{}, t.Findings...))
		}
		return s
	}
	return gocmp.Diff(of(doc.guarded()), of(got))
}

func exitAlike(doc Report, raw []byte) string {
	var log sarifLog
	if err := json.Unmarshal(raw, &log); err != nil {
		return err.Error()
	}
	return gocmp.Diff(doc.ExitCode, log.Runs[0].Invocations[0].ExitCode)
}

// junitAlike: a case for each check on each upstream with the worst of its outcomes, and the counts of each suite.
func junitAlike(doc Report, raw []byte) string {
	var got junit.Testsuites
	if err := xml.Unmarshal(raw, &got); err != nil {
		return err.Error()
	}
	type suite struct {
		Failed, Unknown, All int
		Cases                []string
	}
	var want, have []suite
	for _, t := range doc.Targets {
		var s suite
		worst := map[string]Outcome{}
		for _, f := range t.Findings {
			name := strings.TrimSpace(f.ID + " " + f.Name + " " + safe(f.Cluster))
			if worst[name] == "" {
				s.Cases, worst[name] = append(s.Cases, name), NotJudged
			}
			worst[name] = worse(worst[name], f.Outcome)
		}
		for i, name := range s.Cases {
			failed := worst[name] == Fail || worst[name] == Warn && slices.Contains(doc.FailOn, "warn")
			switch {
			case failed:
				s.Failed++
				s.Cases[i] += " failed"
			case worst[name] == Unknown:
				s.Unknown++
				s.Cases[i] += " unknown"
			}
		}
		if s.All = len(s.Cases) + len(t.NotRun); s.All == 0 {
			s.All, s.Unknown = 1, 1
		}
		want = append(want, s)
	}
	for _, x := range got.Suites {
		s := suite{Failed: x.Failures, Unknown: x.Errors, All: x.Tests}
		for _, c := range x.Testcases {
			switch {
			case !idPattern.MatchString(strings.Fields(c.Name)[0]) || c.Skipped != nil && strings.HasPrefix(c.Skipped.Message, "not run"):
				continue
			case c.Failure != nil:
				c.Name += " failed"
			case c.Error != nil:
				c.Name += " unknown"
			}
			s.Cases = append(s.Cases, c.Name)
		}
		have = append(have, s)
	}
	return gocmp.Diff(want, have)
}

// policiesAlike: each namespace's findings in the order of the document, each with its outcome.
func policiesAlike(doc Report, raw []byte) string {
	words := map[Outcome]string{OK: "pass", Warn: "warn", Fail: "fail", Unknown: "error", NotJudged: "skip"}
	want, got := map[string][]string{}, map[string][]string{}
	for _, t := range doc.Targets {
		for _, f := range t.Findings {
			want[t.Namespace] = append(want[t.Namespace], words[f.Outcome]+" "+f.ID+" "+safe(f.Cluster))
		}
	}
	for _, text := range strings.Split("\n"+string(raw), "\n---\n")[1:] {
		var p policyReport
		if err := yaml.UnmarshalStrict([]byte(text), &p); err != nil {
			return err.Error()
		}
		count := map[string]int{}
		for _, r := range p.Results {
			count[r.Result]++
			got[p.Metadata.Namespace] = append(got[p.Metadata.Namespace], r.Result+" "+r.Policy+" "+r.Properties["cluster"])
		}
		s := policySummary{Pass: count["pass"], Fail: count["fail"], Warn: count["warn"], Error: count["error"], Skip: count["skip"]}
		if s != p.Summary {
			return gocmp.Diff(s, p.Summary)
		}
	}
	return gocmp.Diff(want, got)
}

var tableFinding = regexp.MustCompile(`(?m)^\S+ (FAIL|WARN|UNKNOWN)  (MT\d+)  (.*)$`)

// tableAlike: what is wrong of each proxy, the worst first and else in the document's order; what is the same of several upstreams
// once, in the wide table as often as it is found.
func tableAlike(doc Report, raw []byte, wide bool) string {
	var want, got []string
	for _, t := range doc.Targets {
		var fs []Finding
		for _, f := range t.Findings {
			same := func(o Finding) bool {
				return o.ID == f.ID && o.Summary == f.Summary && o.Object == f.Object && o.Outcome == f.Outcome
			}
			if f.wrong() && (wide || !slices.ContainsFunc(fs, same)) {
				fs = append(fs, f)
			}
		}
		order := []Outcome{Fail, Unknown, Warn}
		slices.SortStableFunc(fs, func(a, b Finding) int {
			return cmp.Compare(slices.Index(order, a.Outcome), slices.Index(order, b.Outcome))
		})
		for _, f := range fs {
			want = append(want, string(f.Outcome)+" "+f.ID+" "+safe(f.Summary))
		}
	}
	for _, m := range tableFinding.FindAllStringSubmatch(string(raw), -1) {
		got = append(got, m[1]+" "+m[2]+" "+m[3])
	}
	return gocmp.Diff(want, got)
}
