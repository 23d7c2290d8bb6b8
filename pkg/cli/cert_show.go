package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

func newCertShow(d *deps) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "show FILE|secret/NAME...", Short: "Show every PEM block of files and Secrets: names, validity, and which key is whose",
		Long: "Show every PEM block of files and Secrets: subject, issuer, names, usage, validity, fingerprint, and\n" +
			"which key belongs to which certificate. The keys themselves are never shown.\n\n" +
			"Exit codes: 0 nothing is wrong, 1 something is expired, damaged or does not belong together, 2 could not read.",
		Example: "  kubectl mesh-tls cert show server.crt server.key\n\n  # Of a namespace's Secret; secret/NAMESPACE/NAME names another\n  kubectl mesh-tls cert show secret/helloworld-cert -n istio-system",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("which FILE or secret/NAME?\nsee: %s --help", c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			f, err := dataFormat(output)
			if err != nil {
				return err
			}
			return runCertShow(c.Context(), d, args, f)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "table", "table, json or yaml")
	return c
}

// dataFormat reads a format of the cert commands: a report's, without the wide table.
func dataFormat(s string) (report.Format, error) {
	f, err := report.ParseFormat(s)
	if err != nil || f != report.FormatTable && f != report.FormatJSON && f != report.FormatYAML {
		return "", fmt.Errorf("--output %q: must be table, json or yaml", s)
	}
	return f, nil
}

func runCertShow(ctx context.Context, d *deps, refs []string, f report.Format) error {
	var piles []cert.Pile
	secrets := newSecretReader(d)
	for _, ref := range refs {
		more, err := secrets.all(ctx, ref)
		if err != nil {
			return err
		}
		piles = append(piles, more...)
	}
	entries := cert.Show(piles, d.judged())
	var err error
	if f == report.FormatTable {
		err = printEntries(d.Out, entries)
	} else {
		err = printData(d.Out, f, map[string]any{"apiVersion": report.APIVersion, "kind": "CertificateList", "blocks": entries})
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if len(e.Problems) > 0 {
			return exitCode(codeFail)
		}
	}
	return nil
}

// all gives everything that a file or a Secret holds.
func (r *secretReader) all(ctx context.Context, ref string) ([]cert.Pile, error) {
	namespace, name, ok := secretRef(ref)
	if !ok {
		p, err := readPEM(ctx, r.d, "cert show", ref)
		return []cert.Pile{p}, err
	}
	where, values, err := r.values(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	piles := cert.ReadSecret(where, values)
	if len(piles) == 0 {
		return nil, fmt.Errorf("%s holds no PEM block in any of its keys", where)
	}
	return piles, nil
}

// printData writes a document as JSON or YAML.
func printData(w io.Writer, f report.Format, doc any) error {
	text, err := json.MarshalIndent(doc, "", "  ")
	if err == nil && f == report.FormatYAML {
		text, err = yaml.JSONToYAML(text)
	}
	if err != nil {
		return fmt.Errorf("print as %s: %w", f, err)
	}
	_, err = fmt.Fprintln(w, strings.TrimSuffix(string(text), "\n"))
	return err
}

func printEntries(w io.Writer, entries []cert.Entry) error {
	var b strings.Builder
	for i, e := range entries {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s, block %d (line %d): %s\n", e.Source, e.Block, e.Line, e.Type)
		line := func(name, value string) {
			if value != "" {
				fmt.Fprintf(&b, "  %-9s %s\n", name, value)
			}
		}
		line("subject", e.Subject)
		line("issuer", e.Issuer)
		line("names", strings.Join(e.SANs, ", "))
		line("for", usageText(e))
		if e.NotAfter != nil {
			line("valid", fmt.Sprintf("%s to %s, %d days left", e.NotBefore.UTC().Format(time.DateOnly), e.NotAfter.UTC().Format(time.DateOnly), *e.DaysLeft))
		}
		line("key", keyText(e))
		line("sha256", e.Fingerprint)
		for _, p := range e.Problems {
			line("PROBLEM", p)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func usageText(e cert.Entry) string {
	words := append([]string{}, e.ExtKeyUsage...)
	if e.CA {
		words = append(words, "CA")
	}
	if len(e.KeyUsage) > 0 {
		words = append(words, "("+strings.Join(e.KeyUsage, ", ")+")")
	}
	return strings.Join(words, " ")
}

// keyText says where a certificate's key is, and whose certificate a key has.
func keyText(e cert.Entry) string {
	switch {
	case e.KeyType == "":
		return ""
	case e.Key == "":
		return e.KeyType
	case e.Fingerprint != "":
		return e.KeyType + ", its private key is in " + e.Key
	}
	return e.KeyType + ", of the certificate in " + e.Key
}
