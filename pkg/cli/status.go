package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	archive "github.com/mesh-tls/kubectl-mesh-tls/pkg/bundle"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

const statusLong = `Put both ends of the mesh's connections together, from the live proxies: for each service, port,
subset and external host what the server accepts, what the clients send, which policy and which rule
say so, how far it is proven, and what becomes of the two.

TARGET is a service (svc/x), or a workload or pod whose services are shown; without one, every service
and external host of the namespace. Clients are all sidecars of the namespace, or those of --from and
--from-namespace.

Verdicts: OK both ends fit in mutual TLS (external hosts: TLS, validated); PARTIAL some connections
only; PLAINTEXT; CONFLICT connections are refused; MAY CONFLICT depends on what nobody can see;
UNKNOWN; NOT JUDGED where there is no connection to judge.

Exit codes, in every format: 0 no failure (warnings allowed; see --fail-on), 1 a CONFLICT, or plaintext
where a rule or an intent asks for TLS, 2 could not determine, or bad usage.`

const statusExample = `  # Every service of a namespace, and the clients in it
  kubectl mesh-tls status -n shop

  # Before and after a change, on one screen
  kubectl mesh-tls status -n shop -o json > before.json
  kubectl mesh-tls enable strict -n shop
  kubectl mesh-tls status -n shop --before before.json

  # One service, as the clients of another namespace see it
  kubectl mesh-tls status svc/db -n shop --from-namespace front

  # The table of then, without the cluster
  kubectl mesh-tls bundle -n shop -o shop.tar.gz
  kubectl mesh-tls status --bundle shop.tar.gz`

// statusFlags holds what was typed.
type statusFlags struct {
	allNamespaces  bool
	from           []string
	fromNamespaces []string
	before         string
	bundle         string
	output         string
	failOn         []string
	timeout        time.Duration
	adminPort      adminPort
}

// statusOptions is the finished form.
type statusOptions struct {
	statusFlags
	targets []string
	format  report.Format
	on      report.FailOn
	saved   *report.StatusReport
}

func newStatus(d *deps) *cobra.Command {
	f := statusFlags{output: "table", failOn: []string{"fail"}, timeout: 30 * time.Second}
	c := &cobra.Command{
		Use: "status [TARGET...]", Short: "Show what servers accept and what clients send, and whether they fit", GroupID: groupVerify,
		Long: statusLong, Example: statusExample,
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.toOptions(args)
			if err != nil {
				return fmt.Errorf("%w\nsee: kubectl mesh-tls status --help", err)
			}
			return runStatus(c.Context(), d, o)
		},
	}
	fs := c.Flags()
	fs.BoolVarP(&f.allNamespaces, "all-namespaces", "A", f.allNamespaces, "services and sidecars of every namespace")
	fs.StringSliceVar(&f.from, "from", nil, "only these clients, `TARGET`s of the namespace: deploy/x, pod/x, ... (may be repeated)")
	fs.StringSliceVar(&f.fromNamespaces, "from-namespace", nil, "the sidecars of this `NAMESPACE` as clients (may be repeated)")
	fs.StringVar(&f.before, "before", f.before, "compare with a saved report, a `FILE` of -o json or -o yaml")
	fs.StringVar(&f.bundle, "bundle", f.bundle, "read the `FILE` that the bundle command saved and no cluster: the same table, as of then")
	fs.StringVarP(&f.output, "output", "o", f.output, "output `FORMAT`: table, wide, json, yaml or markdown")
	fs.StringSliceVar(&f.failOn, "fail-on", f.failOn, "what makes the exit code 1: fail, warn or unknown (several with commas)")
	fs.DurationVar(&f.timeout, "timeout", f.timeout, "give up on a proxy after this long")
	addAdminPort(fs, &f.adminPort)
	return c
}

func (f statusFlags) toOptions(args []string) (statusOptions, error) {
	o := statusOptions{statusFlags: f, targets: args}
	var err error
	if o.format, err = report.ParseStatusFormat(f.output); err != nil {
		return o, err
	}
	if o.on, err = report.ParseFailOn(f.failOn); err != nil {
		return o, fmt.Errorf("--fail-on %w", err)
	}
	switch {
	case f.allNamespaces && len(args)+len(f.from)+len(f.fromNamespaces) > 0:
		return o, fmt.Errorf("--all-namespaces shows everything: give it no TARGET, --from or --from-namespace")
	case len(f.from) > 0 && len(f.fromNamespaces) > 0:
		return o, fmt.Errorf("give either --from or --from-namespace, not both")
	case f.timeout <= 0:
		return o, fmt.Errorf("--timeout %s: must be more than 0", f.timeout)
	}
	o.saved, err = f.saved()
	return o, err
}

// mostBefore is how much of a saved report is read, in bytes: far over a row for each of thousands of services.
const mostBefore = 64 << 20

// saved reads the report to compare with, nil without --before.
func (f statusFlags) saved() (*report.StatusReport, error) {
	if f.before == "" {
		return nil, nil
	}
	text, err := readFile(f.before, mostBefore)
	if err != nil {
		return nil, fmt.Errorf("--before: %w", err)
	}
	r, err := report.ReadStatus(text)
	if err != nil {
		return nil, fmt.Errorf("--before %s: %w", f.before, err)
	}
	return &r, nil
}

// statusInput reads the cluster, or what a bundle saved of it.
func statusInput(ctx context.Context, d *deps, o statusOptions) (in report.StatusInput, err error) {
	if o.bundle == "" {
		from, err := fromCluster(d, o)
		if err != nil {
			return in, err
		}
		return readStatus(ctx, d, from, o)
	}
	err = withBundle(o.bundle, func(r *archive.Reader) error {
		from, err := fromBundle(r, *d.kube.Namespace, &o)
		if err != nil {
			return err
		}
		in, err = readStatus(ctx, d, from, o)
		return err
	})
	return in, err
}

// runStatus: objects and proxies -> rows -> report -> exit code.
func runStatus(ctx context.Context, d *deps, o statusOptions) error {
	in, err := statusInput(ctx, d, o)
	if err != nil {
		return err
	}
	doc := report.NewStatus(in)
	if o.saved != nil {
		doc = doc.Compare(*o.saved)
	}
	if err := report.PrintStatus(d.Out, doc, o.format, d.printOptions()); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	if doc.ExitCode != codeOK {
		return exitCode(doc.ExitCode)
	}
	return nil
}
