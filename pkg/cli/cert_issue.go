package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
)

// madeFlags are the flags of commands that make a certificate.
type madeFlags struct {
	commonName, organization string
	keyType, dir             string
	caFile, caKeyFile        string
	days                     int
}

func (f *madeFlags) add(fs *pflag.FlagSet, days int) {
	fs.StringVar(&f.commonName, "cn", "", "common name of the certificate (default NAME)")
	fs.StringVar(&f.organization, "org", "", "organization in the certificate's subject")
	fs.StringVar(&f.keyType, "key-type", "ecdsa", "ecdsa (P-256), ecdsa-p384, rsa (2048), rsa-3072 or rsa-4096; ed25519 for a CA only: Envoy does not accept it elsewhere")
	fs.IntVar(&f.days, "days", days, "validity in days, never beyond that of the CA")
	fs.StringVar(&f.dir, "dir", ".", "directory to write NAME.crt and NAME.key into")
	fs.StringVar(&f.caFile, "ca-file", "", "PEM `FILE` with the certificate of the CA that signs")
	fs.StringVar(&f.caKeyFile, "ca-key-file", "", "PEM `FILE` with the CA's private key")
}

// certName is what is good for a file's name everywhere.
var certName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$`)

// mostDays keeps the validity inside a time.Duration and every reader's calendar.
const mostDays = 100 * 365

func (f *madeFlags) request(name string, now time.Time) (cert.Request, error) {
	if !certName.MatchString(name) {
		return cert.Request{}, fmt.Errorf("NAME %q: it becomes NAME.crt and NAME.key: use letters, digits, dots, dashes and underscores, at most 63", name)
	}
	if f.days < 1 || f.days > mostDays {
		return cert.Request{}, fmt.Errorf("--days %d: must be 1 to %d", f.days, mostDays)
	}
	key, err := cert.ParseKeyType(f.keyType)
	if err != nil {
		return cert.Request{}, fmt.Errorf("--key-type: %w", err)
	}
	r := cert.Request{CommonName: f.commonName, Organization: f.organization, Key: key, Now: now, Valid: time.Duration(f.days) * 24 * time.Hour}
	if r.CommonName == "" {
		r.CommonName = name
	}
	return r, nil
}

// authority reads the CA that signs; nil when none is named.
func (f *madeFlags) authority(ctx context.Context, d *deps, now time.Time) (*cert.Authority, error) {
	switch {
	case f.caFile == "" && f.caKeyFile == "":
		return nil, nil
	case f.caFile == "" || f.caKeyFile == "":
		return nil, errors.New("a CA that signs needs both --ca-file and --ca-key-file")
	}
	ca, err := readPEM(ctx, d, "--ca-file", f.caFile)
	if err != nil {
		return nil, err
	}
	key, err := readPEM(ctx, d, "--ca-key-file", f.caKeyFile)
	if err != nil {
		return nil, err
	}
	a, err := cert.NewAuthority(ca, key, now)
	return &a, err
}

func newCertCA(d *deps) *cobra.Command {
	var f madeFlags
	c := &cobra.Command{
		Use: "ca NAME", Short: "Make a root CA, or with --ca-file an intermediate: NAME.crt and NAME.key",
		Long: "Make a CA: a root that both ends of a connection are given, or, with --ca-file and --ca-key-file, an\n" +
			"intermediate below an existing CA. Whoever has NAME.key can make certificates that both ends accept:\n" +
			"keep it off the clusters.",
		Example: "  kubectl mesh-tls cert ca shop-root --org Shop --days 3650\n\n  # For peers that know RSA only\n  kubectl mesh-tls cert ca shop-root --key-type rsa-4096",
		Args:    oneArg("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := runCertCA(c.Context(), d, f, args[0]); err != nil {
				return fmt.Errorf("%w\nsee: kubectl mesh-tls cert ca --help", err)
			}
			return nil
		},
	}
	f.add(c.Flags(), 10*365)
	return c
}

func runCertCA(ctx context.Context, d *deps, f madeFlags, name string) error {
	r, err := f.request(name, d.now())
	if err != nil {
		return err
	}
	parent, err := f.authority(ctx, d, r.Now)
	if err != nil {
		return err
	}
	made, err := cert.NewCA(r, parent, rand.Reader)
	if err != nil {
		return err
	}
	return d.writeIssued(f.dir, name, made)
}

// issueFlags holds what was typed.
type issueFlags struct {
	madeFlags
	sans           []string
	server, client bool
}

func newCertIssue(d *deps) *cobra.Command {
	var f issueFlags
	c := &cobra.Command{
		Use: "issue NAME", Short: "Issue a certificate for a server or a client: NAME.crt and NAME.key",
		Long: "Issue a certificate that the CA signs, for the end that is dialled (--server), the end that dials\n" +
			"(--client), or both. NAME.crt holds the certificate and the intermediates to send, NAME.key its key.",
		Example: `  # A server: the names that its clients dial
  kubectl mesh-tls cert issue helloworld --server --san helloworld.example.com --ca-file shop-root.crt --ca-key-file shop-root.key

  # A client: a name by which a gateway lets it in
  kubectl mesh-tls cert issue client --client --san spiffe://shop.internal/client --ca-file shop-root.crt --ca-key-file shop-root.key`,
		Args: oneArg("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := runCertIssue(c.Context(), d, f, args[0]); err != nil {
				return fmt.Errorf("%w\nsee: kubectl mesh-tls cert issue --help", err)
			}
			return nil
		},
	}
	fs := c.Flags()
	fs.BoolVar(&f.server, "server", false, "for the end that is dialled (extended key usage serverAuth)")
	fs.BoolVar(&f.client, "client", false, "for the end that dials (extended key usage clientAuth)")
	fs.StringSliceVar(&f.sans, "san", nil, "`NAME` of the certificate: DNS name, IP address or URI (may be repeated; dns:, ip: or uri: in front says which)")
	f.add(fs, 365)
	return c
}

func runCertIssue(ctx context.Context, d *deps, f issueFlags, name string) error {
	r, err := f.request(name, d.now())
	if err != nil {
		return err
	}
	if r.SANs, err = cert.ParseSANs(f.sans); err != nil {
		return fmt.Errorf("--san: %w", err)
	}
	r.Server, r.Client = f.server, f.client
	ca, err := f.authority(ctx, d, r.Now)
	if err != nil {
		return err
	}
	if ca == nil {
		return errors.New("which CA signs? give --ca-file and --ca-key-file; kubectl mesh-tls cert ca makes one")
	}
	made, err := cert.Issue(r, *ca, rand.Reader)
	if err != nil {
		return err
	}
	return d.writeIssued(f.dir, name, made)
}

// writeIssued writes the pair and says what it is; the key's content stays in its file.
func (d *deps) writeIssued(dir, name string, made cert.Issued) error {
	key, err := made.Key.PEM()
	if err != nil {
		return err
	}
	crt := filepath.Join(dir, name+".crt")
	private := filepath.Join(dir, name+".key")
	// The key first: a certificate without its key would look like a pair.
	if err := writeNew(newFile{private, key, 0o600}, newFile{crt, cert.PEM(made.Chain...), 0o644}); err != nil {
		return err
	}
	for _, n := range made.Notes {
		fmt.Fprintf(d.Err, "Note: %s\n", n)
	}
	c := made.Chain[0]
	_, err = fmt.Fprintf(d.Out, "%s  %s, valid until %s\n%s  its private key, readable by you only\n", crt, c.Subject, c.NotAfter.UTC().Format(time.DateOnly), private)
	return err
}
