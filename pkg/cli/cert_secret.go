package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// labelCertificate marks Secrets of `cert secret`. It is not the label of intents:
// disable must not delete somebody's key.
const labelCertificate = "mesh-tls.io/certificate"

// secretFlags holds what was typed.
type secretFlags struct {
	certFile, keyFile, caFile string
	form, dryRun, output      string
	separateCA, showKeys      bool
	yes, adopt, force         bool
}

func newCertSecret(d *deps) *cobra.Command {
	var f secretFlags
	c := &cobra.Command{
		Use: "secret NAME", Short: "Make the Secret that a credentialName means, with the key names that Istio reads",
		Long: "Make the Secret of a credentialName: a certificate with its key, the CA that the other side is checked\n" +
			"against, or both. Refused is what a proxy could not use: a key of another certificate, damaged PEM, an\n" +
			"expired certificate; and what istiod would not read because another Secret or key goes before it.\n\n" +
			"With --ca-file alone, or --separate-ca, the CA goes into the Secret NAME-cacert.",
		Example: `  # For a Gateway with tls.mode MUTUAL and credentialName helloworld-cert
  kubectl mesh-tls cert secret helloworld-cert -n istio-system --cert-file helloworld.crt --key-file helloworld.key --ca-file root.crt

  # As YAML, for a pipe that encrypts it
  kubectl mesh-tls cert secret helloworld-cert -n istio-system --cert-file helloworld.crt --key-file helloworld.key --dry-run=client -o yaml --show-keys | sops encrypt ...`,
		Args: oneArg("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.validate(); err != nil {
				return fmt.Errorf("%w\nsee: kubectl mesh-tls cert secret --help", err)
			}
			return runCertSecret(c.Context(), d, f, args[0])
		},
	}
	fs := c.Flags()
	fs.StringVar(&f.certFile, "cert-file", "", "PEM `FILE` of the certificate, the intermediates behind it")
	fs.StringVar(&f.keyFile, "key-file", "", "PEM `FILE` of its private key")
	fs.StringVar(&f.caFile, "ca-file", "", "PEM `FILE` of the CA that the other side is checked against")
	fs.StringVar(&f.form, "form", string(cert.FormTLS), "key names: tls (tls.crt, tls.key, ca.crt) or generic (cert, key, cacert)")
	fs.BoolVar(&f.separateCA, "separate-ca", false, "put the CA into a Secret of its own, NAME-cacert")
	fs.StringVar(&f.dryRun, "dry-run", "none", "`MODE`: none, client (nothing is asked of the cluster) or server (the cluster checks, nothing is kept)")
	fs.Lookup("dry-run").NoOptDefVal = "client"
	fs.StringVarP(&f.output, "output", "o", "", "with --dry-run=client: print the objects as yaml or json")
	fs.BoolVar(&f.showKeys, "show-keys", false, "with -o: print the private key too, which is refused otherwise")
	fs.BoolVarP(&f.yes, "yes", "y", false, "do not ask on a terminal")
	fs.BoolVar(&f.adopt, "adopt", false, "take over a Secret of this name that this tool did not make")
	fs.BoolVar(&f.force, "force-conflicts", false, "take over fields that another field manager owns")
	return c
}

func (f *secretFlags) validate() error {
	switch {
	case f.dryRun != "none" && f.dryRun != "client" && f.dryRun != "server":
		return fmt.Errorf("--dry-run %q: must be none, client or server", f.dryRun)
	case f.output != "" && f.output != "yaml" && f.output != "json":
		return fmt.Errorf("--output %q: must be yaml or json", f.output)
	case f.output != "" && f.dryRun != "client":
		return errors.New("-o prints the Secret's content, and what is in the cluster need not be printed: use it with --dry-run=client only")
	case (f.certFile == "") != (f.keyFile == ""):
		return errors.New("a pair needs both --cert-file and --key-file")
	case f.certFile == "" && f.caFile == "":
		return errors.New("what goes into the Secret? give --cert-file and --key-file, --ca-file, or all three")
	case f.output != "" && f.keyFile != "" && !f.showKeys:
		return errors.New("-o would print the private key, onto a screen or into a log: say --show-keys if that is meant, or leave -o out")
	}
	return nil
}

func runCertSecret(ctx context.Context, d *deps, f secretFlags, name string) error {
	c, err := clusterOrNone(ctx, d, f.dryRun)
	if err != nil {
		return err
	}
	namespace, _, err := d.kube.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return fmt.Errorf("find the namespace in the kubeconfig: %w", err)
	}
	objects, err := f.objects(ctx, d, namespace, name)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.Err, "Note: a gateway reads Secrets of its own namespace, a sidecar those of its pod's, and a sidecar's account needs the right to list secrets there\n")
	if f.dryRun == "client" {
		return f.print(d, objects)
	}
	if err := notShadowed(ctx, newSecretReader(d), objects, name); err != nil {
		return err
	}
	return f.apply(ctx, d, c, objects, name)
}

