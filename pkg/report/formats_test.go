package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jstemmer/go-junit-report/v2/junit"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"sigs.k8s.io/yaml"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// samples are reports of all shapes: good, bad, accepted, expired, of nothing, of
// a proxy that could not be read, and of names that try to be markup.
func samples(t *testing.T) map[string]Report {
	t.Helper()
	hostile := func(t *TargetReport) {
		failing(t)
		for _, bad := range hostileTexts {
			f := Finding{ID: "MT012", Name: "connections", Outcome: Fail, Cluster: bad, Endpoint: bad, Object: bad, Summary: bad, Got: bad, Want: bad, Fix: bad}
			t.Findings = append(t.Findings, f)
			t.Upstreams[0].SANs = append(t.Upstreams[0].SANs, bad)
		}
		t.Namespace, t.Pod, t.Upstreams[0].Host = hostileTexts[0], hostileTexts[1], hostileTexts[2]
	}
	return map[string]Report{
		"ok": document(unchanged), "fail": document(failing), "hostile": document(hostile), "none": New(nil, clock(), "v", FailOn{}),
		"known": known(t, knownYAML), "expired": known(t, strings.Replace(knownYAML, `"2027-01-01"`, "2026-10-31", 1)),
		"many": New([]TargetReport{document(failing).Targets[0], build(zoo(), true), TargetError(facts.Target{Namespace: "redis", Pod: "bare"}, errors.New("the pod has no istio-proxy container"))}, clock(), "v", FailOn{Warn: true}),
	}
}

var hostileTexts = []string{
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "]]><x/>", "a|b\n\n# head\n::error::x", "%0A::stop-commands::x", "`` ` [x](javascript:alert(1)) @everyone <b>",
	"\x1b[2J\u202e\x00\ufffe", "{{.Doc}} ${{ secrets.X }}", "https://example.com/x", "--- \n- yaml: [", "</style></script><script>1</script>",
}

// toldBy is one line for each finding that is not OK.
func toldBy(id, where, outcome string) string { return id + " " + where + " " + outcome }

func wanted(doc Report) []string {
	var out []string
	for _, t := range doc.Targets {
		for _, f := range t.Findings {
			if f.wrong() {
				out = append(out, toldBy(f.ID, safe(strings.TrimSpace(f.Cluster+" "+f.Endpoint)), string(f.Outcome)))
			}
		}
	}
	return out
}

// TestSameFindings reads every format for machines back: the same findings in the
// same order, and the exit code where the format has one.
func TestSameFindings(t *testing.T) {
	for name, doc := range samples(t) {
		want := wanted(doc)
		for format, read := range map[Format]func(*testing.T, []byte) []string{FormatSARIF: sarifTells, FormatGitHub: gitHubTells, FormatPolicyReport: policyTells, FormatHTML: htmlTells, FormatMarkdown: markdownTells} {
			if diff := cmp.Diff(want, read(t, printed(t, doc, format))); diff != "" {
				t.Errorf("%s as %s: %s", name, format, diff)
			}
		}
	}
}

func sarifTells(t *testing.T, raw []byte) []string {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal(raw, &log); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range log.Runs[0].Results {
		where := ""
		if l := r.Locations[0].Logical; len(l) > 1 && l[1].Kind == "resource" {
			where = strings.TrimPrefix(l[1].Full, l[0].Full+"/")
		}
		if log.Runs[0].Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("rule %d is not %s", r.RuleIndex, r.RuleID)
		}
		out = append(out, toldBy(r.RuleID, where, r.Properties["outcome"]))
	}
	return out
}

func gitHubTells(t *testing.T, raw []byte) []string {
	t.Helper()
	command := regexp.MustCompile(`^::(error|warning|notice) title=([^:,\r\n]*)::([^\r\n]*)$`)
	unescape := strings.NewReplacer("%0A", "\n", "%0D", "\r", "%3A", ":", "%2C", ",", "%25", "%")
	var out []string
	for _, line := range strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n") {
		m := command.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("no workflow command: %q", line)
			continue
		}
		words := strings.Fields(unescape.Replace(m[2]))
		if len(words) < 2 || !idPattern.MatchString(words[1]) {
			continue
		}
		cluster := ""
		for _, l := range strings.Split(unescape.Replace(m[3]), "\n") {
			if at, is := strings.CutPrefix(l, "at: "); is {
				cluster = at
			}
		}
		out = append(out, toldBy(words[1], cluster, words[0]))
	}
	return out
}

