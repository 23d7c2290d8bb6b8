package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
)

// bundle is what was read from files here: the CA's certificates, and the pair that
// this end presents. Either may be missing.
type bundle struct {
	path  string // of the CA
	certs []facts.Certificate
	pair  istio.Pair

	certFile, keyFile string   // of the pair
	end               cert.End // everything, for a look at whether two ends fit
}

// maxBundle is far over any CA bundle (the public roots are 200 KB); etcd takes
// objects of 1.5 MB.
const maxBundle = 1 << 20

// readBundle reads a PEM file of CA certificates. It refuses a file with a
// private key, so that no key ends up in an object that everybody may read, and one
// with a block that cannot be read.
func readBundle(ctx context.Context, d *deps, flag, path string) (*bundle, error) {
	text, err := d.small(ctx, flag, path)
	if err != nil {
		return nil, err
	}
	return parseBundle(flag, path, text)
}

// parseBundle is readBundle for a text that is there already; flag and path say where
// it is from.
func parseBundle(flag, path string, text []byte) (*bundle, error) {
	pile, err := cert.Read(cmp.Or(path, "the text"), text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	if pile.HasKey() {
		return nil, fmt.Errorf("%s %s: holds a private key; give a file with the CA's certificate only", flag, path)
	}
	if why := pile.Damaged(); why != "" {
		return nil, fmt.Errorf("%s: %s", flag, why) // without it the server's CA could be the one that is missing
	}
	certs, err := facts.ParsePEM(cert.PEM(pile.Certs()...))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w; give the CA's certificate in PEM form", flag, path, err)
	}
	return &bundle{path: path, certs: certs}, nil
}

func (b *bundle) fingerprints() []string {
	out := make([]string, 0, len(b.certs))
	for _, c := range b.certs {
		out = append(out, c.Fingerprint)
	}
	return out
}

// pem writes the certificates alone: whatever else stood in the file stays here.
func (b *bundle) pem() []byte {
	var out bytes.Buffer
	for _, c := range b.certs {
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.DER}) // a Buffer takes everything
	}
	return out.Bytes()
}

// warnings tells what is odd about the bundle and still allowed.
func (b *bundle) warnings(now time.Time) []string {
	var out []string
	for _, c := range b.certs {
		switch {
		case now.After(c.NotAfter):
			out = append(out, fmt.Sprintf("%s: %s expired on %s", b.path, c.Subject, c.NotAfter.Format(time.DateOnly)))
		case now.Before(c.NotBefore):
			out = append(out, fmt.Sprintf("%s: %s is valid from %s on, and no server is accepted by it before", b.path, c.Subject, c.NotBefore.UTC().Format(time.RFC3339)))
		case !c.IsCA:
			out = append(out, fmt.Sprintf("%s: %s is no CA certificate: only a server with exactly this certificate would be accepted", b.path, c.Subject))
		}
	}
	return out
}

// with adds the pair of an end that was checked; b may be nil.
func (b *bundle) with(end cert.End, certFile, keyFile string) (*bundle, error) {
	out := &bundle{}
	if b != nil {
		*out = *b
	}
	out.end, out.certFile, out.keyFile = end, certFile, keyFile
	var err error
	out.pair, err = pairOf(end)
	return out, err
}
