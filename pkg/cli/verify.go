package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

const verifyExample = `  # Everything that a rule or an intent means to be TLS, for one workload
  kubectl mesh-tls verify deploy/redis-client -n redis

  # Every pod of a namespace, every upstream that has TLS: evidence as a page
  kubectl mesh-tls verify -n redis --all -o html > redis.html

  # One upstream, whatever the rules say, and the answer as data
  kubectl mesh-tls verify deploy/redis-client -n redis --to redis.example.internal:16222 -o json

  # Both ends: what the client sends, and what the pods behind the service take
  kubectl mesh-tls verify deploy/web -n shop --to svc/db:3306

  # What a repository asks for, with findings at its lines
  kubectl mesh-tls verify -f intents.yaml -o sarif

  # A saved dump, or a bundle, without a cluster
  kubectl mesh-tls verify --dump ./dump --all
  kubectl mesh-tls verify --bundle redis.tar.gz`

const verifyLong = `Read the sidecars of the chosen pods and say, upstream by upstream, whether traffic is
encrypted, against which CA the server is validated, whether its name is checked, which client
certificate is presented, and how far that is proven (configured, ready, exercised).

TARGET is a pod or anything that has pods: deploy/x, sts/x, ds/x, svc/x, pod/x, or a bare pod name.
With -n NAMESPACE and no TARGET it is every running pod of that namespace; those without a sidecar
are told, and UNKNOWN.

Exit codes, in every format: 0 all OK (warnings allowed; see --fail-on), 1 at least one failure,
2 could not determine, or bad usage. --fail-on warn,unknown makes 1 of warnings and of what could
not be determined; --baseline leaves out what is known and accepted.`

// verifyFlags holds what was typed.
type verifyFlags struct {
	to            []string
	all           bool
	files         []string
	dump          string
	bundle        string
	output        string
	selector      string
	allNamespaces bool
	timeout       time.Duration
	probe         string
	warnDays      int
	failOn        []string
	adminPort     adminPort
	baseline      string
	quiet         bool
	verbose       bool
	policy        policyFlags
	traffic       trafficFlags
}

// verifyOptions is the finished form.
type verifyOptions struct {
	targets       []string
	to            []check.To
	pairTo        []pairTo     // services that --to names
	pairs         []check.Pair // what was read of them
	hosts         []string     // read only these, and judge what rules and intents say of them
	change        bool         // judge one intent: other rules and servers are none of its business
	all           bool
	files         []string
	wanted        []wanted // the intents of files
	dump          string
	bundle        string
	format        report.Format
	selector      string
	allNamespaces bool
	timeout       time.Duration
	probe         probeMode
	warn          time.Duration
	failOn        report.FailOn
	adminPort     adminPort
	baseline      string
	quiet         bool
	verbose       bool
	told          *told // with verbose
	policy        check.TLSPolicy
	traffic       trafficFlags
}

type probeMode string

const (
	probeAuto   probeMode = "auto"
	probeAlways probeMode = "always"
	probeNever  probeMode = "never"
)

func newVerify(d *deps) *cobra.Command {
	f := verifyFlags{timeout: 30 * time.Second, probe: string(probeAuto), warnDays: 14, failOn: []string{"fail"}, output: "table"}
	c := &cobra.Command{
		Use: "verify [TARGET...]", Short: "Say whether traffic is encrypted, and how far that is proven", GroupID: groupVerify,
		Long: verifyLong, Example: verifyExample,
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.toOptions(args, *d.kube.Namespace)
			if err != nil {
				return fmt.Errorf("%w\nsee: kubectl mesh-tls verify --help", err)
			}
			return runVerify(c.Context(), d, o)
		},
	}
	fs := c.Flags()
	fs.StringSliceVar(&f.to, "to", nil, "judge this upstream, `HOST[:PORT]`, whatever the rules say; with svc/NAME[.NAMESPACE][:PORT] the pods behind it are asked too (may be repeated)")
	fs.BoolVar(&f.all, "all", f.all, "read the whole proxy and judge every upstream that has TLS; default is the upstreams of rules and intents")
	fs.StringArrayVarP(&f.files, "filename", "f", nil, "judge by the intents of this `FILE` (documents of kind MeshTLS; - for standard input), and say of findings where they stand in it; without a TARGET, at the pods that they are for (may be repeated)")
	fs.StringVar(&f.dump, "dump", f.dump, "read a saved config dump (`FILE|DIR`: config_dump.json and, where there, clusters.json, stats, server_info.json, certs.json) and no cluster")
	fs.StringVar(&f.bundle, "bundle", f.bundle, "read the `FILE` that the bundle command saved and no cluster: the same report, as of then")
	fs.StringVarP(&f.output, "output", "o", f.output, "output `FORMAT`: table, wide, json, yaml, junit, sarif, github, markdown, policyreport or html")
	fs.StringVarP(&f.selector, "selector", "l", f.selector, "verify the pods with these `LABELS` instead of a TARGET")
	fs.BoolVarP(&f.allNamespaces, "all-namespaces", "A", f.allNamespaces, "with --selector: in every namespace")
	fs.DurationVar(&f.timeout, "timeout", f.timeout, "give up on a proxy after this long")
	fs.StringVar(&f.probe, "probe", f.probe, "open one TLS connection to external upstreams from the pod's network, to see the server's certificate: auto, always or never")
	fs.IntVar(&f.warnDays, "warn-days", f.warnDays, "warn of certificates that end within this many days")
	fs.StringSliceVar(&f.failOn, "fail-on", f.failOn, "what makes the exit code 1, beside failures: `WORDS` fail, warn, unknown")
	fs.StringVar(&f.baseline, "baseline", f.baseline, "`FILE` of known findings with reason and day of expiry: they are shown and do not count for the exit code")
	fs.BoolVarP(&f.quiet, "quiet", "q", f.quiet, "table and wide: only the verdicts and what is wrong")
	fs.BoolVarP(&f.verbose, "verbose", "v", f.verbose, "tell on stderr what was asked, what was answered, and how long it took")
	f.policy.add(fs)
	f.traffic.add(fs)
	addAdminPort(fs, &f.adminPort)
	return c
}