func policyTells(t *testing.T, raw []byte) []string {
	t.Helper()
	var out []string
	for _, text := range strings.Split("\n"+string(raw), "\n---\n")[1:] {
		var p policyReport
		if err := yaml.UnmarshalStrict([]byte(text), &p); err != nil {
			t.Fatal(err)
		}
		var s policySummary
		for _, r := range p.Results {
			switch r.Result {
			case "pass":
				s.Pass++
				continue
			case "fail":
				s.Fail++
			case "warn":
				s.Warn++
			case "error":
				s.Error++
			case "skip":
				s.Skip++
			default:
				t.Errorf("result %q", r.Result)
			}
			if r.Policy != "read-the-proxy" {
				word := map[string]string{"fail": "FAIL", "warn": "WARN", "error": "UNKNOWN"}[r.Result]
				if r.Result == "skip" {
					word = map[string]string{"MT006": "FAIL", "MT004": "UNKNOWN"}[r.Policy]
				}
				out = append(out, toldBy(r.Policy, strings.TrimSpace(r.Properties["cluster"]+" "+r.Properties["endpoint"]), word))
			}
		}
		if s != p.Summary {
			t.Errorf("the summary says %+v, the results %+v", p.Summary, s)
		}
		if p.Kind == "PolicyReport" != (p.Metadata.Namespace != "") || !namespaceName.MatchString(p.Metadata.Name) {
			t.Errorf("%s %s/%s", p.Kind, p.Metadata.Namespace, p.Metadata.Name)
		}
	}
	return out
}

var tags3 = regexp.MustCompile(`<h3><span class="mark [a-z-]+">\S+ ([A-Z]+)</span> (MT\d+) [^\n]*</h3>\n<dl>\n(?:<dt>at</dt><dd>([^\n]*)</dd>)?`)

func htmlTells(_ *testing.T, raw []byte) []string {
	var out []string
	plain := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&amp;", "&", "&#43;", "+")
	for _, m := range tags3.FindAllStringSubmatch(string(raw), -1) {
		out = append(out, toldBy(m[2], plain.Replace(m[3]), m[1]))
	}
	return out
}

func markdownTells(_ *testing.T, raw []byte) []string {
	var out []string
	head := regexp.MustCompile(`(?m)^- \*\*\S+ ([A-Z]+) (MT\d+)\*\* .*\n(?:  - at: (.*)\n)?`)
	for _, m := range head.FindAllStringSubmatch(string(raw), -1) {
		at := strings.Trim(m[3], "`")
		if at != strings.TrimSpace(m[3]) && strings.HasPrefix(at, " ") {
			at = strings.TrimSuffix(at[1:], " ")
		}
		out = append(out, toldBy(m[2], at, m[1]))
	}
	return out
}

