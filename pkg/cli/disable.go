package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/document"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// disableFlags holds what was typed; nothing in it needs finishing.
type disableFlags struct {
	dryRun         string
	yes            bool
	forceConflicts bool
}

func newDisable(d *deps) *cobra.Command {
	var f disableFlags
	c := &cobra.Command{
		Use: "disable NAME", Short: "Remove exactly what one enable made", GroupID: groupConfigure,
		Long: "Remove the objects that `kubectl mesh-tls enable` made under this name, and nothing else: an object\n" +
			"without our labels is never touched. What enable --adopt took over, or completed, is given back as it was before.\n" +
			"Nothing there is not an error.",
		Example: `  # Remove what enable made
  kubectl mesh-tls disable redis-example-internal -n redis

  # See what would be removed
  kubectl mesh-tls disable redis-example-internal -n redis --dry-run=server`,
		Args: oneArg("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if f.dryRun != "none" && f.dryRun != "server" {
				return fmt.Errorf("--dry-run %q: must be none or server", f.dryRun)
			}
			return runDisable(c.Context(), d, args[0], f)
		},
	}
	c.Flags().StringVar(&f.dryRun, "dry-run", "none", "`MODE`: none or server (what would be removed is listed, nothing is)")
	c.Flags().Lookup("dry-run").NoOptDefVal = "server"
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask on a terminal")
	c.Flags().BoolVar(&f.forceConflicts, "force-conflicts", false, "give back objects that were taken over even if somebody else changed them since, or delete them where no journal says what they were; put back other Roles than enable's; take clients' rules away even if servers stay strict")
	return c
}

// runDisable: what is there of that name -> ask -> journal -> give back what was taken
// over -> delete the rest -> forget.
func runDisable(ctx context.Context, d *deps, name string, f disableFlags) error {
	c, err := kube.New(d.kube)
	if err != nil {
		return err
	}
	r := &removal{d: d, namespace: c.Namespace(), name: name, force: f.forceConflicts}
	if err := r.prepare(ctx, c); err != nil {
		return err
	}
	if len(r.found) == 0 {
		where := objectsElsewhere(ctx, d, c, name)
		if where == "" {
			where = didYouMean("", document.Nearest(name, d.intentNames(ctx)))
		}
		fmt.Fprintf(d.Err, "nothing to remove: no object of %q in namespace %s%s\n", name, r.namespace, where)
		return r.forgetEmpty(ctx, f.dryRun)
	}
	if f.dryRun == "server" {
		return printChanges(d, r.found, "", " (server dry run)")
	}
	if err := confirmRemoval(ctx, d, f.yes, r.found); err != nil {
		return err
	}
	return r.run(ctx)
}

func confirmRemoval(ctx context.Context, d *deps, yes bool, found []apply.Change) error {
	for _, c := range found {
		sign := "-"
		if c.Action != apply.Deleted {
			sign = "~"
		}
		fmt.Fprintf(d.talk(), "  %s %s\n", sign, c.Object)
	}
	return d.confirm(ctx, "Remove", yes, len(found))
}
