package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// kubectlScript is what kubectl runs for completions of a plugin (kubectl plugin --help).
const kubectlScript = `#!/bin/sh
exec kubectl-mesh_tls __complete "$@"
`

// addCompletion adds the shell's scripts, and the one with which kubectl completes its
// plugins itself.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.AddCommand(&cobra.Command{
			Use: "kubectl", Short: "Generate the script with which kubectl completes `kubectl mesh-tls`", Args: cobra.NoArgs,
			Long: "kubectl asks a program kubectl_complete-mesh_tls in the PATH for completions of this plugin, in every\nshell that completes kubectl itself. This prints it.",
			Example: `  # Anywhere in the PATH
  kubectl mesh-tls completion kubectl > ~/.local/bin/kubectl_complete-mesh_tls && chmod +x ~/.local/bin/kubectl_complete-mesh_tls`,
			RunE: func(c *cobra.Command, _ []string) error {
				_, err := fmt.Fprint(c.OutOrStdout(), kubectlScript)
				return err
			},
		})
	}
}
