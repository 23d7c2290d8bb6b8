package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/legacy"
)

const migrateLong = `Turn the TLS configuration of Istio 1.0 to 1.5 into today's: Policy and MeshPolicy of
authentication.istio.io/v1alpha1 become PeerAuthentication, DestinationRules v1alpha3 become v1. The
objects come out as YAML on stdout; what became of each old one, and why, on stderr.

A Policy named a Service and its ports; today labels of pods and container ports are named. Services,
and the pods where a port is led to by a name, are looked for in the files and then in the cluster
(--offline: in the files only). What cannot be translated is said and left out; nothing is guessed.
JWT (origins) and the access rules of rbac.istio.io are not translated.

Exit codes: 0 all that old Istio did is in the output, 2 something is not (it is named), a file is
damaged, or bad usage.`

// migrateFlags holds what was typed.
type migrateFlags struct {
	files, services []string
	output, root    string
	drop, offline   bool
}

func newMigrate(d *deps) *cobra.Command {
	var f migrateFlags
	c := &cobra.Command{
		Use: "migrate -f FILE", Short: "Turn TLS configuration of Istio 1.0 to 1.5 into today's objects", GroupID: groupConfigure, Long: migrateLong,
		Example: `  # See what becomes of a file, then apply it
  kubectl mesh-tls migrate -f old.yaml
  kubectl mesh-tls migrate -f old.yaml | kubectl apply -f -

  # Everything that an old cluster has, without asking the new one
  kubectl --context old get policies,meshpolicies,destinationrules,services,deployments -A -o yaml | kubectl mesh-tls migrate -f - --offline

  # Leave out what auto mTLS does by itself today
  kubectl mesh-tls migrate -f old.yaml --drop-redundant`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if len(f.files) == 0 {
				return errors.New("what is to be migrated? give -f FILE, or -f - for stdin\nsee: kubectl mesh-tls migrate --help")
			}
			if f.output != "yaml" && f.output != "json" {
				return fmt.Errorf("--output %q: must be yaml or json", f.output)
			}
			return runMigrate(c.Context(), d, f)
		},
	}
	fs := c.Flags()
	fs.StringSliceVarP(&f.files, "filename", "f", nil, "`FILE` with old objects, YAML or JSON; - is stdin (may be repeated)")
	fs.StringSliceVar(&f.services, "services", nil, "`FILE` with the Services and Deployments that Policies are for (may be repeated)")
	fs.StringVarP(&f.output, "output", "o", "yaml", "yaml or json")
	fs.StringVar(&f.root, "root-namespace", "istio-system", "Istio's root namespace, where the policy of the whole mesh stands")
	fs.BoolVar(&f.drop, "drop-redundant", false, "leave out tls settings that auto mTLS makes needless")
	fs.BoolVar(&f.offline, "offline", false, "ask no cluster")
	return c
}

// runMigrate: files -> objects -> what the cluster knows of them -> today's objects.
func runMigrate(ctx context.Context, d *deps, f migrateFlags) error {
	in := legacy.Input{RootNamespace: f.root, DropRedundant: f.drop}
	namespace, _, err := d.kube.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return fmt.Errorf("find the namespace in the kubeconfig: %w", err)
	}
	var errs []error
	for _, path := range f.files {
		objects, err := d.readLegacy(ctx, "-f", path, namespace)
		in.Objects, errs = append(in.Objects, objects...), append(errs, err)
	}
	for _, path := range f.services {
		objects, err := d.readLegacy(ctx, "--services", path, namespace)
		in.Objects, errs = append(in.Objects, legacy.Backing(objects)...), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if !f.offline {
		if err := d.lookUp(ctx, &in); err != nil {
			return err
		}
	}
	r, err := legacy.Translate(in)
	if err != nil {
		return err
	}
	for _, n := range r.Notes {
		fmt.Fprintln(d.Err, n)
	}
	if err := printObjects(d, r.Objects, f.output); err != nil {
		return err
	}
	if !r.Complete() {
		return exitCode(codeUnknown)
	}
	return nil
}

// readLegacy reads one file, or stdin, and nothing that is too large.
func (d *deps) readLegacy(ctx context.Context, flag, path, namespace string) ([]legacy.Object, error) {
	name, read := path, func() ([]byte, error) { return readFile(path, legacy.MaxText) }
	if path == "-" {
		name, read = "stdin", func() ([]byte, error) { return readAtMost(d.In, "stdin", legacy.MaxText) }
	}
	text, err := await(ctx, read)
	switch {
	case errors.Is(err, errTooLong):
		return nil, fmt.Errorf("%s %s: is larger than %d MiB: split it", flag, path, legacy.MaxText>>20)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", flag, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w; give files, one by one", flag, err)
	}
	return legacy.Read(name, text, namespace)
}
