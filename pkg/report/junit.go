package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jstemmer/go-junit-report/v2/junit"
)

// printJUnit writes a suite for each target and a case for each check on each
// upstream. A failed check is a failure, one that could not be determined an error,
// one that is accepted or had nothing to look at is skipped. A warning passes, with
// its text as output, unless warnings fail (--fail-on warn).
func printJUnit(w io.Writer, doc Report) error {
	suites := junit.Testsuites{Name: doc.Tool.Name}
	now, _ := time.Parse(time.RFC3339, doc.GeneratedAt)
	for i, t := range doc.Targets {
		s := junit.Testsuite{Name: safe(t.name()), ID: i, Time: "0"}
		if !now.IsZero() {
			s.SetTimestamp(now)
		}
		for _, p := range [][2]string{{"context", t.Context}, {"istio", t.Istio}, {"envoy", t.Envoy}, {"outcome", string(t.Outcome)}, {"tool", doc.Tool.Name + " " + doc.Tool.Version}, {"sentence", t.sentence()}} {
			s.AddProperty(p[0], safe(p[1]))
		}
		for _, m := range t.Missing {
			s.AddProperty("not seen: "+safe(m.Fact), safe(m.Why))
		}
		for _, c := range junitCases(doc, t) {
			s.AddTestcase(c)
		}
		suites.AddSuite(s)
	}
	if doc.Baseline != nil {
		suites.AddSuite(junitBaseline(doc.Baseline))
	}
	out := bytes.NewBufferString(xml.Header)
	enc := xml.NewEncoder(out)
	enc.Indent("", "  ")
	if err := enc.Encode(suites); err != nil {
		return fmt.Errorf("encode the report as XML: %w", err)
	}
	out.WriteByte('\n')
	_, err := w.Write(out.Bytes())
	return err
}

func junitCases(doc Report, t TargetReport) []junit.Testcase {
	class := safe(t.name())
	if t.Error != "" {
		return []junit.Testcase{{Name: "read the proxy", Classname: class, Error: &junit.Result{Message: safe(t.Error), Type: string(Unknown)}}}
	}
	var out []junit.Testcase
	for _, fs := range byCase(t.Findings) {
		out = append(out, junitCase(class, fs, slices.Contains(doc.FailOn, "warn")))
	}
	for _, n := range t.NotRun {
		out = append(out, junit.Testcase{Name: safe(n.ID + " " + n.Name), Classname: class, Skipped: &junit.Result{Message: "not run: " + safe(n.Why)}})
	}
	if len(out) == 0 {
		out = append(out, junit.Testcase{Name: "judge the proxy", Classname: class, Error: &junit.Result{Message: "nothing was judged", Type: string(Unknown)}})
	}
	return out
}

// byCase puts together what one check says of one upstream, in the document's order.
func byCase(fs []Finding) [][]Finding {
	type key struct{ id, cluster string }
	at := map[key]int{}
	var out [][]Finding
	for _, f := range fs {
		k := key{f.ID, f.Cluster}
		i, seen := at[k]
		if !seen {
			i = len(out)
			at[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], f)
	}
	return out
}

func junitCase(class string, fs []Finding, warnFails bool) junit.Testcase {
	first := fs[0]
	c := junit.Testcase{Name: safe(strings.TrimSpace(first.ID + " " + first.Name + " " + first.Cluster)), Classname: class}
	worst, accepted := NotJudged, ""
	var text []string
	for _, f := range fs {
		if f.Accepted != nil {
			accepted = safe(f.Accepted.by())
		} else {
			worst = worse(worst, f.Outcome)
		}
		if f.wrong() {
			text = append(text, string(f.Outcome)+": "+safe(f.Summary))
			text = append(text, f.lines()...)
		}
	}
	message, data := safe(first.Summary), strings.Join(text, "\n")
	if len(text) > 0 {
		message = text[0]
	}
	r := &junit.Result{Message: message, Type: string(worst), Data: data}
	switch {
	case worst == Fail, worst == Warn && warnFails:
		c.Failure = r
	case rank(worst) == rank(Unknown):
		c.Error = r
	case accepted != "":
		r.Message, r.Type = "accepted "+accepted, ""
		c.Skipped = r
	case worst == NotJudged:
		c.Skipped = &junit.Result{Message: "not judged"}
	case data != "":
		c.SystemOut = &junit.Output{Data: data}
	}
	return c
}

// junitBaseline has a case for each entry, so that an expired one is seen to fail.
func junitBaseline(b *Baseline) junit.Testsuite {
	s := junit.Testsuite{Name: "baseline " + safe(b.File), Time: "0"}
	for _, k := range b.Entries {
		c := junit.Testcase{Name: safe(k.ID + " " + k.where()), Classname: "baseline"}
		switch k.State {
		case knownExpired:
			c.Failure = &junit.Result{Message: safe("expired on " + k.Expires + ": " + k.Reason), Type: string(Fail)}
		case knownUnused:
			c.SystemOut = &junit.Output{Data: "matches nothing: remove the entry"}
		}
		s.AddTestcase(c)
	}
	return s
}