// objects makes the Secrets, checked, from the files.
func (f *secretFlags) objects(ctx context.Context, d *deps, namespace, name string) ([]*unstructured.Unstructured, error) {
	form, err := cert.ParseForm(f.form)
	if err != nil {
		return nil, fmt.Errorf("--form: %w", err)
	}
	var pair, key, ca cert.Pile
	for _, in := range []struct {
		flag, path string
		to         *cert.Pile
	}{{"--cert-file", f.certFile, &pair}, {"--key-file", f.keyFile, &key}, {"--ca-file", f.caFile, &ca}} {
		if in.path == "" {
			continue
		}
		if *in.to, err = readPEM(ctx, d, in.flag, in.path); err != nil {
			return nil, err
		}
	}
	var out []*unstructured.Unstructured
	if ca != nil && (f.separateCA || pair == nil) {
		data, err := cert.NewCAData(form, ca)
		if err != nil {
			return nil, err
		}
		out, ca = append(out, secretObject(namespace, strings.TrimSuffix(name, cert.CASuffix)+cert.CASuffix, name, data)), nil
	}
	if pair != nil {
		data, err := cert.NewPairData(form, pair, key, ca, d.now())
		if err != nil {
			return nil, err
		}
		out = append(out, secretObject(namespace, name, name, data))
	}
	return out, nil
}

func secretObject(namespace, name, owner string, data cert.Data) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"type": data.Type}}
	u.SetAPIVersion("v1")
	u.SetKind("Secret")
	u.SetNamespace(namespace)
	u.SetName(name)
	u.SetLabels(map[string]string{labelCertificate: owner, istio.LabelManagedBy: istio.ManagedBy})
	values := map[string]any{}
	for key, text := range data.Values {
		values[key] = base64.StdEncoding.EncodeToString(text)
	}
	u.Object["data"] = values
	return u
}

// print shows what would be made; the values only where they were asked for.
func (f *secretFlags) print(d *deps, objects []*unstructured.Unstructured) error {
	if f.output != "" {
		return f.printWhole(d, objects)
	}
	for _, u := range objects {
		values, _, _ := unstructured.NestedStringMap(u.Object, "data")
		if _, err := fmt.Fprintf(d.Out, "Secret %s/%s (%s) would be applied with %s (client dry run)\n", u.GetNamespace(), u.GetName(), u.Object["type"], listOf(values)); err != nil {
			return err
		}
	}
	return nil
}

// printWhole is not the printer of enable, which leaves keys out: here they were asked for.
func (f *secretFlags) printWhole(d *deps, objects []*unstructured.Unstructured) error {
	format := report.Format(f.output)
	if format == report.FormatJSON {
		var items []any
		for _, u := range objects {
			items = append(items, u.Object)
		}
		return printData(d.Out, format, map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	}
	for i, u := range objects {
		if i > 0 {
			fmt.Fprintln(d.Out, "---")
		}
		if err := printData(d.Out, format, u.Object); err != nil {
			return err
		}
	}
	return nil
}

// notShadowed refuses what istiod would not read: keys of the other form in the same
// Secret go before, and a CA in NAME-cacert goes before one in NAME.
func notShadowed(ctx context.Context, r *secretReader, objects []*unstructured.Unstructured, name string) error {
	for _, u := range objects {
		ours, err := decodeData(u)
		if err != nil {
			return err
		}
		where, live, err := r.values(ctx, u.GetNamespace(), u.GetName())
		if err != nil && !errors.Is(err, errNoSecret) {
			return err
		}
		merged := maps.Clone(ours)
		maps.Copy(merged, live)
		for _, p := range []cert.Part{cert.PartCert, cert.PartCA} {
			want, mine := cert.InSecret(ours, p)
			if got, _ := cert.InSecret(merged, p); mine && got != want {
				return failure{fmt.Errorf("%s has a key %s already, which istiod reads before %s: use --form %s, or delete the Secret first", where, got, want, cert.FormGeneric)}
			}
		}
		if _, withCA := cert.InSecret(ours, cert.PartCA); !withCA || strings.HasSuffix(u.GetName(), cert.CASuffix) {
			continue
		}
		shadow, _, err := r.values(ctx, u.GetNamespace(), name+cert.CASuffix)
		if err == nil {
			return failure{fmt.Errorf("%s is there, and istiod reads the CA from it before %s: use --separate-ca, or delete it", shadow, where)}
		}
		if !errors.Is(err, errNoSecret) {
			return err
		}
	}
	return nil
}

func (f *secretFlags) apply(ctx context.Context, d *deps, c *kube.Client, objects []*unstructured.Unstructured, name string) error {
	mapper, err := c.Mapper()
	if err != nil {
		return err
	}
	writer := apply.New(c.Dynamic(), mapper)
	o := apply.Options{DryRun: true, Adopt: f.adopt, ForceConflicts: f.force, OwnerKey: labelCertificate, OwnerValue: name}
	checked, err := writer.Apply(ctx, objects, o)
	if err != nil {
		return failure{fmt.Errorf("check on the cluster, nothing was written: %w", err)}
	}
	if f.dryRun == "server" {
		return printChanges(d, checked, "", " (server dry run)")
	}
	for _, change := range checked {
		fmt.Fprintf(d.talk(), "  + %s\n", change.Object)
	}
	if err := d.confirm(ctx, "Apply", f.yes, pending(checked)); err != nil {
		return err
	}
	o.DryRun = false
	changes, err := writer.Apply(ctx, objects, o)
	if err != nil {
		return failure{err}
	}
	return printChanges(d, changes, "", "")
}

// listOf names the keys of a map in a fixed order.
func listOf(m map[string]string) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
