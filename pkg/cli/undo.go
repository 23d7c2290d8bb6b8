package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

const undoLong = `Take the last change of NAME back: the objects that it made are deleted, those that it changed or
removed are as they were before, with labels, annotations and field managers. It works on the state
that enable and disable write into the cluster before their first write, so also for a command that
was interrupted, whatever it had done by then. A change of several intents (enable -f) is taken back as
a whole, whichever of its names is given.

An object that somebody else changed since is named and left alone, unless --force-conflicts.`

// undoFlags holds what was typed; nothing in it needs finishing.
type undoFlags struct {
	dryRun         string
	yes            bool
	forceConflicts bool
}

func newUndo(d *deps) *cobra.Command {
	var f undoFlags
	c := &cobra.Command{
		Use: "undo NAME", Short: "Take the last change of one enable or disable back", GroupID: groupConfigure, Long: undoLong,
		Example: `  # Back to what was there before the last enable of this name
  kubectl mesh-tls undo redis-example-internal -n redis

  # See what would be put back
  kubectl mesh-tls undo redis-example-internal -n redis --dry-run=server`,
		Args: oneArg("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if f.dryRun != "none" && f.dryRun != "server" {
				return fmt.Errorf("--dry-run %q: must be none or server", f.dryRun)
			}
			return runUndo(c.Context(), d, args[0], f)
		},
	}
	c.Flags().StringVar(&f.dryRun, "dry-run", "none", "`MODE`: none or server (what would be put back is shown, nothing is)")
	c.Flags().Lookup("dry-run").NoOptDefVal = "server"
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask on a terminal")
	c.Flags().BoolVar(&f.forceConflicts, "force-conflicts", false, "put back objects that somebody else changed since, and Roles with other rights than enable gives, too")
	return c
}

// runUndo: the journal, and those of the same change -> what they would put back ->
// ask -> put back -> forget.
func runUndo(ctx context.Context, d *deps, name string, f undoFlags) error {
	c, err := kube.New(d.kube)
	if err != nil {
		return err
	}
	mapper, err := c.Mapper()
	if err != nil {
		return err
	}
	u := &undoing{d: d, c: c, writer: apply.New(c.Dynamic(), mapper), force: f.forceConflicts}
	j, err := u.writer.Journal(ctx, c.Namespace(), name)
	if err != nil {
		return err
	}
	if j != nil && j.Empty() && f.dryRun != "server" {
		err = u.writer.Drop(ctx, j) // a disable was interrupted at its very end
	}
	if err != nil {
		return err
	}
	if j == nil || j.Empty() {
		other := changesElsewhere(ctx, d, u.writer, name)
		if other == "" {
			other = "; see: kubectl mesh-tls status -n " + c.Namespace()
		}
		return fmt.Errorf("nothing to undo: no change of %q is known in namespace %s%s", name, c.Namespace(), other)
	}
	if err := u.find(ctx, j); err != nil {
		return err
	}
	planned, err := u.revert(ctx, true)
	if showErr := showDiff(d, planned); showErr != nil {
		return showErr
	}
	if err != nil {
		return failure{fmt.Errorf("nothing was written: %w", err)}
	}
	if f.dryRun == "server" {
		return printChanges(d, planned, "", " (server dry run)")
	}
	if err := d.confirm(ctx, "Take back", f.yes, pending(planned)); err != nil {
		return err
	}
	return u.putBack(ctx)
}
