package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
)

// backTimeout is how long taking back may take; it goes on when the command was
// interrupted, because half a change is worse than a late end.
const backTimeout = 60 * time.Second

// uncertain marks what could not be determined: it is no reason to take a change back.
type uncertain struct{ error }

func (u uncertain) Unwrap() error { return u.error }

// takenBack takes exactly this change back, after something was seen that must not
// stay, and says what was seen.
func (t *transaction) takenBack(ctx context.Context, seen error) error {
	var unsure uncertain
	switch {
	case t.journal == nil:
		if errors.As(seen, &unsure) {
			return seen
		}
		return failure{seen} // nothing was changed, so there is nothing to take back
	case errors.As(seen, &unsure):
		return errors.Join(seen, t.done(ctx))
	case t.rollback == rollbackNever:
		return errors.Join(failure{fmt.Errorf("%w\nit was left as it is (--rollback=never)", seen)}, t.done(ctx))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTimeout)
	defer cancel()
	err := t.writer.Mark(ctx, t.journal, apply.StepTakingBack)
	var changes []apply.Change
	if err == nil {
		changes, err = t.writer.Revert(ctx, t.journal, t.apply(false))
		for _, c := range changes {
			fmt.Fprintf(t.d.Err, "taken back %s %s\n", c.Object, c.Action)
		}
	}
	if err == nil {
		err = t.forget(ctx)
	}
	if err != nil {
		return failure{fmt.Errorf("%w\nand the change could not be taken back: %w\nsee: kubectl mesh-tls undo %s -n %s", seen, err, t.intent.Name, t.plan.Intent.Namespace)}
	}
	return failure{fmt.Errorf("%w\nthe change was taken back, the objects are as they were before", seen)}
}

// forget removes what the journal kept of a change that is not there any more.
func (t *transaction) forget(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTimeout)
	defer cancel()
	return t.writer.Forget(ctx, t.journal)
}
