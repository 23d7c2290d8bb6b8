package report

import (
	"crypto/sha256"
	_ "embed" // the page's style and script
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
)

//go:embed page/page.css
var pageStyle string

//go:embed page/page.js
var pageScript string

// htmlPage is what the page shows. Texts are escaped where they are put into it (text);
// safe shows what could steer a reader's eyes.
type htmlPage struct {
	Doc     Report
	Look    htmlLook
	Title   string
	Tally   string
	Policy  string // Content-Security-Policy: nothing is loaded, only our own style and script count
	Targets []htmlTarget
	Remarks []htmlRemark
}

type htmlLook struct{ Class, Sign, Word string }

type htmlTarget struct {
	Name, Versions, Sentence string
	Look                     htmlLook
	Heads                    []string
	Rows                     []htmlRow
	Findings                 []htmlFinding
	OK                       []htmlFinding
	Missing, NotRun          int
	Unseen                   []string
	Inbound                  []Inbound
	CAs                      []Certificate
	Others                   int
}

type htmlRow struct {
	Look  htmlLook
	Rank  int
	Cells []string
}

type htmlFinding struct {
	Look            htmlLook
	ID, Name, Where string
	Summary         string
	Lines           [][2]string
	Fix             string
	Accepted        string
}

type htmlRemark struct {
	Look htmlLook
	Text string
}

// printHTML writes one page that needs nothing else: no file, no network, and to be
// read no script.
func printHTML(w io.Writer, doc Report) error {
	p := htmlPage{
		Doc: doc, Look: htmlLookOf(doc.Outcome), Title: "TLS of " + count(len(doc.Targets), "proxy", "proxies"), Tally: strings.TrimPrefix(tally(doc.Summary.Targets), ": "),
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '" + hashOf(pageStyle) + "'; script-src '" + hashOf(pageScript) + "'",
	}
	for _, target := range doc.Targets {
		p.Targets = append(p.Targets, htmlTargetOf(pageOf(doc), target))
	}
	for _, r := range doc.Baseline.remarks() {
		p.Remarks = append(p.Remarks, htmlRemark{htmlLookOf(r.outcome), r.text})
	}
	if err := p.whole().Render(w); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func htmlLookOf(o Outcome) htmlLook {
	l := lookOf(o)
	return htmlLook{Class: strings.ToLower(strings.ReplaceAll(l.word, " ", "-")), Sign: l.sign, Word: l.word}
}

func htmlTargetOf(p *page, t TargetReport) htmlTarget {
	judged := t.judged()
	out := htmlTarget{Name: t.name(), Sentence: t.sentence(), Look: htmlLookOf(t.Outcome), Missing: len(t.Missing), NotRun: len(t.NotRun), Unseen: t.unseen(), Inbound: t.Inbound, Others: len(t.Upstreams) - len(judged)}
	out.Versions = t.place()
	columns := append(tableColumns(), wideColumns()...)
	for _, c := range columns {
		out.Heads = append(out.Heads, c.head)
	}
	for _, u := range judged {
		row := htmlRow{Look: htmlLookOf(u.Outcome), Rank: rank(u.Outcome)}
		for _, c := range columns {
			row.Cells = append(row.Cells, c.cell(p, u))
		}
		out.Rows = append(out.Rows, row)
		for _, c := range u.CACertificates {
			if !slices.Contains(out.CAs, c) {
				out.CAs = append(out.CAs, c)
			}
		}
	}
	for _, f := range t.Findings {
		h := htmlFindingOf(f)
		if f.wrong() {
			out.Findings = append(out.Findings, h)
		} else {
			out.OK = append(out.OK, h)
		}
	}
	return out
}

func htmlFindingOf(f Finding) htmlFinding {
	out := htmlFinding{Look: htmlLookOf(f.Outcome), ID: f.ID, Name: f.Name, Where: strings.TrimSpace(f.Cluster + " " + f.Endpoint), Summary: f.Summary, Fix: f.Fix, Accepted: f.Accepted.by()}
	for _, l := range [][2]string{{"got", f.Got}, {"want", f.Want}, {"from", f.Object}} {
		if l[1] != "" {
			out.Lines = append(out.Lines, l)
		}
	}
	return out
}
