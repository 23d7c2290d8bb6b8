package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// shownKubeFlags are the kubectl flags that every help text shows; the others are
// listed by the options command, as kubectl does it.
var shownKubeFlags = map[string]bool{"namespace": true, "context": true, "kubeconfig": true}

// groupFlags hides the kubectl flags that are rarely typed and adds the command
// that lists them.
func groupFlags(root *cobra.Command) {
	root.SetUsageFunc(func(c *cobra.Command) error {
		_, err := io.WriteString(c.OutOrStderr(), usage(c))
		return err
	})
	all := pflag.NewFlagSet("options", pflag.ContinueOnError)
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) {
		shown := *f
		all.AddFlag(&shown)
		f.Hidden = !shownKubeFlags[f.Name]
	})
	root.AddCommand(&cobra.Command{
		Use: "options", Short: "List the kubectl flags that every command takes", GroupID: groupMaintain, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(c.OutOrStdout(), "These flags can be given to every command:\n\n%s", all.FlagUsages())
			return err
		},
	})
}