// toOptions: namespace is what was typed, "" for that of the context.
func (f verifyFlags) toOptions(args []string, namespace string) (verifyOptions, error) {
	o := verifyOptions{targets: args, files: f.files, all: f.all, dump: f.dump, bundle: f.bundle, selector: f.selector, allNamespaces: f.allNamespaces, timeout: f.timeout,
		probe: probeMode(f.probe), warn: time.Duration(f.warnDays) * 24 * time.Hour, adminPort: f.adminPort,
		traffic: f.traffic, baseline: f.baseline, quiet: f.quiet, verbose: f.verbose}
	var err error
	if o.format, err = report.ParseFormat(f.output); err != nil {
		return o, err
	}
	if o.policy, err = f.policy.toPolicy(); err != nil {
		return o, err
	}
	if o.failOn, err = report.ParseFailOn(f.failOn); err != nil {
		return o, fmt.Errorf("--fail-on %w", err)
	}
	for _, t := range f.to {
		if err := o.addTo(t); err != nil {
			return o, err
		}
	}
	return o, o.validate(f, namespace)
}

func (o verifyOptions) validate(f verifyFlags, namespace string) error {
	switch {
	case o.dump != "" && (len(o.targets) > 0 || o.selector != ""):
		return fmt.Errorf("--dump reads a saved dump: give it no TARGET and no --selector")
	case o.bundle != "" && (len(o.targets) > 0 || o.selector != "" || o.dump != ""):
		return fmt.Errorf("--bundle reads all that was saved: give it no TARGET, no --selector and no --dump")
	case (o.bundle != "" || o.dump != "") && len(o.pairTo) > 0:
		return fmt.Errorf("--to svc/NAME asks the pods behind the service, which needs the cluster: give --to HOST[:PORT]")
	case (o.bundle != "" || o.dump != "") && len(o.files) > 0:
		return fmt.Errorf("--filename judges pods of the cluster by intents: give it neither --dump nor --bundle")
	case o.allNamespaces && o.selector == "":
		return fmt.Errorf("--all-namespaces goes with --selector: -l LABELS (every pod of one: -n NAMESPACE; kubectl mesh-tls status -A shows all services, bundle -A saves all proxies)")
	case o.dump == "" && o.bundle == "" && len(o.targets) == 0 && o.selector == "" && len(o.files) == 0 && namespace == "":
		return fmt.Errorf("which workload? give a TARGET (deploy/NAME, pod/NAME, ...), -n NAMESPACE alone for every pod of it, --selector, --filename, --dump or --bundle")
	case len(o.targets) > 0 && o.selector != "":
		return fmt.Errorf("give either a TARGET or --selector, not both")
	case !slices.Contains([]probeMode{probeAuto, probeAlways, probeNever}, o.probe):
		return fmt.Errorf("--probe %q: must be auto, always or never", f.probe)
	case f.timeout <= 0:
		return fmt.Errorf("--timeout %s: must be more than 0", f.timeout)
	case f.warnDays < 0 || f.warnDays > mostDays:
		return fmt.Errorf("--warn-days %d: must be 0 to %d", f.warnDays, mostDays)
	}
	return o.traffic.validate(f.timeout, o.dump != "" || o.bundle != "")
}

// parseTo reads HOST[:PORT].
func parseTo(s string) (check.To, error) {
	if !strings.Contains(s, ":") {
		h, err := intent.ParseHost(s)
		return check.To{Host: h}, err
	}
	h, p, err := intent.ParseHostPort(s)
	return check.To{Host: h, Port: p}, err
}

// runVerify: targets -> facts -> findings -> report -> exit code.
func runVerify(ctx context.Context, d *deps, o verifyOptions) error {
	known, err := readBaseline(o.baseline)
	if err != nil {
		return err
	}
	if o.verbose {
		o.told = newTold(d)
	}
	if o.wanted, err = readWanted(ctx, d, o.files); err != nil {
		return err
	}
	var results []report.TargetReport
	at := d.judged
	switch {
	case o.bundle != "":
		var then time.Time
		results, then, err = verifyBundle(ctx, d, o)
		at = func() time.Time { return then }
	case o.dump != "":
		results, err = verifyDump(ctx, d, o)
	default:
		results, err = verifyLive(ctx, d, o)
	}
	if err != nil {
		return err
	}
	doc := report.New(results, at(), d.version, o.failOn)
	if known != nil {
		doc.Accept(known, at(), o.failOn)
	}
	shown := d.printOptions()
	shown.Quiet = o.quiet
	if err := report.Print(d.Out, doc, o.format, shown); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	if doc.ExitCode != codeOK {
		return exitCode(doc.ExitCode)
	}
	return nil
}
