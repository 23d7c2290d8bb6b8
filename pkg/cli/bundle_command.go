package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

const bundleExample = `  # Everything that verify reads of one workload, in one file
  kubectl mesh-tls bundle deploy/redis-client -n redis -o redis.tar.gz

  # The same report later, elsewhere, without the cluster
  kubectl mesh-tls verify --bundle redis.tar.gz -o wide

  # Every proxy of a namespace, or of the mesh
  kubectl mesh-tls bundle -n redis -o redis.tar.gz
  kubectl mesh-tls bundle -A -o mesh.tar.gz
  kubectl mesh-tls status --bundle mesh.tar.gz`

const bundleLong = `Save what verify and status read: the answers of the chosen pods' proxies, the rules, policies and
Services of the cluster, the pods of the namespace, and what a TLS connection to the external
upstreams shows. verify --bundle and status --bundle give the same reports from the file.

Keys, tokens, passwords, headers, filters and environments never get into the file: of a proxy's
configuration only the members are kept that verify reads. Names, addresses and certificates are in it.

Without TARGET and --selector, every pod with a sidecar of the namespace is saved.

Exit codes: 0 everything was saved, 2 a proxy could not be read (the file says so), or bad usage.`

type bundleFlags struct {
	output        string
	selector      string
	allNamespaces bool
	timeout       time.Duration
	probe         string
	adminPort     adminPort
	verbose       bool
}

func newBundle(d *deps) *cobra.Command {
	f := bundleFlags{timeout: time.Minute, probe: string(probeAuto)}
	c := &cobra.Command{
		Use: "bundle [TARGET...]", Short: "Save what verify reads, without secrets, for a verify elsewhere or later", GroupID: groupVerify,
		Long: bundleLong, Example: bundleExample,
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.toOptions(args)
			if err != nil {
				return fmt.Errorf("%w\nsee: kubectl mesh-tls bundle --help", err)
			}
			return runBundle(c.Context(), d, f.output, o)
		},
	}
	fs := c.Flags()
	fs.StringVarP(&f.output, "output", "o", f.output, "write the bundle to `FILE` (x.tar.gz; - is standard output); an old one is replaced")
	fs.StringVarP(&f.selector, "selector", "l", f.selector, "save the pods with these `LABELS` instead of a TARGET")
	fs.BoolVarP(&f.allNamespaces, "all-namespaces", "A", f.allNamespaces, "save the pods of every namespace")
	fs.DurationVar(&f.timeout, "timeout", f.timeout, "give up on a proxy after this long")
	fs.StringVar(&f.probe, "probe", f.probe, "open one TLS connection to external upstreams from the pod's network: auto, always or never")
	addAdminPort(fs, &f.adminPort)
	fs.BoolVarP(&f.verbose, "verbose", "v", f.verbose, "tell on stderr what was asked, what was answered, and how long it took")
	return c
}

// toOptions makes the options of a verify: what a bundle reads is what that reads.
func (f bundleFlags) toOptions(args []string) (verifyOptions, error) {
	o := verifyOptions{targets: args, all: true, selector: f.selector, allNamespaces: f.allNamespaces, timeout: f.timeout,
		probe: probeMode(f.probe), adminPort: f.adminPort, verbose: f.verbose}
	switch {
	case f.output == "":
		return o, errors.New("where to? give -o FILE.tar.gz")
	case len(args) > 0 && (f.selector != "" || f.allNamespaces):
		return o, errors.New("give a TARGET, or --selector and --all-namespaces, not both")
	case o.probe != probeAuto && o.probe != probeAlways && o.probe != probeNever:
		return o, fmt.Errorf("--probe %q: must be auto, always or never", f.probe)
	case f.timeout <= 0:
		return o, fmt.Errorf("--timeout %s: must be more than 0", f.timeout)
	}
	return o, nil
}

// runBundle: targets and objects -> answers, redacted -> probes -> one file.
func runBundle(ctx context.Context, d *deps, path string, o verifyOptions) error {
	if o.verbose {
		o.told = newTold(d)
	}
	out, err := newOutputFile(d.Out, path)
	if err != nil {
		return err
	}
	defer out.drop()
	s, err := saveAll(ctx, d, o, out)
	if err != nil {
		return err
	}
	size, err := out.keep()
	if err != nil {
		return err
	}
	fmt.Fprintf(d.Err, "saved %d of %d proxies and %d objects, %d bytes: %s\n", s.read, s.targets, s.objects, size, path)
	for _, why := range s.failed {
		fmt.Fprintf(d.Err, "not saved: %s\n", why)
	}
	if len(s.failed) > 0 {
		return exitCode(codeUnknown)
	}
	return nil
}
