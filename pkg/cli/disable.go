package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// disableFlags holds what was typed; nothing in it needs finishing.
type disableFlags struct {
	dryRun string
	yes    bool
}

func newDisable(d *deps) *cobra.Command {
	var f disableFlags
	c := &cobra.Command{
		Use: "disable NAME", Short: "Remove exactly what one enable made", GroupID: groupConfigure,
		Long: "Remove the objects that `kubectl mesh-tls enable` made under this name, and nothing else: an object\n" +
			"without our labels is never touched. Nothing there is not an error.",
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
	return c
}

func runDisable(ctx context.Context, d *deps, name string, f disableFlags) error {
	c, err := kube.New(d.kube)
	if err != nil {
		return err
	}
	version, err := c.NetworkingVersion(ctx)
	if err != nil {
		return err
	}
	security, err := c.SecurityVersion(ctx)
	if err != nil && !errors.Is(err, kube.ErrNoPolicies) {
		return err
	}
	mapper, err := c.Mapper()
	if err != nil {
		return err
	}
	writer := apply.New(c.Dynamic(), mapper)
	kinds := istio.OwnedKinds(version, security)
	o := apply.Options{OwnerKey: istio.LabelName, OwnerValue: name, DryRun: true}
	found, err := writer.Delete(ctx, kinds, c.Namespace(), o)
	if err != nil {
		return failure{err}
	}
	if len(found) == 0 {
		fmt.Fprintf(d.Err, "nothing to remove: no object of %q in namespace %s\n", name, c.Namespace())
		return nil
	}
	if f.dryRun == "server" {
		return printChanges(d, found, "", " (server dry run)")
	}
	if err := confirmRemoval(d, f.yes, found); err != nil {
		return err
	}
	return remove(ctx, d, writer, kinds, c.Namespace(), name)
}

func confirmRemoval(d *deps, yes bool, found []apply.Change) error {
	for _, c := range found {
		fmt.Fprintf(d.talk(), "  - %s\n", c.Object)
	}
	return d.confirm(yes, len(found))
}

func remove(ctx context.Context, d *deps, w *apply.Client, kinds []schema.GroupVersionKind, namespace, name string) error {
	changes, err := w.Delete(ctx, kinds, namespace, apply.Options{OwnerKey: istio.LabelName, OwnerValue: name})
	if printErr := printChanges(d, changes, "", ""); printErr != nil {
		return printErr
	}
	if err != nil {
		return failure{err}
	}
	return nil
}
