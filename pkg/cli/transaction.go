package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// transaction is one enable on its way through a cluster.
type transaction struct {
	enableOptions
	d       *deps
	c       *kube.Client // nil: a client-side dry run that reaches no cluster
	plan    istio.Plan
	writer  *apply.Client
	checked []apply.Change // what the server would make of the plan
	targets []facts.Target // the sidecars that are waited for, known from then on
	journal *apply.Journal // nil as long as nothing is written
}

// runEnable is the transaction. Each line is a step, in order; what can go wrong with
// a step is with it. From journaled on, whatever ends the command leaves a state that
// `status` shows and `undo` takes back, kill -9 included.
func runEnable(ctx context.Context, d *deps, o enableOptions) error {
	t := &transaction{enableOptions: o, d: d}
	if err := t.planned(ctx); err != nil {
		return err
	}
	if err := t.free(ctx); err != nil { // of conflicts with what is there
		return err
	}
	fmt.Fprint(d.Err, describe(t.plan))
	if o.dryRun == "client" {
		return printPlan(d, t.plan, o.output)
	}
	if err := t.tried(ctx); err != nil {
		return err
	}
	if o.dryRun == "server" {
		return printChanges(d, t.checked, o.output, " (server dry run)")
	}
	if err := d.confirm(o.yes, pending(t.checked)); err != nil {
		return err
	}
	if err := t.journaled(ctx); err != nil {
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

// planned turns the intent into objects that fit this cluster.
func (t *transaction) planned(ctx context.Context) (err error) {
	if t.c, err = clusterOrNone(ctx, t.d, t.dryRun); err != nil {
		return err
	}
	if t.c != nil {
		if t.intent, err = joinEarlier(ctx, t.d, t.c, t.intent); err != nil {
			return err
		}
	}
	if t.plan, err = buildPlan(ctx, t.c, t.intent, t.bundle); err != nil {
		return err
	}
	t.plan.Notes = append(append([]string(nil), t.notes...), t.plan.Notes...)
	if t.bundle != nil {
		t.plan.Notes = append(t.plan.Notes, t.bundle.warnings(t.d.now())...)
	}
	return nil
}

// free fits the plan to what is there already, and looks for what stands in its way.
func (t *transaction) free(ctx context.Context) error {
	if t.c == nil {
		return nil
	}
	meet := meetForeign
	if t.intent.Recipe == intent.RecipeStrict {
		meet = meetPolicies
	}
	if err := meet(ctx, t.c, &t.plan, t.adopt); err != nil {
		return err
	}
	return t.unhindered(ctx)
}

// tried lets the server check every object, its webhooks included, and shows what
// would become of each.
func (t *transaction) tried(ctx context.Context) error {
	mapper, err := t.c.Mapper()
	if err != nil {
		return err
	}
	t.writer = apply.New(t.c.Dynamic(), mapper)
	if t.checked, err = t.writer.Apply(ctx, t.plan.Objects, t.apply(true)); err != nil {
		return failure{fmt.Errorf("check on the cluster, nothing was written: %w", err)}
	}
	return showDiff(t.d, t.checked)
}

// journaled writes the state before the change into the cluster. Where nothing will
// be changed there is nothing to keep.
func (t *transaction) journaled(ctx context.Context) (err error) {
	if pending(t.checked) == 0 {
		return nil
	}
	t.journal, err = t.writer.Begin(ctx, t.checked, t.plan.Intent.Namespace, apply.StepApplying, t.d.now(), t.apply(false))
	var unfinished *apply.UnfinishedError
	if errors.As(err, &unfinished) {
		return failure{fmt.Errorf("%w, nothing was written: wait for it, or take it back: kubectl mesh-tls undo %s -n %s", err, t.intent.Name, t.plan.Intent.Namespace)}
	}
	if err != nil {
		return failure{fmt.Errorf("nothing was written: %w", err)}
	}
	return nil
}

// applied writes. A write that is refused takes back those before it.
func (t *transaction) applied(ctx context.Context) error {
	changes, err := t.writer.Apply(ctx, t.plan.Objects, t.apply(false))
	if err != nil {
		var halfway *apply.HalfwayError
		if t.journal != nil && (!errors.As(err, &halfway) || halfway.Leftover == nil) { // nothing is there of it
			err = errors.Join(err, t.forget(ctx))
		}
		return failure{err}
	}
	if t.journal != nil {
		if err := t.writer.Mark(ctx, t.journal, apply.StepApplied); err != nil {
			return t.takenBack(ctx, err)
		}
	}
	return printChanges(t.d, changes, t.output, "")
}

// done ends the journal and says how to go back.
func (t *transaction) done(ctx context.Context) error {
	if t.journal == nil {
		return nil
	}
	if err := t.writer.Mark(ctx, t.journal, apply.StepDone); err != nil {
		return failure{err}
	}
	fmt.Fprintf(t.d.Err, "undo:      kubectl mesh-tls undo %s -n %s\n", t.intent.Name, t.plan.Intent.Namespace)
	return nil
}
