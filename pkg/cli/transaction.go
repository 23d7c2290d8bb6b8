package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
)

// transaction is one enable on its way: of one intent, of all that stand in a file, or
// of two ends in two clusters. What is done of it is done of all its parts, or taken
// back of all.
type transaction struct {
	applyFlags
	d      *deps
	parts  []*part
	unsure error // nil, or why it cannot be told whether a part has any effect
}

// runEnable is the transaction. Each line is a step, in order, and each is done for all
// parts before the next; what can go wrong with a step is with it. From journaled on,
// whatever ends the command leaves a state that `status` shows and `undo` takes back,
// kill -9 included.
func runEnable(ctx context.Context, d *deps, parts ...*part) error {
	t := &transaction{applyFlags: parts[0].applyFlags, d: d, parts: parts}
	if err := t.planned(ctx); err != nil {
		return err
	}
	if err := t.free(ctx); err != nil { // of conflicts with what is there, and with each other
		return err
	}
	t.described()
	if t.dryRun == "client" {
		return printPlan(d, t.objects(), t.output)
	}
	if err := t.tried(ctx); err != nil {
		return err
	}
	if t.dryRun == "server" {
		return printChanges(d, t.checked(), t.output, " (server dry run)")
	}
	if err := d.confirm(ctx, "Apply", t.yes, pending(t.checked())); err != nil {
		return err
	}
	if err := t.journaled(ctx); err != nil {
		return err
	}
	if err := t.led(ctx); err != nil { // what clients must have before the rest is written
		return err
	}
	if err := t.applied(ctx); err != nil {
		return err
	}
	seen := t.waited(ctx)
	if seen == nil {
		seen = t.verified(ctx)
	}
	if seen != nil {
		return t.takenBack(ctx, seen)
	}
	return t.done(ctx)
}

// planned turns the intents into objects that fit their clusters.
func (t *transaction) planned(ctx context.Context) error {
	clusters := map[*deps]*cluster{}
	for _, p := range t.parts {
		if clusters[p.d] == nil {
			c, err := clusterOrNone(ctx, p.d, t.dryRun)
			if err != nil {
				return err
			}
			clusters[p.d] = &cluster{c: c}
		}
		p.cluster = clusters[p.d]
		if err := p.planned(ctx); err != nil {
			return t.of(p, err)
		}
	}
	return nil
}

// free fits the plans to what is there already and to each other, and looks for what
// stands in their way.
func (t *transaction) free(ctx context.Context) error {
	for _, p := range t.parts {
		if err := p.met(ctx); err != nil {
			return t.of(p, err)
		}
	}
	for _, p := range t.parts {
		if err := t.clientRules(ctx, p); err != nil {
			return t.of(p, err)
		}
	}
	if err := t.apart(); err != nil {
		return err
	}
	return t.unhindered(ctx)
}

// described shows what will be made.
func (t *transaction) described() {
	for n, p := range t.parts {
		if len(t.parts) > 1 {
			where := ""
			if p.context == "" && t.contextOf(p) != "" {
				where = " (" + t.contextOf(p) + ")"
			}
			fmt.Fprintf(t.d.Err, "%d of %d: %s%s\n", n+1, len(t.parts), p.title(), where)
		}
		fmt.Fprint(t.d.Err, describe(p.plan))
	}
}

// tried lets the server check every object, its webhooks included, and shows what
// would become of each.
func (t *transaction) tried(ctx context.Context) error {
	for _, p := range t.parts {
		if err := p.tried(ctx); err != nil {
			return t.of(p, err)
		}
	}
	for _, p := range t.parts {
		if at := t.contextOf(p); at != "" && pending(p.checked) > 0 {
			fmt.Fprintf(t.d.Err, "In context %s:\n", at)
		}
		if err := showDiff(t.d, p.checked); err != nil {
			return err
		}
	}
	return nil
}

// contextOf is the context of a part, "" where all are of the command's own: with two, what is shown must say of which it is.
func (t *transaction) contextOf(p *part) string {
	switch {
	case p.context != "":
		return p.context
	case p.cluster == nil || p.c == nil || !slices.ContainsFunc(t.parts, func(p *part) bool { return p.context != "" }):
		return ""
	}
	return p.c.Context()
}

// applied writes, all of a part after all of the one before. A write that is refused
// takes back those before it.
func (t *transaction) applied(ctx context.Context) error {
	var changes []apply.Change
	for n, p := range t.parts {
		o := p.apply(false)
		o.Planned = p.checked
		of, err := p.writer.Apply(ctx, p.plan.Objects[p.plan.Ahead:], o)
		switch {
		case err != nil && t.leads():
			return t.notLed(ctx, t.of(p, err))
		case err != nil:
			return t.refused(ctx, n, err)
		}
		of = append(p.ahead, of...)
		changes = append(changes, of...)
		if p.journal != nil {
			p.journal.Made(of)
		}
	}
	for _, p := range t.begun() {
		if err := p.writer.Mark(ctx, p.journal, apply.StepApplied); err != nil {
			return t.takenBack(ctx, err)
		}
	}
	if err := printChanges(t.d, changes, t.output, ""); err != nil {
		return t.takenBack(ctx, fmt.Errorf("say what was written: %w", err))
	}
	return nil
}

// done ends the journals and says how to go back. An interruption comes too late here.
func (t *transaction) done(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTimeout)
	defer cancel()
	said := map[*cluster]bool{}
	for _, p := range t.begun() {
		if err := p.writer.Mark(ctx, p.journal, apply.StepDone); err != nil {
			return failure{err}
		}
	}
	for _, p := range t.begun() {
		p.lockedNow(t.d.Err)
		if !said[p.cluster] {
			fmt.Fprintf(t.d.Err, "undo:      %s\n", p.undoCommand())
		}
		said[p.cluster] = true
	}
	return nil
}

// of names the part that an error is about, where there are several.
func (t *transaction) of(p *part, err error) error {
	if len(t.parts) == 1 {
		return err
	}
	return fmt.Errorf("%s: %w", p.title(), err)
}
