package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// maxVerified bounds how many sidecars the verdict is asked of, but one of each part is:
// each one opens a real connection to the server.
const maxVerified = 20

// What a sidecar has had for a second only may still be on its way: a verdict that could
// not be reached is asked for again. A failure is not: of a server with several faces
// another one may answer the next time, and what failed once is no OK.
const (
	maxVerdicts = 3
	betweenThem = time.Second
)

// verified judges what was enabled on the live proxies. nil is OK (warnings are shown);
// an uncertain error is a verdict that could not be reached.
func (t *transaction) verified(ctx context.Context) error {
	if !t.wait || !t.verify {
		return t.unsure
	}
	visits, total := t.chosen()
	if total == 0 {
		return t.unsure // it was said when waiting
	}
	doc := reached(ctx, func() report.Report {
		return report.New(t.judge(ctx, visits), t.d.judged(), t.d.version, report.FailOn{})
	})
	switch doc.ExitCode {
	case codeOK:
		fmt.Fprintf(t.d.Err, "verified   %s (%d of %d sidecars)\n", provenText(doc), len(visits), total)
		return t.unsure
	case codeFail:
		return won(ctx, t.seen(doc, "verify found a failure"), visits)
	}
	return t.interrupted(ctx, uncertain{errors.Join(t.seen(doc, "verify could not reach a verdict"), t.unsure)})
}

// reached asks until there is a verdict, good or bad, and gives the last one.
func reached(ctx context.Context, ask func() report.Report) report.Report {
	for n := 1; ; n++ {
		doc := ask()
		if doc.ExitCode != codeUnknown || n == maxVerdicts {
			return doc
		}
		select {
		case <-ctx.Done():
			return doc
		case <-time.After(betweenThem):
		}
	}
}

// chosen takes sidecars of each part in turn, so that none is left out for the many of
// another; total is how many there are.
func (t *transaction) chosen() (visits []visit, total int) {
	most := 0
	for _, p := range t.parts {
		total, most = total+len(p.targets), max(most, len(p.targets))
	}
	for n := range most {
		for _, p := range t.parts {
			if n < len(p.targets) && (n == 0 || len(visits) < maxVerified) {
				visits = append(visits, visit{p: p, target: p.targets[n]})
			}
		}
	}
	return visits, total
}

// seen shows the verdict in full and names it.
func (t *transaction) seen(doc report.Report, what string) error {
	if err := report.Print(t.d.Err, doc, report.FormatTable, t.d.printOptions()); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return fmt.Errorf("%s, see above", what)
}

// judge verifies the sidecars, a few at once.
func (t *transaction) judge(ctx context.Context, visits []visit) []report.TargetReport {
	out := make([]report.TargetReport, len(visits))
	meshes := map[*cluster]meshReader{}
	for _, v := range visits {
		if meshes[v.p.cluster] == nil {
			meshes[v.p.cluster] = startMesh(ctx, v.p.c)
		}
	}
	slots := make(chan struct{}, workers)
	var wg sync.WaitGroup
	for i, v := range visits {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			out[i] = v.p.judgeOne(ctx, meshes[v.p.cluster], v.target)
		})
	}
	wg.Wait()
	return out
}

// verifyTimeout is what one proxy and its server may take.
const verifyTimeout = 30 * time.Second

func (p *part) judgeOne(ctx context.Context, m meshReader, target facts.Target) report.TargetReport {
	ctx, cancel := context.WithTimeoutCause(ctx, verifyTimeout, fmt.Errorf("gave up after %s", verifyTimeout))
	defer cancel()
	it := p.plan.Intent
	o := questionOf(it, probeAuto)
	o.warn, o.timeout = 14*24*time.Hour, verifyTimeout
	checks, inbound := check.All(), it.Recipe == intent.RecipeStrict || it.AtGateway()
	if inbound {
		checks = inboundChecks()
	}
	in, err := readInput(ctx, p.d, p.c, m, target, o)
	if err != nil {
		return report.TargetError(target, err)
	}
	if it.AtGateway() {
		in.Intents = only(in.Intents, it)
	}
	found := check.Run(checks, in)
	for i, f := range found {
		if notOfThisChange(f, it, in.Config) {
			found[i].Outcome = check.Warn
		}
	}
	out := report.Target(in, found, false)
	if inbound {
		out.Upstreams = nil // no check looked at them: they are no evidence, and not OK
	}
	return out
}

// only leaves the intent of this name: what another one has at the same gateway is none of a change's business.
func only(intents []intent.Intent, it intent.Intent) []intent.Intent {
	return slices.DeleteFunc(slices.Clone(intents), func(o intent.Intent) bool { return o.Name != it.Name || o.Namespace != it.Namespace })
}

// notOfThisChange tells what is no reason to take a change back, or to doubt it: an
// exception, which stands at a narrower scope; and connections that failed
// before, where the one that was tried now completes.
func notOfThisChange(f check.Finding, it intent.Intent, config *facts.Config) bool {
	if check.FailedBefore(f) {
		return true
	}
	return it.Recipe == intent.RecipeStrict && f.Outcome == check.Fail && config != nil && excepted(f, it, config)
}

// excepted tells whether a narrower policy than the intent's makes the difference: an
// exception, which goes before it by design. One of the same scope wins by its age, and
// leaves the intent without any effect.
func excepted(f check.Finding, it intent.Intent, config *facts.Config) bool {
	return slices.ContainsFunc(config.Policies, func(p facts.Policy) bool {
		rank := 1 // as intent.ScopeRank
		switch {
		case len(p.Selector) > 0:
			rank = 2
		case p.Object.Namespace == config.RootNamespace:
			rank = 0
		}
		return p.Object.String() == f.Object && rank > it.ScopeRank()
	})
}

// inboundChecks are those that judge what a workload or a gateway takes: a policy is not
// to blame for what else the workload does.
func inboundChecks() []*check.Check {
	var out []*check.Check
	for _, c := range check.All() {
		if c.ID == "MT016" || c.ID == "MT019" {
			out = append(out, c)
		}
	}
	return out
}

// provenText is the verdict in a few words: the outcome, and the least that is proven of what was judged.
func provenText(doc report.Report) string {
	text := string(doc.Outcome)
	least := ""
	for _, t := range doc.Targets {
		for _, u := range t.Upstreams {
			if u.Outcome != report.NotJudged && (least == "" || evidenceRank[u.Evidence] < evidenceRank[least]) {
				least = u.Evidence
			}
		}
	}
	if least != "" {
		text += ", " + least
	}
	return text
}

// evidenceRank orders what is proven; a word that is not here is the least.
var evidenceRank = map[string]int{"configured": 1, "ready": 2, "exercised": 3, "witnessed": 4}
