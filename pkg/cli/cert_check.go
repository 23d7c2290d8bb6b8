package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

const certCheckLong = `Tell whether the two ends of a mutual TLS connection fit, before anything is configured with them:
for each end whether the other one trusts who signed its certificate, whether it has the right name,
is for this end, has its key, is valid now, and every PEM block can be read.

Each flag takes a FILE or secret/NAME (secret/NAMESPACE/NAME), of which the keys that Istio reads are
taken. The key may stand in the file or Secret of the certificate, the CA in that Secret. --client-ca
is what the client has to check the server with, --server-ca what the server has to check clients with.
What is not given is not checked, and listed.

Exit codes: 0 what was checked fits, 1 something does not, 2 could not determine, or bad usage.`

// endFlags are what one end has.
type endFlags struct{ cert, key, ca string }

// checkFlags holds what was typed.
type checkFlags struct {
	client, server endFlags
	host, output   string
	serverContext  string
	allowed        []string
	warnDays       int
}

func newCertCheck(d *deps) *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use: "check", Short: "Tell whether the certificates of a client and a server fit", Long: certCheckLong,
		Example: `  kubectl mesh-tls cert check --client-cert client.crt --client-key client.key --client-ca root.crt \
    --server-cert secret/istio-system/helloworld-cert --host helloworld.example.com

  # Two clusters: the client's Secret in the one, the gateway's in the other
  kubectl mesh-tls cert check --context A --client-cert secret/client/pair --server-context B --server-cert secret/istio-system/helloworld-cert --host helloworld.example.com`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			format, err := dataFormat(f.output)
			if err != nil {
				return err
			}
			return runCertCheck(c.Context(), d, f, format)
		},
	}
	fs := c.Flags()
	for _, end := range []struct {
		name, checks string
		f            *endFlags
	}{{"client", "the server", &f.client}, {"server", "clients", &f.server}} {
		fs.StringVar(&end.f.cert, end.name+"-cert", "", "certificate of the "+end.name+", `FILE|secret/NAME`")
		fs.StringVar(&end.f.key, end.name+"-key", "", "its private key (default: in the same file or Secret)")
		fs.StringVar(&end.f.ca, end.name+"-ca", "", "CA bundle that the "+end.name+" checks "+end.checks+" with (default: in the same Secret)")
	}
	fs.StringVar(&f.serverContext, "server-context", "", "`CONTEXT` of the cluster that has the server's Secrets (default: that of the client's)")
	fs.StringVar(&f.host, "host", "", "name that the client dials, which the server's certificate must have")
	fs.StringSliceVar(&f.allowed, "client-san", nil, "name of clients that the server lets in (a Gateway's subjectAltNames; may be repeated)")
	fs.IntVar(&f.warnDays, "warn-days", 30, "warn of certificates that end within this many days")
	fs.StringVarP(&f.output, "output", "o", "table", "table, json or yaml")
	return c
}

func runCertCheck(ctx context.Context, d *deps, f checkFlags, format report.Format) error {
	if f.client.cert == "" && f.server.cert == "" {
		return errors.New("give at least the certificate of one end, --server-cert or --client-cert, and the CA bundle of the other\nsee: kubectl mesh-tls cert check --help")
	}
	if f.warnDays < 0 || f.warnDays > mostDays {
		return fmt.Errorf("--warn-days %d: must be 0 to %d\nsee: kubectl mesh-tls cert check --help", f.warnDays, mostDays)
	}
	secrets := newSecretReader(d)
	client, err := secrets.end(ctx, "client", f.client)
	if err != nil {
		return err
	}
	if f.serverContext != "" {
		secrets = newSecretReader(d.inContext(f.serverContext))
	}
	server, err := secrets.end(ctx, "server", f.server)
	if err != nil {
		return err
	}
	results := cert.Check(cert.Input{Client: client, Server: server, Host: f.host, Allowed: f.allowed, Now: d.judged(), Warn: time.Duration(f.warnDays) * 24 * time.Hour})
	worst := cert.Worst(results)
	if format == report.FormatTable {
		err = printResults(d.Out, results)
	} else {
		err = printData(d.Out, format, map[string]any{"apiVersion": report.APIVersion, "kind": "CertificateCheck", "outcome": worst, "results": results})
	}
	switch {
	case err != nil:
		return err
	case worst == cert.Fail:
		return exitCode(codeFail)
	case worst == cert.Unknown:
		return exitCode(codeUnknown)
	}
	return nil
}

// end reads what one end has. The key and the CA are looked for beside the
// certificate where no flag names them; that they are not there is no error then.
func (r *secretReader) end(ctx context.Context, name string, f endFlags) (e cert.End, err error) {
	_, _, ofSecret := secretRef(f.cert)
	if f.cert != "" {
		if e.Cert, err = r.part(ctx, "--"+name+"-cert", f.cert, cert.PartCert); err != nil {
			return e, err
		}
	}
	switch {
	case f.key != "":
		e.Key, err = r.part(ctx, "--"+name+"-key", f.key, cert.PartKey)
	case ofSecret:
		e.Key, err = r.part(ctx, "--"+name+"-cert", f.cert, cert.PartKey)
	case e.Cert.HasKey():
		e.Key = e.Cert
	}
	if err != nil {
		return e, err
	}
	var none *noPartError
	switch {
	case f.ca != "":
		e.CA, err = r.part(ctx, "--"+name+"-ca", f.ca, cert.PartCA)
	case ofSecret:
		if e.CA, err = r.part(ctx, "--"+name+"-cert", f.cert, cert.PartCA); errors.As(err, &none) {
			return e, nil
		}
	}
	return e, err
}

func printResults(w io.Writer, results []cert.Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "END\tCHECK\tRESULT\tWHAT WAS SEEN")
	count := map[cert.Outcome]int{}
	for _, r := range results {
		count[r.Outcome]++
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.End, r.Check, r.Outcome, r.Summary)
		if r.Fix != "" && r.Outcome != cert.NotRun {
			fmt.Fprintf(t, "\t\t\tfix: %s\n", r.Fix)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	parts := []string{fmt.Sprintf("%d of %d checks are good", count[cert.OK], len(results)-count[cert.NotRun])}
	for _, o := range []cert.Outcome{cert.Fail, cert.Unknown, cert.Warn, cert.NotRun} {
		if count[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[o], o))
		}
	}
	_, err := fmt.Fprintf(w, "\n%s   %s\n", cert.Worst(results), strings.Join(parts, ", "))
	return err
}
