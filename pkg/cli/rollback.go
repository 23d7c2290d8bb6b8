package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	begun := t.begun()
	switch {
	case len(begun) == 0:
		if errors.As(seen, &unsure) {
			return seen
		}
		return failure{seen} // nothing was changed, so there is nothing to take back
	case errors.As(seen, &unsure):
		return errors.Join(seen, t.done(ctx))
	case t.rollback == rollbackNever:
		return errors.Join(failure{fmt.Errorf("%w\nit was left as it is (--rollback=never)", seen)}, t.done(ctx))
	}
	if err := t.back(ctx, begun); err != nil {
		return failure{fmt.Errorf("%w\nand the change could not be taken back: %w", seen, err)}
	}
	return failure{fmt.Errorf("%w\nthe change was taken back, the objects are as they were before", seen)}
}

// refused ends a change of which part n could not be written: those before it are taken
// back, of those after it nothing is there. What was written of the part itself was put
// back by the writer.
func (t *transaction) refused(ctx context.Context, n int, cause error) error {
	p := t.parts[n]
	var halfway *apply.HalfwayError
	rest := t.parts[n+1:]
	if !errors.As(cause, &halfway) || halfway.Leftover == nil {
		rest = t.parts[n:]
	} else {
		cause = fmt.Errorf("%w\ntake back what is left: %s", cause, p.undoCommand())
	}
	if halfway == nil && n == 0 {
		cause = fmt.Errorf("nothing was written: %w", cause)
	}
	back := slices.DeleteFunc(slices.Clone(t.parts[:n]), func(p *part) bool { return p.journal == nil })
	rest = slices.DeleteFunc(slices.Clone(rest), func(p *part) bool { return p.journal == nil })
	return failure{errors.Join(t.of(p, cause), t.back(ctx, back), t.forget(ctx, rest...))}
}

// back takes parts back, the last first. All are marked before the first is touched; one
// that cannot be taken back leaves the others their way. A mark that fails is no reason to
// leave objects as they are, unless somebody else is at it: undo begins from any step.
func (t *transaction) back(ctx context.Context, parts []*part) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTimeout)
	defer cancel()
	failed := map[*part]error{}
	if len(parts) > 0 {
		fmt.Fprintf(t.d.Err, "taking the change back; a second interruption ends at once and leaves that to: %s\n", parts[0].undoCommand())
	}
	for _, p := range parts {
		failed[p] = p.writer.Mark(ctx, p.journal, apply.StepTakingBack)
	}
	for _, p := range slices.Backward(parts) {
		if !errors.Is(failed[p], apply.ErrAtOnce) {
			failed[p] = t.revert(ctx, p)
		}
	}
	var errs []error
	for _, p := range parts {
		if failed[p] != nil {
			errs = append(errs, fmt.Errorf("%w\nsee: %s", t.of(p, failed[p]), p.undoCommand()))
		}
	}
	return errors.Join(errs...)
}

func (t *transaction) revert(ctx context.Context, p *part) error {
	o, pace := p.apply(false), newPace(t.d, p.c)
	o.Ahead = func(ctx context.Context, next apply.Entry) { pace.before(ctx, next.Kind) }
	changes, err := p.writer.Revert(ctx, p.journal, o)
	for _, c := range changes {
		fmt.Fprintf(t.d.Err, "taken back %s %s%s\n", c.Object, c.Action, waitsFor(c))
	}
	if err != nil {
		return err
	}
	return p.writer.Forget(ctx, p.journal)
}

// forget removes what the journals kept of changes that are not there any more.
func (t *transaction) forget(ctx context.Context, parts ...*part) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTimeout)
	defer cancel()
	var errs []error
	for _, p := range parts {
		errs = append(errs, p.writer.Forget(ctx, p.journal))
	}
	return errors.Join(errs...)
}
