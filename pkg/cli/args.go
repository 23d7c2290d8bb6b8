package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/document"
)

// noCommand demands nothing behind a command that has others below it: a word there is one
// that does not exist.
func noCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("unknown command %q for %q%s\nsee: %s --help", args[0], c.CommandPath(), didYouMean("", document.Nearest(args[0], subNames(c))), c.CommandPath())
}

func subNames(c *cobra.Command) []string {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return names
}

// flagError says which flag may have been meant, and where all are listed.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	near := ""
	if errors.As(err, &unknown) && len(unknown.GetSpecifiedName()) > 1 {
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		near = document.Nearest(unknown.GetSpecifiedName(), names)
	}
	return fmt.Errorf("%w%s\nsee: %s --help", err, didYouMean("--", near), c.CommandPath())
}

// noEmpty refuses flags that were given without a value, as a script writes them whose variable is not set: taken for
// "not given", --to "" would judge something else, and --policy "" nothing. An empty kubectl flag is kubectl's default.
func noEmpty(c *cobra.Command, _ []string) error {
	var empty []string
	c.Flags().Visit(func(f *pflag.Flag) {
		if c.Root().PersistentFlags().Lookup(f.Name) != nil {
			return
		}
		list, several := f.Value.(pflag.SliceValue)
		if several && (len(list.GetSlice()) == 0 || slices.Contains(list.GetSlice(), "")) || !several && f.Value.String() == "" {
			empty = append(empty, "--"+f.Name)
		}
	})
	if len(empty) == 0 {
		return nil
	}
	return fmt.Errorf("%s: the value is empty (a variable that is not set?): give one, or leave the flag out\nsee: %s --help", strings.Join(empty, ", "), c.CommandPath())
}

func didYouMean(prefix, word string) string {
	if word == "" {
		return ""
	}
	return "; did you mean " + prefix + word + "?"
}

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
