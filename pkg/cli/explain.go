package cli

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/runbook"
)

const explainExample = `  # What a finding means, how to confirm it, how to repair it
  kubectl mesh-tls explain MT006

  # Which finding an error message belongs to
  kubectl mesh-tls explain WRONG_VERSION_NUMBER
  kubectl mesh-tls explain "connection reset by peer"

  # Every id
  kubectl mesh-tls explain`

// findingID tells an id, or its number without zeros, from the words of a symptom.
var findingID = regexp.MustCompile(`^(?i:mt)[0-9]+$`)

// whole writes an id as it is: MT006 for mt6.
func whole(id string) string {
	digits := strings.TrimLeft(id[len("MT"):], "0")
	return "MT" + strings.Repeat("0", max(0, len("000")-len(digits))) + digits
}

func newExplain(d *deps) *cobra.Command {
	return &cobra.Command{
		Use: "explain [ID | WORDS]", Short: "Tell what a finding or an error message means, and how to repair it", GroupID: groupVerify,
		Long: "Show the runbook of a finding: symptom, cause, how to confirm it by hand, the fix, public threads.\n" +
			"WORDS of an error message find the findings that it belongs to. Needs no cluster.\n\n" +
			"Exit codes: 0 something was found, 2 nothing was.",
		Example: explainExample,
		Args:    cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 || slices.ContainsFunc(args, func(a string) bool { return !findingID.MatchString(a) }) {
				return runExplain(d, strings.Join(args, " "))
			}
			for _, id := range args {
				if err := runExplain(d, id); err != nil {
					return err
				}
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for _, p := range runbook.All() {
				ids = append(ids, p.ID+"\t"+p.Title)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// runExplain: words -> pages -> one page whole, several as a list.
func runExplain(d *deps, query string) error {
	if query == "" {
		return listRunbooks(d.Out, runbook.All())
	}
	if findingID.MatchString(query) {
		p, ok := runbook.Find(whole(query))
		if !ok {
			return noRunbook(fmt.Sprintf("no finding has the id %s", strings.ToUpper(query)))
		}
		return d.showRunbook(p)
	}
	pages, whole := runbook.Search(query)
	if len(pages) == 0 {
		return noRunbook(fmt.Sprintf("no runbook has the words %q", query))
	}
	if !whole {
		fmt.Fprintln(d.Err, "no runbook has all of these words; nearest:")
	}
	if len(pages) == 1 {
		return d.showRunbook(pages[0])
	}
	if err := listRunbooks(d.Out, pages); err != nil {
		return err
	}
	fmt.Fprintf(d.Err, "each of them whole: kubectl mesh-tls explain %s\n", pages[0].ID)
	return nil
}

func (d *deps) showRunbook(p runbook.Page) error {
	_, err := io.WriteString(d.Out, runbook.Render(p, d.printOptions().Width))
	return err
}

func listRunbooks(w io.Writer, pages []runbook.Page) error {
	_, err := io.WriteString(w, titles(pages))
	return err
}

// titles is one line for each page.
func titles(pages []runbook.Page) string {
	var b strings.Builder
	for _, p := range pages {
		fmt.Fprintf(&b, "%s  %s\n", p.ID, p.Title)
	}
	return b.String()
}

// noRunbook says what there is instead.
func noRunbook(why string) error {
	return fmt.Errorf("%s; there are:\n%sgive an id, or words of the error message as they stand in the log: kubectl mesh-tls explain CERTIFICATE_VERIFY_FAILED",
		why, titles(runbook.All()))
}
