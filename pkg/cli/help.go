package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// shownKubeFlags are the kubectl flags that every help text shows; the others are
// listed by the options command, as kubectl does it.
var shownKubeFlags = map[string]bool{"namespace": true, "context": true, "kubeconfig": true}

// usageTemplate shows a command's own flags first and the usual kubectl flags in
// a group of their own.
const usageTemplate = `Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [command]{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}{{$cmds := .Commands}}{{range $group := .Groups}}

{{.Title}}{{range $cmds}}{{if and (eq .GroupID $group.ID) .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if not .Groups}}

Commands:{{range $cmds}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Cluster:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}

Other kubectl flags: kubectl mesh-tls options
`

// groupFlags hides the kubectl flags that are rarely typed and adds the command
// that lists them.
func groupFlags(root *cobra.Command) {
	root.SetUsageTemplate(usageTemplate)
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
