package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/conflict"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// unhindered looks for conflicts of the plans with what is in their clusters and with
// each other, and shows them all. One that would let a plan fail, or somebody else's,
// ends the command before anything is written, unless --ignore names it.
func (t *transaction) unhindered(ctx context.Context) error {
	var stop []string
	for _, p := range t.parts {
		if p.c == nil {
			continue
		}
		in, err := readScene(ctx, t, p)
		if err != nil {
			return t.of(p, fmt.Errorf("look for conflicts, nothing was written: %w", err))
		}
		var text strings.Builder
		stop = append(stop, showConflicts(&text, t.origin(p, conflict.Find(conflict.All(), in)), t.ignore)...)
		if p.intent.Recipe == intent.RecipeStrict {
			p.locked = showLocked(&text, lockedByRules(ctx, p, in))
		}
		if text.Len() > 0 && len(t.parts) > 1 {
			fmt.Fprintf(t.d.Err, "%s:\n", p.title())
		}
		fmt.Fprint(t.d.Err, text.String())
	}
	if len(stop) == 0 {
		return nil
	}
	slices.Sort(stop)
	stop = slices.Compact(stop)
	return failure{fmt.Errorf("nothing was written because of %s: kubectl mesh-tls explain %s tells more; --ignore %s goes on all the same",
		strings.Join(stop, ", "), stop[0], strings.Join(stop, ","))}
}

// origin says of objects that only another part makes where they come from: nobody
// finds them in the cluster.
func (t *transaction) origin(p *part, found []check.Finding) []check.Finding {
	for _, other := range t.parts {
		if other == p || other.cluster != p.cluster {
			continue
		}
		for _, o := range other.plan.Objects {
			name := fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())
			for i := range found {
				if found[i].Object == name {
					found[i].Got = strings.TrimPrefix(found[i].Got+"; ", "; ") + name + " is made by the same command, for " + other.title()
				}
			}
		}
	}
	return found
}

// showConflicts writes findings for a person, and gives the ids of those that stop.
func showConflicts(w io.Writer, found []check.Finding, ignore []string) (stop []string) {
	dark := map[string][]string{}
	var order []string
	for _, f := range found {
		switch {
		case f.Outcome == check.Unknown:
			if dark[f.Summary] == nil {
				order = append(order, f.Summary)
			}
			dark[f.Summary] = append(dark[f.Summary], f.ID)
			continue
		case f.Outcome != check.Fail && f.Outcome != check.Warn:
			continue
		}
		word := f.Outcome.String()
		if f.Outcome == check.Fail && slices.Contains(ignore, f.ID) {
			word += ", ignored"
		} else if f.Outcome == check.Fail && !slices.Contains(stop, f.ID) {
			stop = append(stop, f.ID)
		}
		fmt.Fprintf(w, "%s %s (%s): %s\n", word, f.ID, f.Name, report.Plain(f.Summary))
		if f.Got != "" {
			fmt.Fprintf(w, "  %s\n", report.Plain(f.Got))
		}
		if f.Fix != "" {
			fmt.Fprintf(w, "  fix: %s\n", report.Plain(f.Fix))
		}
	}
	for _, text := range order {
		fmt.Fprintf(w, "not checked (%s): %s\n", strings.Join(dark[text], ", "), report.Plain(text))
	}
	return stop
}

var errIgnore = errors.New("must be the id of a conflict")

// validateIgnore refuses an id that is none of a conflict: a slip there would be silent.
func validateIgnore(ids []string) error {
	for _, id := range ids {
		if !slices.ContainsFunc(conflict.All(), func(c *conflict.Conflict) bool { return c.ID == id }) {
			all := conflict.All()
			return fmt.Errorf("--ignore %q: %w, %s to %s", id, errIgnore, all[0].ID, all[len(all)-1].ID)
		}
	}
	return nil
}