// TestSARIFSchema reads every sample into the types of a SARIF library, in which no
// name is unknown, and validates it against the published schema of SARIF 2.1.0
// that comes with the library.
func TestSARIFSchema(t *testing.T) {
	for name, doc := range samples(t) {
		raw := printed(t, doc, FormatSARIF)
		strict := json.NewDecoder(bytes.NewReader(raw))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&sarif.Report{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		log, err := sarif.FromBytes(raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// What the library writes for absent members that have a default is not valid itself.
		run := log.Runs[0]
		run.Language, run.Tool.Driver.Language, run.NewlineSequences = "en-US", "en-US", []string{"\n"}
		if err := log.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(string(raw), "helpUri") {
			t.Errorf("%s: a help address", name)
		}
		if got := *log.Runs[0].Invocations[0].ExitCode; got != doc.ExitCode {
			t.Errorf("%s: exit code %d, want %d", name, got, doc.ExitCode)
		}
	}
	for _, r := range sarifRules(document(unchanged)) {
		if r.Help == nil || r.Full == nil || r.Short.Text == r.Name {
			t.Errorf("%s has no help", r.ID)
		}
	}
}

// TestJUnit reads the XML back: one case for each check on each upstream, and the
// counts are those of the cases.
func TestJUnit(t *testing.T) {
	for name, doc := range samples(t) {
		raw := printed(t, doc, FormatJUnit)
		var got junit.Testsuites
		if err := xml.Unmarshal(raw, &got); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, raw)
		}
		bad := 0
		for i, s := range got.Suites {
			again := junit.Testsuite{}
			for _, c := range s.Testcases {
				again.AddTestcase(c)
			}
			if s.Tests != again.Tests || s.Failures != again.Failures || s.Errors != again.Errors || s.Skipped != again.Skipped || s.Tests == 0 {
				t.Errorf("%s, suite %d: the counts are not those of the cases", name, i)
			}
			bad += s.Failures + s.Errors
		}
		if (bad > 0) != (doc.ExitCode != 0) && len(doc.Targets) > 0 {
			t.Errorf("%s: %d bad cases with exit code %d", name, bad, doc.ExitCode)
		}
	}
	cases := junitCases(document(failing), document(failing).Targets[0])
	seen := map[string]string{}
	for _, c := range cases {
		if _, twice := seen[c.Name]; twice {
			t.Errorf("two cases are called %q", c.Name)
		}
		seen[c.Name] = fmt.Sprint(c.Failure != nil, c.Error != nil, c.Skipped != nil)
	}
	if seen["MT006  "+redisTLS] != "true false false" || seen["MT004  outbound|443||api.example.com"] != "false true false" || seen["MT009 client-certificate"] != "false false true" {
		t.Errorf("%v", seen)
	}
	warns := document(failing)
	warns.FailOn = FailOn{Warn: true}.words()
	n := 0
	for _, c := range junitCases(warns, warns.Targets[0]) {
		if c.Failure != nil {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d failures with --fail-on warn, want the warning too", n)
	}
}

// TestMarkup: no text from outside becomes markup, a link, a mention or a command.
func TestMarkup(t *testing.T) {
	doc := samples(t)["hostile"]
	page := string(printed(t, doc, FormatHTML))
	for _, bad := range []string{"<script>alert", "<img", "<b>", "<x/>"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if n := strings.Count(page, "<script"); n != 1 {
		t.Errorf("%d scripts", n)
	}
	if m := regexp.MustCompile(`(?i)<[a-z][^>]*\s(src|href|action|data|poster)\s*=\s*["']?[^#"'\s>]`).FindString(page); m != "" {
		t.Errorf("the page loads something: %s", m)
	}
	for _, style := range []string{"url(", "@import"} {
		if strings.Contains(page, style) {
			t.Errorf("the page's style has %s", style)
		}
	}
	spans := regexp.MustCompile("(`+)[^`](?:[^\n]*?[^`])??(`+)")
	for _, line := range strings.Split(string(printed(t, doc, FormatMarkdown)), "\n") {
		outside := regexp.MustCompile(`\\.|<span>@?</span>`).ReplaceAllString(spans.ReplaceAllString(line, ""), " ")
		if m := regexp.MustCompile(`[<>\[\]@]|://`).FindString(outside); m != "" {
			t.Errorf("%q stands bare in %s", m, line)
		}
	}
}

func TestEscapes(t *testing.T) {
	var b bytes.Buffer
	annotate(&b, "error", nil, "a: 1,2 %0A\n::x", "50%\r\n::y, z: %25")
	if got, want := b.String(), "::error title=a%3A 1%2C2 %250A\\n%3A%3Ax::50%25%0D%0A::y, z: %2525\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for in, want := range map[string]string{"a`b": "`` a`b ``", "": "-", "x": "`x`", "``": "``` `` ```"} {
		if got := code(in); got != want {
			t.Errorf("%q: %s", in, got)
		}
	}
	if got := escapeMarkdown("*a* <b> @c https://d"); got != `\*a\* \<b\> <span>@</span>c https:<span></span>//d` {
		t.Error(got)
	}
}

// TestPolicyReportFits: of thousands of good results an object keeps so many that
// etcd takes it, counts all, and keeps everything that is wrong.
func TestPolicyReportFits(t *testing.T) {
	doc := document(func(t *TargetReport) {
		for i := range 5000 {
			t.Findings = append(t.Findings, Finding{ID: "MT002", Name: "transport-tls", Outcome: OK, Cluster: fmt.Sprintf("outbound|%d||a.example.com", i), Summary: "TLS"})
		}
		t.Findings = append(t.Findings, Finding{ID: "MT004", Outcome: Fail, Summary: "the last one"})
	})
	raw := printed(t, doc, FormatPolicyReport)
	var p policyReport
	if err := yaml.UnmarshalStrict(bytes.TrimPrefix(raw, []byte("---\n")), &p); err != nil {
		t.Fatal(err)
	}
	if p.Summary.Pass != 5002 || p.Summary.Fail != 1 || len(p.Results) != mostPassed+1 || len(raw) > 1_000_000 {
		t.Errorf("%+v, %d results, %d bytes", p.Summary, len(p.Results), len(raw))
	}
}
