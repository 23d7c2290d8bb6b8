package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagGroup is a heading and the flags below it, separated by blanks.
type flagGroup struct{ title, names string }

// Where a command has many flags they stand in groups; what no group names comes last.
var (
	enableGroups = []flagGroup{
		{"Who it is for", "workload export-to mesh name filename role gateway gateway-context gateway-namespace through-gateway to-service"},
		{"The server", "port protocol address endpoint resolution sni san tls-port http-port form subset"},
		{"Certificates", "ca ca-file ca-path ca-secret ca-configmap client-cert-file client-key-file client-cert-path client-key-path client-secret " +
			"service-account no-rbac cert-file key-file client-ca-file credential allow-san allow-any-client"},
		{"The change", "dry-run output preview yes adopt force-conflicts ignore wait verify rollback timeout"},
	}
	verifyGroups = []flagGroup{
		{"What is judged", "to all filename selector all-namespaces dump bundle"},
		{"How it is judged", "probe exercise watch-traffic min-tls policy warn-days"},
		{"The report", "output fail-on baseline quiet verbose"},
	}
)

// fewFlags need no groups.
const fewFlags = 14

func groupsOf(c *cobra.Command) []flagGroup {
	n := 0
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			n++
		}
	})
	switch {
	case n <= fewFlags:
		return nil
	case c.Name() == "verify":
		return verifyGroups
	}
	return enableGroups
}

// usage shows how a command is called: its own flags first, by groups, and the usual kubectl flags in a group of their
// own. It is no template: with one, the program would keep every method of every type (see pkg/report/htmlpage.go).
func usage(c *cobra.Command) string {
	var b strings.Builder
	b.WriteString("Usage:")
	if c.Runnable() {
		b.WriteString("\n  " + c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		b.WriteString("\n  " + c.CommandPath() + " [command]")
	}
	if c.HasExample() {
		b.WriteString("\n\nExamples:\n" + c.Example)
	}
	if c.HasAvailableSubCommands() {
		commands(&b, c)
	}
	ownFlags(&b, c)
	if c.HasAvailableInheritedFlags() {
		flags(&b, "Cluster", c.InheritedFlags())
	}
	b.WriteString("\n\nOther kubectl flags: kubectl mesh-tls options\n")
	return b.String()
}

func commands(b *strings.Builder, c *cobra.Command) {
	groups := c.Groups()
	if len(groups) == 0 {
		groups = []*cobra.Group{{Title: "Commands:"}}
	}
	for _, g := range groups {
		b.WriteString("\n\n" + g.Title)
		for _, sub := range c.Commands() {
			if (sub.GroupID == g.ID || g.ID == "") && sub.IsAvailableCommand() {
				fmt.Fprintf(b, "\n  %-*s %s", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
}

func ownFlags(b *strings.Builder, c *cobra.Command) {
	rest := pflag.NewFlagSet("", pflag.ContinueOnError)
	rest.AddFlagSet(c.LocalFlags())
	for _, g := range groupsOf(c) {
		here, others := pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
		here.SortFlags = false
		for name := range strings.FieldsSeq(g.names) {
			if f := rest.Lookup(name); f != nil {
				here.AddFlag(f)
			}
		}
		rest.VisitAll(func(f *pflag.Flag) {
			if here.Lookup(f.Name) == nil {
				others.AddFlag(f)
			}
		})
		flags(b, g.title, here)
		rest = others
	}
	title := "Flags"
	if len(groupsOf(c)) > 0 {
		title = "Other flags"
	}
	flags(b, title, rest)
}

func flags(b *strings.Builder, title string, s *pflag.FlagSet) {
	if text := strings.TrimRight(s.FlagUsages(), " \n"); text != "" {
		b.WriteString("\n\n" + title + ":\n" + text)
	}
}
