package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// TestUsageShowsEveryFlag: each flag of a command stands in its help once, and where flags have groups, in one of them.
func TestUsageShowsEveryFlag(t *testing.T) {
	general := []string{"help", "timeout", "proxy-admin-port"}
	grouped := 0
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		c.InitDefaultHelpFlag()
		text := usage(c)
		named := strings.Join(general, " ")
		for _, g := range groupsOf(c) {
			named += " " + g.names
		}
		if len(groupsOf(c)) > 0 {
			grouped++
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden {
				return
			}
			if n := strings.Count(text, "--"+f.Name+" "); n < 1 || strings.Count(text, "\n      --"+f.Name+" ")+strings.Count(text, ", --"+f.Name+" ") != 1 {
				t.Errorf("%s: --%s stands in the help %d times", c.CommandPath(), f.Name, n)
			}
			if len(groupsOf(c)) > 0 && !strings.Contains(" "+named+" ", " "+f.Name+" ") {
				t.Errorf("%s: --%s is in no group", c.CommandPath(), f.Name)
			}
		})
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(newRoot(&deps{kube: genericclioptions.NewConfigFlags(true), version: "test"}))
	if grouped < 4 {
		t.Errorf("only %d commands show their flags by groups", grouped)
	}
}
