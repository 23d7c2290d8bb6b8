package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newEnable makes the parent of the recipes; bare, it shows them.
func newEnable(d *deps) *cobra.Command {
	var f applyFlags
	var files []string
	c := &cobra.Command{
		Use: "enable RECIPE", Short: "Apply a TLS recipe and wait until the sidecars have it", GroupID: groupConfigure,
		Long: "Apply a TLS recipe: what is asked for is shown, checked, applied by server-side apply, and waited for.\n" +
			"What enable made, `kubectl mesh-tls disable NAME` removes, and `kubectl mesh-tls verify` judges.",
		Example: `  # An application speaks plain Redis, its sidecar makes TLS of it
  kubectl mesh-tls enable origination redis.example.internal:16222 -n redis --ca-file ca.pem --workload app=redis-client

  # An application calls http://, the wire carries HTTPS
  kubectl mesh-tls enable egress www.example.com -n shop --ca system

  # Workloads of a namespace take mutual TLS of the mesh only
  kubectl mesh-tls enable strict -n workshop

  # Two meshes talk by mutual TLS: the client's end
  kubectl mesh-tls enable mutual bank.example.com --role client -n client --client-cert-path /etc/bank/tls.crt --client-key-path /etc/bank/tls.key --ca-path /etc/bank/ca.crt

  # Intents from a repository, and how to get one
  kubectl mesh-tls enable -f intents.yaml
  kubectl mesh-tls enable egress www.example.com -n shop --ca system -o intent > intents.yaml

  # See what would be made, without a cluster
  kubectl mesh-tls enable origination redis.example.internal:16222 -n redis --ca-path /etc/redis-ca/ca.pem --dry-run=client -o yaml`,
		Args: noCommand,
		RunE: func(c *cobra.Command, _ []string) error {
			if len(files) == 0 && c.Flags().NFlag() > 0 {
				return fmt.Errorf("enable what? give a RECIPE (%s) before the flags, or a file of intents (-f)\nsee: kubectl mesh-tls enable --help", strings.Join(subNames(c), ", "))
			}
			if len(files) == 0 {
				return c.Help()
			}
			return runIntents(c.Context(), d, f, files)
		},
	}
	c.Flags().StringArrayVarP(&files, "filename", "f", nil, "`FILE` of intents, documents of kind MeshTLS; - for standard input (may be repeated)")
	f.add(c.Flags())
	c.AddCommand(newOrigination(d), newEgress(d), newStrict(d), newMutual(d))
	return c
}

// Values of --rollback.
const (
	rollbackOnFailure = "on-failure"
	rollbackNever     = "never"
)

// applyFlags are the flags of every command that writes.
type applyFlags struct {
	dryRun         string
	output         string
	wait           bool
	verify         bool
	rollback       string
	timeout        time.Duration
	yes            bool
	adopt          bool
	forceConflicts bool
	ignore         []string
}

func (f *applyFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.dryRun, "dry-run", "none", "`MODE`: none, client (nothing is sent; a cluster that can be reached is read) or server (the cluster checks, nothing is kept)")
	fs.Lookup("dry-run").NoOptDefVal = "client"
	fs.StringVarP(&f.output, "output", "o", "", "print the objects as yaml or json instead of one line for each; intent prints what was asked as a document for enable -f, and does nothing else")
	fs.BoolVar(&f.wait, "wait", true, "wait until the sidecars concerned have it")
	fs.BoolVar(&f.verify, "verify", true, "then judge the sidecars as verify does, with one TLS connection from each (needs --wait)")
	fs.StringVar(&f.rollback, "rollback", rollbackOnFailure, "when the sidecars do not get it or the verdict is a failure: on-failure (take exactly this change back) or never")
	fs.DurationVar(&f.timeout, "timeout", time.Minute, "give up waiting after this long")
	fs.BoolVarP(&f.yes, "yes", "y", false, "do not ask on a terminal")
	fs.BoolVar(&f.adopt, "adopt", false, "take over objects of the same name or host that this tool did not make")
	fs.BoolVar(&f.forceConflicts, "force-conflicts", false, "take over fields that another field manager owns")
	fs.StringSliceVar(&f.ignore, "ignore", nil, "go on in spite of a conflict, by its `ID`, for example MT035 (may be repeated)")
}

func (f *applyFlags) validate() error {
	switch f.dryRun {
	case "none", "client", "server":
	default:
		return fmt.Errorf("--dry-run %q: must be none, client or server", f.dryRun)
	}
	switch f.output {
	case "", "yaml", "json", outputIntent:
	default:
		return fmt.Errorf("--output %q: must be yaml, json or intent", f.output)
	}
	if f.rollback != rollbackOnFailure && f.rollback != rollbackNever {
		return fmt.Errorf("--rollback %q: must be %s or %s", f.rollback, rollbackOnFailure, rollbackNever)
	}
	if f.timeout <= 0 {
		return fmt.Errorf("--timeout %s: must be more than 0", f.timeout)
	}
	return validateIgnore(f.ignore)
}
