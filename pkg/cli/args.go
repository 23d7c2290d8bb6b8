package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// oneArg demands exactly one argument and names it in the error.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return fmt.Errorf("which %s?\nsee: %s --help", what, c.CommandPath())
		case 1:
			return nil
		}
		return fmt.Errorf("one %s at a time: %q is too much\nsee: %s --help", what, args[1:], c.CommandPath())
	}
}
