package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// printGitHub writes workflow commands, which GitHub shows as annotations: error
// for FAIL and UNKNOWN, warning for WARN, notice for what is accepted and for the
// verdicts, at the line of the intent where there is one (GitHub: "Workflow commands for GitHub Actions").
func printGitHub(w io.Writer, doc Report) error {
	var b bytes.Buffer
	for _, t := range doc.Targets {
		if t.Error != "" {
			annotate(&b, "error", nil, string(Unknown)+" "+t.name(), safe(t.Error))
			continue
		}
		for _, f := range t.Findings {
			if !f.wrong() {
				continue
			}
			text := append([]string{safe(f.Summary)}, f.lines()...)
			annotate(&b, githubLevel(f), f.Document, string(f.Outcome)+" "+f.ID+" "+f.Name+" "+t.name(), strings.Join(text, "\n"))
		}
	}
	for _, r := range doc.Baseline.remarks() {
		if r.outcome != OK {
			annotate(&b, githubLevel(Finding{Outcome: r.outcome}), nil, "baseline "+doc.Baseline.File, safe(r.text))
		}
	}
	for _, t := range doc.Targets {
		annotate(&b, "notice", nil, string(t.Outcome)+" "+t.name(), strings.Join(t.told(), "\n"))
	}
	annotate(&b, "notice", nil, "verdict", fmt.Sprintf("%s, exit code %d: %s%s; %s, %s %s", doc.Outcome, doc.ExitCode, count(len(doc.Targets), "proxy", "proxies"), tally(doc.Summary.Targets), doc.GeneratedAt, doc.Tool.Name, doc.Tool.Version))
	_, err := w.Write(b.Bytes())
	return err
}

// told is the verdict with its context and versions, and in short what was not looked at: an annotation is small.
func (t TargetReport) told() []string {
	out := []string{safe(t.sentence())}
	if from := t.place(); from != "" {
		out = append(out, safe(from))
	}
	for _, m := range t.Missing {
		out = append(out, safe("not seen: "+m.Fact+": "+m.Why))
	}
	var ids []string
	for _, n := range t.NotRun {
		ids = append(ids, n.ID)
	}
	if len(ids) > 0 {
		out = append(out, safe("not run: "+strings.Join(ids, ", ")))
	}
	return out
}

func githubLevel(f Finding) string {
	switch {
	case f.Accepted != nil:
		return "notice"
	case f.Outcome == Warn:
		return "warning"
	}
	return "error"
}

// annotate writes one command. A percent sign and line ends are escaped
// everywhere, in a property also what ends it (actions/toolkit: core/src/command.ts).
func annotate(b *bytes.Buffer, level string, at *Place, title, text string) {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	where := ""
	if at != nil {
		where = fmt.Sprintf("file=%s,line=%d,", property.Replace(safe(at.path())), at.Line)
	}
	fmt.Fprintf(b, "::%s %stitle=%s::%s\n", level, where, property.Replace(safe(title)), data.Replace(text))
}
