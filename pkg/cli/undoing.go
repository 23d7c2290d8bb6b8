package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// undoing is one undo on its way: of one journal, or of all of one change.
type undoing struct {
	d        *deps
	c        *kube.Client
	writer   *apply.Client
	force    bool
	journals []*apply.Journal // in the order of the writes
}

// find reads what belongs to the same change, and says what is going to be undone.
func (u *undoing) find(ctx context.Context, j *apply.Journal) error {
	whole, apart, err := u.writer.Together(ctx, j)
	if err != nil {
		return fmt.Errorf("nothing was written: find what belongs to the change of %s/%s: %w", j.Namespace, j.Owner, err)
	}
	u.journals = whole
	fmt.Fprintf(u.d.Err, "Undo: the change of %s (%s)%s\n", j.Started.UTC().Format(time.RFC3339), j.Step, ofMembers(j.Group))
	if j.Step != apply.StepTakingBack && j.Step != apply.StepApplying { // then they were taken back, or not yet begun
		for _, m := range apart {
			fmt.Fprintf(u.d.Err, "Note: %s was changed again or disabled since, and is left as it is\n", m)
		}
	}
	if j.Group != nil {
		for _, e := range j.Group.Elsewhere {
			fmt.Fprintf(u.d.Err, "Note: %s belongs to the same change; it is in another cluster and is left as it is\n", e)
		}
	}
	return nil
}

// ofMembers names what a change is about, "" where it is of one intent only.
func ofMembers(g *apply.Group) string {
	if g == nil || len(g.Members) < 2 {
		return ""
	}
	var names []string
	for _, m := range g.Members {
		names = append(names, m.String())
	}
	return fmt.Sprintf(", of %d intents: %s", len(names), strings.Join(names, ", "))
}

func (u *undoing) options(j *apply.Journal, dryRun bool) apply.Options {
	return apply.Options{OwnerKey: istio.LabelName, OwnerValue: j.Owner, ForceConflicts: u.force, DryRun: dryRun, Release: istio.Release,
		May: mayPutBack(j.Namespace, j.Owner, j.Origins, u.force)}
}

// revert puts the objects back, the last first. What somebody else changed since is in
// the error; the others are put back all the same.
func (u *undoing) revert(ctx context.Context, dryRun bool) ([]apply.Change, error) {
	var done []apply.Change
	var errs []error
	pace := newPace(u.d, u.c)
	for _, j := range slices.Backward(u.journals) {
		o := u.options(j, dryRun)
		o.Ahead = func(ctx context.Context, next apply.Entry) { pace.before(ctx, next.Kind) }
		changes, err := u.writer.Revert(ctx, j, o)
		done, errs = append(done, changes...), append(errs, err)
	}
	return done, errors.Join(errs...)
}

// putBack marks every journal, puts back, and forgets what was put back whole.
func (u *undoing) putBack(ctx context.Context) error {
	for n, j := range u.journals {
		if err := u.writer.Mark(ctx, j, apply.StepTakingBack); err != nil {
			if n == 0 {
				err = fmt.Errorf("nothing was written: %w", err)
			}
			return failure{err}
		}
	}
	changes, err := u.revert(ctx, false)
	for _, j := range slices.Backward(u.journals) {
		if err == nil { // before it is said: who reads may be gone (| head)
			err = u.writer.Forget(ctx, j)
		}
	}
	if err != nil {
		err = failure{err}
	}
	return errors.Join(printChanges(u.d, changes, "", ""), err)
}
