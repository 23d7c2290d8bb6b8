package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func newVersion(d *deps) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of the plugin", GroupID: groupMaintain, Args: cobra.NoArgs,
		Example: "  kubectl mesh-tls version",
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(d.Out, "kubectl-mesh-tls %s %s/%s %s\n", d.version, runtime.GOOS, runtime.GOARCH, runtime.Version())
			return err
		},
	}
}
